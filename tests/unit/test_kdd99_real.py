"""The real KDD99 files: the published counts, the odd rows and the two codings."""

import hashlib
import os
from pathlib import Path

import numpy as np
import pytest

from edgead.datasets import Dataset, check, load
from edgead.datasets.cache import cached_table
from edgead.datasets.coding import PAPER_FEATURES
from edgead.datasets.coding import paper as paper_coding
from edgead.datasets.kdd99 import Table
from edgead.datasets.loading import split
from edgead.datasets.sources import find

SHARED = Path(__file__).resolve().parents[2].parent / "shared" / "data"

pytestmark = pytest.mark.skipif(
    os.environ.get("EDGEAD_NO_SHARED") == "1", reason="EDGEAD_NO_SHARED=1: no real data here"
)


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("cache")


@pytest.fixture(scope="module")
def tables(cache: Path) -> tuple[Table, Table]:
    files = find("kdd99", SHARED)
    assert files, f"no KDD99 files in {SHARED}; set EDGEAD_NO_SHARED=1 to do without"
    return cached_table(files.train, cache), cached_table(files.test, cache)


@pytest.fixture(scope="module")
def paper(tables: tuple[Table, Table], cache: Path) -> Dataset:
    return load("kdd99", "paper", SHARED, cache)


def test_rows_and_classes(tables: tuple[Table, Table]) -> None:
    counts = [(len(table.attack), int((~table.attack).sum())) for table in tables]
    assert counts == [(494_021, 97_278), (311_029, 60_593)]
    assert [len(table.names["service"]) for table in tables] == [66, 65]


def test_check_finds_the_originals() -> None:
    report = check("kdd99", SHARED)
    assert report.ok
    assert [file.verdict for file in report.files] == ["original", "original"]
    assert [file.rows for file in report.files] == [494_021, 311_029]
    assert report.files[1].digest.startswith("547dfb9c0f0d")


def test_codes_of_first_appearance(tables: tuple[Table, Table]) -> None:
    train, _ = tables
    assert train.names["protocol_type"] == ("tcp", "udp", "icmp")
    assert train.names["flag"][0] == "SF"
    assert len(train.names["flag"]) == 11


def test_two_odd_rows(tables: tuple[Table, Table], paper: Dataset, cache: Path) -> None:
    train, test = tables
    assert set(test.names["service"]) - set(train.names["service"]) == {"icmp"}
    service = PAPER_FEATURES.index("service")
    odd = np.flatnonzero(paper.test.x[:, service] == len(train.names["service"]))
    assert (odd + 1).tolist() == [136_489, 136_497]
    full = load("kdd99", "full", SHARED, cache)
    assert full.test.x.shape == (311_029, 121)
    unseen = full.test.x[:, full.features.index("service=unseen")]
    assert np.flatnonzero(unseen).tolist() == odd.tolist()


def test_constant_columns(tables: tuple[Table, Table]) -> None:
    train, test = tables
    assert not train.numbers["num_outbound_cmds"].any()
    assert not test.numbers["num_outbound_cmds"].any()
    assert not train.numbers["is_host_login"].any()
    assert test.numbers["is_host_login"].sum() == 12


def test_split_of_the_paper(tables: tuple[Table, Table], paper: Dataset) -> None:
    assert paper.train.shape == (77_695, 6)
    assert paper.validation.x.shape == (98_805, 6)
    assert paper.test.x.shape == (311_029, 6)
    assert paper.train.shape[0] // 2048 == 37
    order = split(tables[0]).validation.astype("<i8").tobytes()
    assert hashlib.sha256(order).hexdigest()[:16] == "806571839c89a0ed"


def best_accuracy(x: np.ndarray, y: np.ndarray) -> float:
    """What a classifier that knew every row's class by its features would reach."""
    _, rows = np.unique(x, axis=0, return_inverse=True)
    attacks, total = np.bincount(rows.ravel(), y), np.bincount(rows.ravel())
    return float(np.maximum(attacks, total - attacks).sum() / len(y))


def test_what_the_six_features_allow(tables: tuple[Table, Table]) -> None:
    train, test = tables
    coder = paper_coding(train, split(train).train)
    for table, best in ((train, 0.9894), (test, 0.9475)):
        x = coder.code(table, np.arange(len(table.attack)))
        assert round(best_accuracy(x, table.attack), 4) == best
    assert round(float(test.attack.mean()), 4) == 0.8052
