"""Data files, whatever is in them: read, or refused with DatasetError in one line."""

from __future__ import annotations

import gzip
import io
import tempfile
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from hostile import ODD_FILES, is_safe, some_of
from hypothesis import example, given, settings
from hypothesis import strategies as st

from edgead.datasets import DatasetError, coding, find
from edgead.datasets import files as data_files
from edgead.datasets.kdd99 import read_table
from edgead.datasets.lines import Lines
from edgead.datasets.plant import plant_series
from edgead.datasets.rows import row_format
from edgead.datasets.swat import as_csv, read_series
from edgead.datasets.swat_coding import KIND
from edgead.datasets.swat_columns import LABEL, TAGS

CODER_KEYS = ("coding", "names", "tags", "low", "high", "features", "columns", "version")
KDD = b"0,tcp,http,SF,181,5450" + b",0" * 35 + b",normal.\n"
SWAT = "".join(as_csv(plant_series(5, 1, attacked=False))).encode()


def workbook(rows: list[list[Any]]) -> bytes:
    book, content = openpyxl.Workbook(), io.BytesIO()
    for row in rows:
        book.active.append(row)
    book.save(content)
    return content.getvalue()


XLSX = workbook([[" Timestamp", *TAGS, LABEL], ["now", *[1.0] * 51, "Normal"]])


def read(reader: Callable[[Path], Any], name: str, content: bytes) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / name
        path.write_bytes(content)
        try:
            reader(path)
        except DatasetError as error:
            assert is_safe(str(error)) and len(str(error)) < 1000


@st.composite
def spoilt(draw: st.DrawFn, good: bytes) -> bytes:
    """Cut, swap, repeat and overwrite parts of a good file."""
    content = bytearray(good)
    for _ in range(draw(st.integers(1, 4))):
        at = draw(st.integers(0, len(content)))
        size = draw(st.sampled_from([0, 1, 2, 9, 200]))
        some = draw(
            st.binary(max_size=6)
            | st.sampled_from(
                [b"\n", b",", b'"', b";", b"\0", b"nan", b"1e999", b"-1", b"_", b"\xff"]
            )
        )
        content[at : at + size] = some * draw(st.sampled_from([0, 1, 3, 300]))
    return bytes(content)


@given(spoilt(KDD * 3) | st.binary(max_size=100))
@example(b"")
@example(KDD + b"x" * 300_000)
@example(gzip.compress(KDD)[:-9])
def test_any_kdd99_file(content: bytes) -> None:
    read(read_table, "kddcup.data", content)


@given(spoilt(SWAT) | st.binary(max_size=100))
@example(b"")
@example(SWAT.split(b"\n")[0] + b"\n")
@example(gzip.compress(SWAT)[:-9])
def test_any_swat_file(content: bytes) -> None:
    read(read_series, "swat.csv", content)


@settings(max_examples=30)
@given(spoilt(XLSX))
@example(b"")
def test_any_workbook(content: bytes) -> None:
    read(read_series, "swat.xlsx", content)


@settings(max_examples=30)
@given(st.sampled_from(["xl/worksheets/sheet1.xml", "xl/workbook.xml", "xl/sharedStrings.xml",
                        "[Content_Types].xml", "xl/_rels/workbook.xml.rels", "xl/styles.xml"]),
       st.data())  # fmt: skip
def test_any_part_of_a_workbook(member: str, data: st.DataObject) -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(XLSX)) as good, zipfile.ZipFile(packed, "w") as bad:
        for each in good.namelist():
            content = good.read(each)
            bad.writestr(each, data.draw(spoilt(content)) if each == member else content)
    read(read_series, "swat.xlsx", packed.getvalue())


def bomb(member: str) -> bytes:
    """Make a workbook of some kilobytes with gigabytes in it."""
    packed = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(XLSX)) as good, \
            zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as bad:  # fmt: skip
        for each in good.namelist():
            if each != member:
                bad.writestr(each, good.read(each))
        bad.writestr(member, b" " * (64 << 20))
    return packed.getvalue()


@pytest.mark.parametrize("member", ["xl/sharedStrings.xml", "xl/styles.xml", "xl/workbook.xml"])
def test_a_workbook_that_unpacks_to_too_much_is_refused(tmp_path: Path, member: str) -> None:
    path = tmp_path / "swat.xlsx"
    path.write_bytes(bomb(member))
    with pytest.raises(DatasetError, match="MB"):
        read_series(path)


@pytest.mark.parametrize("reader", [read_table, read_series])
def test_text_that_unpacks_to_too_much_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, reader: Callable[[Path], Any]
) -> None:
    monkeypatch.setattr(data_files, "MOST_BYTES", 1 << 20)
    path = tmp_path / "data.csv"
    path.write_bytes(gzip.compress(b"0" * (2 << 20)))
    with pytest.raises(DatasetError, match="more than"):
        reader(path)


@pytest.mark.parametrize("kind", ODD_FILES)
@pytest.mark.parametrize("name", ["corrected", "swat.csv", "swat.xlsx"])
def test_whatever_lies_there_is_refused_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str, name: str
) -> None:
    monkeypatch.setattr(data_files, "MOST_BYTES", 1 << 20)  # "huge" would be read for seconds
    path = tmp_path / name
    ODD_FILES[kind](path)
    with pytest.raises(DatasetError) as refused:
        (read_table if name == "corrected" else read_series)(path)
    assert is_safe(str(refused.value))


def test_no_pipe_is_taken_for_a_data_set(tmp_path: Path) -> None:
    for name in ("kddcup.data_10_percent", "corrected"):
        ODD_FILES["fifo"](tmp_path / name)
    assert find("kdd99", tmp_path) is None


# -- new rows, and how they are coded


@given(st.lists(st.binary(max_size=200) | st.sampled_from([KDD, KDD[:40], b"\x1f\x8b", b"\n"]),
                max_size=6))  # fmt: skip
def test_any_stream_is_cut_into_lines(pieces: list[bytes]) -> None:
    lines = Lines()
    try:
        found = [line for piece in pieces for some in lines.feed(piece) for line in some]
        found += lines.end()
    except DatasetError as error:
        assert is_safe(str(error))
    else:
        assert all(len(line.text) <= 1 << 16 and line.number > 0 for line in found)


@given(st.sampled_from([coding.KIND, KIND]), some_of(CODER_KEYS))
def test_any_coder_is_read_or_refused(kind: str, mapping: dict[str, Any]) -> None:
    try:
        row_format({**mapping, "kind": kind})
    except ValueError as error:
        assert len(str(error)) < 1000
