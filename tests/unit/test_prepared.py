"""Shards: named by content, written once, windows counted as they are cut."""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from edgead.datasets import Dataset, Split, Window, write_shards


def dataset(digest: str = "d" * 64) -> Dataset:
    rng = np.random.default_rng(1)
    train, x = (rng.random((n, 3), np.float32) for n in (50, 20))
    return Dataset(
        "made-up", True, ("a", "b", "c"), train, Split(x, x[:, 0] > 0.5), Split(x, x[:, 0] > 0.5),
        digest,
    )  # fmt: skip


def test_a_shard_is_its_array_and_its_name_is_its_digest(tmp_path: Path) -> None:
    data = dataset()
    prepared = write_shards(data, tmp_path)
    content = (tmp_path / prepared.train.file).read_bytes()
    assert prepared.train.file == hashlib.sha256(content).hexdigest() + ".f32"
    back = np.frombuffer(content, "<f4").reshape(prepared.train.rows, prepared.train.features)
    assert (back == data.train).all()
    assert prepared.validation == prepared.test
    assert len(prepared.files) == 2


def test_what_is_there_is_not_written_again_unless_it_is_damaged(tmp_path: Path) -> None:
    first = write_shards(dataset(), tmp_path)
    path = tmp_path / first.train.file
    before = path.stat().st_mtime_ns
    assert write_shards(dataset(), tmp_path) == first
    assert path.stat().st_mtime_ns == before
    whole = path.read_bytes()
    path.write_bytes(whole[:-4])
    assert write_shards(dataset(), tmp_path) == first
    assert path.read_bytes() == whole
    assert not list(tmp_path.glob(".*"))


def test_a_manifest_that_points_elsewhere_is_not_followed(tmp_path: Path) -> None:
    first = write_shards(dataset(), tmp_path / "shards")
    (manifest,) = (tmp_path / "shards").glob("*.json")
    (tmp_path / "other").write_bytes(b"\0" * 600)
    for text in ('{"train": "../other"}', "[]", "nonsense", "\0", '{"train": 7}'):
        manifest.write_text(text)
        assert write_shards(dataset(), tmp_path / "shards") == first


@given(st.integers(1, 30), st.integers(1, 30), st.integers(0, 300))
def test_windows_are_counted_as_they_are_cut(steps: int, stride: int, rows: int) -> None:
    window, series = Window(steps, stride), list(range(rows))
    cut = [series[i:][::stride][:steps] for i in range(rows)]
    assert window.count(rows) == sum(len(each) == steps for each in cut)
    assert Window(26, 20).lookback == 501  # section 3.4 of the paper
