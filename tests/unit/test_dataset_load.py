"""Loading: split, codings, cache and the synthetic stand-in, on small tables."""

import gzip
from pathlib import Path

import numpy as np
import pytest

from edgead.datasets import Dataset, DatasetError, DatasetMissing, cache, coding, load
from edgead.datasets.kdd99 import Table, read_table
from edgead.datasets.kdd99_columns import CATEGORIES, COLUMNS, NUMBERS
from edgead.datasets.loading import split
from edgead.datasets.synthetic import synthetic_table

ROWS = 2_000


def as_text(table: Table) -> bytes:
    """Write a table in the KDD99 format."""
    fields = {name: [f"{value:g}" for value in table.numbers[name]] for name in NUMBERS}
    for name in CATEGORIES:
        fields[name] = [table.names[name][code] for code in table.codes[name]]
    fields["label"] = ["smurf." if attack else "normal." for attack in table.attack]
    lines = zip(*(fields[name] for name in COLUMNS), strict=True)
    return "".join(",".join(line) + "\n" for line in lines).encode()


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("data")
    test = as_text(synthetic_table(ROWS // 2, 2)).replace(b"domain_u", b"icmp", 1)
    (folder / "kddcup.data_10_percent").write_bytes(as_text(synthetic_table(ROWS, 1)))
    (folder / "corrected.gz").write_bytes(gzip.compress(test))
    return folder


def same(a: Dataset, b: Dataset) -> bool:
    arrays = ((d.train, *d.validation, *d.test) for d in (a, b))
    return all(np.array_equal(x, y) for x, y in zip(*arrays, strict=True))


@pytest.mark.parametrize("name", ["paper", "full"])
def test_shapes_and_types(folder: Path, name: str) -> None:
    data = load("kdd99", name, folder, None)
    features = len(data.features)
    assert (data.name, data.synthetic) == ("kdd99", False)
    assert data.validation.x.shape == (ROWS // 5, features)
    assert data.test.x.shape == (ROWS // 2, features)
    assert data.train.shape[1] == features
    for part in (data.train, data.validation.x, data.test.x):
        assert part.dtype == np.float32
        assert part.flags.c_contiguous
        assert np.isfinite(part).all()
    assert data.validation.y.dtype == data.test.y.dtype == np.bool_


def test_features(folder: Path) -> None:
    assert load("kdd99", "paper", folder, None).features == coding.PAPER_FEATURES
    full = load("kdd99", "full", folder, None).features
    assert full[:38] == NUMBERS
    assert {"protocol_type=tcp", "service=ecr_i", "flag=unseen"} < set(full[38:])
    assert len(set(full)) == len(full)


def test_split_is_whole_and_fixed() -> None:
    table = synthetic_table(ROWS, 1)
    parts = split(table)
    attacks = len(table.attack) - len(parts.train) - len(parts.validation)
    assert not set(parts.train) & set(parts.validation)
    assert not table.attack[parts.train].any()
    assert attacks == table.attack.sum() - table.attack[parts.validation].sum()
    assert np.array_equal(parts.validation, split(table).validation)


def test_paper_coding() -> None:
    table = synthetic_table(ROWS, 1)
    x = coding.paper(table, np.arange(0)).code(table, np.arange(50))
    for row in range(50):
        for column, order in (("protocol_type", list), ("flag", list), ("service", sorted)):
            names = table.names[column]
            want = order(names).index(names[table.codes[column][row]])
            assert x[row, coding.PAPER_FEATURES.index(column)] == want
    assert np.array_equal(x[:, 4], table.numbers["logged_in"][:50])


def test_unseen_name_gets_the_next_code(folder: Path) -> None:
    data = load("kdd99", "paper", folder, None)
    services = data.test.x[:, 1]
    known = len(read_table(folder / "kddcup.data_10_percent").names["service"])
    assert (services == known).sum() == 1
    assert services.max() == known


def test_unseen_name_is_the_most_surprising(folder: Path) -> None:
    data = load("kdd99", "full", folder, None)
    unseen = data.test.x[:, data.features.index("service=unseen")]
    assert (unseen > 0).sum() == 1
    assert unseen.max() == data.test.x.max() == pytest.approx(np.log(len(data.train) + 1))


def test_full_coding_is_learned_from_normal_training_rows(folder: Path) -> None:
    data = load("kdd99", "full", folder, None)
    numbers = [data.features.index(name) for name in NUMBERS]
    assert data.train[:, numbers].min() == 0
    assert data.train[:, numbers].max() == 1
    assert data.validation.x[:, numbers].max() > 1  # attacks go beyond


def test_each_category_is_one_surprisal(folder: Path) -> None:
    data = load("kdd99", "full", folder, None)
    for column in CATEGORIES:
        hot = [index for index, name in enumerate(data.features) if name.startswith(f"{column}=")]
        assert ((data.train[:, hot] > 0).sum(axis=1) <= 1).all()
        for index in hot:
            count = int((data.train[:, index] > 0).sum())
            weight = np.log((len(data.train) + 1) / (count + 1))
            assert count == 0 or data.train[:, index].max() == pytest.approx(weight, abs=1e-5)


def test_digest_follows_content_and_coding(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "kdd99").mkdir()
    for name in ("kddcup.data_10_percent", "corrected"):
        source = folder / name if (folder / name).exists() else folder / f"{name}.gz"
        data = source.read_bytes()
        plain = gzip.decompress(data) if data[:2] == b"\x1f\x8b" else data
        (tmp_path / "kdd99" / f"{name}.gz").write_bytes(gzip.compress(plain))
    first, packed = load("kdd99", "paper", folder, None), load("kdd99", "paper", tmp_path, None)
    assert first.digest == packed.digest
    assert same(first, packed)
    assert load("kdd99", "full", folder, None).digest != first.digest
    lines = gzip.decompress((folder / "corrected.gz").read_bytes()).splitlines(keepends=True)
    (tmp_path / "kdd99" / "corrected.gz").write_bytes(b"".join(lines[:-1]))
    assert load("kdd99", "paper", tmp_path, None).digest != first.digest


@pytest.mark.parametrize("coded", ["paper", "full"])
def test_cache_gives_the_same_without_reading(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, coded: str
) -> None:
    first = load("kdd99", coded, folder, tmp_path)
    monkeypatch.setattr(cache, "read_table", None)
    assert same(first, load("kdd99", coded, folder, tmp_path))
    assert len(list(tmp_path.iterdir())) == 2


@pytest.mark.parametrize("damage", ["cut", "flipped", "empty", "other", "fewer"])
def test_damaged_cache_is_made_anew(folder: Path, tmp_path: Path, damage: str) -> None:
    first = load("kdd99", "full", folder, tmp_path)
    for copy in tmp_path.iterdir():
        data = bytearray(copy.read_bytes())
        if damage == "cut":
            copy.write_bytes(data[: len(data) // 2])
        elif damage == "flipped":
            middle = data.find(b"src_bytes.npy") + 400
            data[middle : middle + 64] = bytes(byte ^ 0xFF for byte in data[middle : middle + 64])
            copy.write_bytes(data)
        elif damage == "empty":
            copy.write_bytes(b"")
        elif damage == "other":
            with copy.open("wb") as file:
                np.savez(file, attack=np.array([object()]))
        else:
            with copy.open("wb") as file:
                np.savez(file, attack=np.zeros(3))
    damaged = {copy: copy.read_bytes() for copy in tmp_path.iterdir()}
    assert same(first, load("kdd99", "full", folder, tmp_path))
    for copy in tmp_path.iterdir():  # stored anew, whole
        assert copy.read_bytes() != damaged[copy]
        assert copy.stat().st_size > ROWS // 2 * len(NUMBERS)


def test_changed_file_is_read_again(folder: Path, tmp_path: Path) -> None:
    for name in ("kddcup.data_10_percent", "corrected.gz"):
        (tmp_path / name).write_bytes((folder / name).read_bytes())
    load("kdd99", "paper", tmp_path, tmp_path / "cache")
    shorter = (folder / "kddcup.data_10_percent").read_bytes().splitlines(keepends=True)[:1000]
    (tmp_path / "kddcup.data_10_percent").write_bytes(b"".join(shorter))
    assert len(load("kdd99", "paper", tmp_path, tmp_path / "cache").validation.y) == 200


def test_cache_that_cannot_be_written_is_done_without(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "cache").write_text("a file, not a folder")
    assert same(
        load("kdd99", "paper", folder, tmp_path / "cache"), load("kdd99", "paper", folder, None)
    )


def test_bad_file_is_named_through_the_cache(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "kddcup.data_10_percent").write_bytes(b"1,2,3\n")
    (tmp_path / "corrected").write_bytes(b"")
    with pytest.raises(DatasetError) as caught:
        load("kdd99", "paper", tmp_path, tmp_path / "cache")
    assert caught.value.path == tmp_path / "kddcup.data_10_percent"
    assert caught.value.line == 1


def test_no_normal_rows(folder: Path, tmp_path: Path) -> None:
    attacks = [
        line
        for line in (folder / "kddcup.data_10_percent").read_bytes().splitlines(keepends=True)
        if b"smurf" in line
    ]
    for name in ("kddcup.data_10_percent", "corrected"):
        (tmp_path / name).write_bytes(b"".join(attacks))
    with pytest.raises(DatasetError, match="no normal rows to train on"):
        load("kdd99", "full", tmp_path, None)


@pytest.mark.parametrize(("name", "code"), [("nsl", "paper"), ("kdd99", "best")])
def test_unknown_names(name: str, code: str, folder: Path) -> None:
    with pytest.raises(DatasetError, match="expected one of"):
        load(name, code, folder, None)


@pytest.mark.parametrize("where", [None, Path("nowhere")])
def test_missing_files(where: Path | None) -> None:
    with pytest.raises(DatasetMissing, match="kdd99: no "):
        load("kdd99", "paper", where, None)


def test_synthetic_is_labelled_seeded_and_alike() -> None:
    data, again = (load("kdd99", "full", None, None, synthetic=True, made_up=ROWS) for _ in "ab")
    assert data.synthetic
    assert data.name == "kdd99"
    assert len(data.features) == 121  # as many as from the real files
    assert data.digest == again.digest
    assert same(data, again)
    assert data.validation.y.mean() == pytest.approx(0.803, abs=0.06)


def test_synthetic_never_shares_a_digest_with_the_real(folder: Path) -> None:
    made_up = load("kdd99", "full", folder, None, synthetic=True, made_up=ROWS)
    assert made_up.digest != load("kdd99", "full", folder, None).digest
