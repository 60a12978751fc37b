"""The SWaT files, CSV or xlsx, as people have them: read into a Series, whatever their quirks.

Some begin with a row of stage names, some column names and times begin with blanks, some labels
have a blank inside, and some exports use semicolons and decimal commas. The files are iTrust's
(Singapore University of Technology and Design), which gives them out on request.
"""

from __future__ import annotations

import io
import zipfile
import zlib
from contextlib import closing
from itertools import chain, islice
from pathlib import Path
from typing import Any, Dict, Iterator, List, NamedTuple, Optional, Sequence, Tuple

import numpy as np

from edgead.datasets.dataset import LARGEST, Bools, Floats
from edgead.datasets.errors import DatasetError
from edgead.datasets.files import chunks, open_regular, sha256
from edgead.datasets.swat_columns import LABEL, TAGS, is_attack

_HEADER_WITHIN = 5  # lines from the start
_MOST_UNPACKED, _MOST_OTHERS = 4 << 30, 32 << 20  # bytes: all, and all but the sheets
_PIECE = 10_000  # rows of a workbook turned into numbers at once
# What openpyxl and zlib raise on a file that is cut, damaged or no workbook.
_DAMAGED = (
    *(OSError, EOFError, LookupError, ValueError, SyntaxError, zlib.error, zipfile.BadZipFile),
    *(TypeError, AttributeError, ArithmeticError, RuntimeError),
)


class Series(NamedTuple):
    """The plant second by second: values float32 [rows, 51], attack bool [rows].

    `digest` is the sha256 (hex) of the file.
    """

    values: Floats
    attack: Bools
    digest: str


class _Header(NamedTuple):
    """Where the tags and the label are: the line of the names (from 1), and their columns."""

    line: int
    tags: Tuple[int, ...]
    label: int

    @classmethod
    def find(cls, lines: Sequence[Sequence[Any]], path: Path) -> _Header:
        """Find the names among the first lines. Raises DatasetError where there are none."""
        for number, line in enumerate(lines, 1):
            names = [str(cell).strip(" \"'\ufeff") for cell in line]
            if not set(TAGS) & set(names):
                continue
            absent = [name for name in (*TAGS, LABEL) if name not in names]
            if absent:
                raise DatasetError(f"expected a column {absent[0]}, there is none", path, number)
            return cls(number, tuple(map(names.index, TAGS)), names.index(LABEL))
        raise DatasetError(f"expected SWaT's column names ({TAGS[0]}, …) in the first lines", path)


def read_series(path: Path) -> Series:
    """Read a SWaT file: .xlsx, or CSV, gzip or plain.

    Raises DatasetError naming the file and, where known, line and column.
    """
    workbook = path.suffix.lower() == ".xlsx"
    values, labels = _read_workbook(path) if workbook else _read_csv(path)
    if not len(values):
        raise DatasetError("the file has no rows", path)
    return Series(values, labels, sha256(path))


# -- CSV


def _read_csv(path: Path) -> Tuple[Floats, Bools]:
    import pandas as pd

    text = b"".join(chunks(path))
    first = text[: 1 << 16].decode("utf-8", "replace").split("\n")[:_HEADER_WITHIN]
    separator = ";" if ";" in first[0] else ","
    header = _Header.find([line.strip().split(separator) for line in first], path)
    kinds: Any = {**dict.fromkeys(header.tags, np.float64), header.label: "category"}
    try:
        frame = pd.read_csv(
            io.BytesIO(text),
            sep=separator,
            decimal="," if separator == ";" else ".",
            header=None,
            skiprows=header.line,
            usecols=list(kinds),
            dtype=kinds,
            skipinitialspace=True,
            keep_default_na=False,
            low_memory=False,
        )
        values = frame[list(header.tags)].to_numpy(np.float64)
        labels = frame[header.label].cat
        verdicts = [is_attack(label) for label in labels.categories]
        if not (np.abs(values) <= LARGEST).all() or None in verdicts or labels.codes.min() < 0:
            raise ValueError
    except ValueError:  # pandas' parser errors are ValueErrors
        lines = (
            (number, [cell.strip(' "') for cell in line.split(separator)])
            for number, line in enumerate(text.decode("utf-8", "replace").splitlines(), 1)
            if number > header.line and line.strip()
        )
        raise _fault(lines, header, path, commas=separator == ";") from None
    return values.astype(np.float32), np.array(verdicts, np.bool_)[labels.codes]


# -- workbooks


def _read_workbook(path: Path) -> Tuple[Floats, Bools]:
    rows = _workbook_rows(path)
    first = list(islice(rows, _HEADER_WITHIN))
    header = _Header.find([row for _, row in first], path)
    filled = (
        (number, row)
        for number, row in chain(first, rows)
        if number > header.line and any(cell is not None for cell in row)
    )
    values, labels = [], []
    while piece := list(islice(filled, _PIECE)):
        try:
            numbers = np.array([[row[i] for i in header.tags] for _, row in piece], np.float64)
            verdicts = [is_attack(row[header.label]) for _, row in piece]
            if not (np.abs(numbers) <= LARGEST).all() or None in verdicts:
                raise ValueError
        except (ValueError, TypeError, IndexError):
            raise _fault(iter(piece), header, path, commas=False) from None
        values.append(numbers.astype(np.float32))
        labels.append(np.array(verdicts, np.bool_))
    if not values:
        return np.empty((0, len(TAGS)), np.float32), np.empty(0, np.bool_)
    return np.concatenate(values), np.concatenate(labels)


def _workbook_rows(path: Path) -> Iterator[Tuple[int, Sequence[Any]]]:
    """Yield the rows of the first sheet, numbered from 1, without holding them all."""
    import openpyxl

    try:
        _check_sizes(path)
        with closing(openpyxl.load_workbook(path, read_only=True, data_only=True)) as book:
            yield from enumerate(book.worksheets[0].iter_rows(values_only=True), 1)
    except _DAMAGED as error:
        message = " ".join(str(error).split())[:200]
        raise DatasetError(f"not readable as a workbook: {message}", path) from None


def _check_sizes(path: Path) -> None:
    """Raise DatasetError for a workbook that unpacks to more than ours do: sheets are read row by
    row, but the other parts whole."""
    with open_regular(path) as file, zipfile.ZipFile(file) as packed:
        sizes = {each.filename: each.file_size for each in packed.infolist()}
    others = sum(size for name, size in sizes.items() if not name.startswith("xl/worksheets/"))
    for size, most in ((others, _MOST_OTHERS), (sum(sizes.values()), _MOST_UNPACKED)):
        if size > most:
            raise DatasetError(f"unpacks to {size >> 20} MB where {most >> 20} MB would do", path)


# -- what is wrong


def _fault(
    lines: Iterator[Tuple[int, Sequence[Any]]], header: _Header, path: Path, *, commas: bool
) -> DatasetError:
    """Say where the first line is that is not SWaT's."""
    places: Dict[int, str] = {**dict(zip(header.tags, TAGS)), header.label: LABEL}
    number = 0
    for number, cells in lines:
        for place, name in sorted(places.items()):
            cell = cells[place] if place < len(cells) else None
            expected = _expected(name, cell, commas)
            if expected:
                said = "nothing" if cell is None else ascii(str(cell)[:40])
                return DatasetError(f"expected {expected}, got {said}", path, number, name)
    return DatasetError("not readable as SWaT" if number else "the file has no rows", path)


def _expected(name: str, cell: Any, commas: bool) -> Optional[str]:
    """Say what a column wants where the cell is not it."""
    if name == LABEL:
        return None if is_attack(cell) is not None else "Normal or Attack"
    try:
        number = float(str(cell).replace(",", ".") if commas else cell)
    except (TypeError, ValueError):
        return "a number"
    return None if abs(number) <= LARGEST else "a number"


def as_csv(series: Series) -> Iterator[str]:
    """Write a series as lines of the CSV format, its times from the original's first."""
    start = np.datetime64("2015-12-22T16:30:00")
    yield ",".join([" Timestamp", *TAGS, LABEL]) + "\n"
    for second, (row, attack) in enumerate(zip(series.values.tolist(), series.attack.tolist())):
        moment = (start + np.timedelta64(second, "s")).item()
        numbers: List[str] = [f"{value:.8g}" for value in row]
        stamp = moment.strftime(" %d/%m/%Y %I:%M:%S %p")
        yield ",".join([stamp, *numbers, "Attack" if attack else "Normal"]) + "\n"
