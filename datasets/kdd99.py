"""The KDD Cup 1999 format: a connection a line, read into a Table of columns."""

from __future__ import annotations

import hashlib
import io
import re
from pathlib import Path
from typing import Any, Dict, NamedTuple, Tuple

import numpy as np
import numpy.typing as npt

from edgead.datasets.dataset import Bools, Floats
from edgead.datasets.diagnosis import diagnose
from edgead.datasets.errors import DatasetError
from edgead.datasets.files import chunks
from edgead.datasets.kdd99_columns import CATEGORIES, COLUMNS, LABELS, NAME, NORMAL, NUMBERS

MOST_NAMES = 255  # a uint8 code each; the real files have 66 services at most


class Table(NamedTuple):
    """The columns of one file, each [rows].

    `numbers` are float32, 38 columns. `codes` are uint8, the three categories, coded by first
    appearance in this file; `names` gives each code's name. `attack` is False for normal rows.
    `digest` is the sha256 (hex) of the text.
    """

    numbers: Dict[str, Floats]
    codes: Dict[str, npt.NDArray[np.uint8]]
    names: Dict[str, Tuple[str, ...]]
    attack: Bools
    digest: str


def read_table(path: Path) -> Table:
    """Read a KDD99 file, gzip or plain, with LF or CRLF line ends.

    Raises DatasetError naming the file and, where known, line and column.
    """
    text = b"".join(chunks(path))
    try:
        return parse(text)
    except ValueError as error:  # pandas' parser errors are ValueErrors
        fault = diagnose(text)
        if fault is None:
            message = " ".join(str(error).split())[:200]
            raise DatasetError(f"not readable as KDD99: {message}", path) from None
        raise DatasetError(fault.message, path, fault.line, fault.column) from None


def parse(text: bytes) -> Table:
    """Parse the text of a KDD99 file; raises ValueError when any line is not as it should be."""
    import pandas as pd

    body = text.rstrip(b"\r\n")
    if body[: body.find(b"\n")].count(b",") != len(COLUMNS) - 1:
        raise ValueError("the first line has another number of columns")
    frame = pd.read_csv(
        io.BytesIO(body),
        header=None,
        names=list(COLUMNS),
        index_col=False,
        dtype={name: np.float64 if name in NUMBERS else "category" for name in COLUMNS},
        encoding="latin-1",
        engine="c",
        quoting=3,
        keep_default_na=False,
        skip_blank_lines=False,
        low_memory=False,
        on_bad_lines="error",
    )
    codes, names = {}, {}
    for name in CATEGORIES:
        codes[name], names[name] = _by_first_appearance(frame[name].cat)
        if len(names[name]) > MOST_NAMES or not all(map(re.compile(NAME).fullmatch, names[name])):
            raise ValueError(f"column {name} holds something else than names")
    numbers = {name: _numbers(frame[name]) for name in NUMBERS}
    return Table(numbers, codes, names, _attacks(frame["label"].cat), _sha256(text))


def _numbers(column: Any) -> Floats:
    with np.errstate(over="ignore"):
        values: Floats = column.to_numpy().astype(np.float32)
    if not (np.isfinite(values) & (values >= 0)).all():
        raise ValueError(f"column {column.name} holds something else than numbers of 0 or more")
    return values


def _by_first_appearance(column: Any) -> Tuple[npt.NDArray[np.uint8], Tuple[str, ...]]:
    used, first = np.unique(column.codes, return_index=True)
    order = used[np.argsort(first)]
    if order.min() < 0:
        raise ValueError("a name is missing")
    rank = np.zeros(len(column.categories), np.uint8)
    rank[order[: MOST_NAMES + 1]] = np.arange(min(len(order), MOST_NAMES + 1))
    return rank[column.codes], tuple(str(column.categories[code]) for code in order)


def _attacks(column: Any) -> Bools:
    labels = [
        str(label)[:-1] if str(label).endswith(".") else str(label) for label in column.categories
    ]
    if column.codes.min() < 0 or not LABELS.issuperset(labels):
        raise ValueError("a label is missing or unknown")
    attack: Bools = np.array([label != NORMAL for label in labels])[column.codes]
    return attack


def _sha256(text: bytes) -> str:
    return hashlib.sha256(text).hexdigest()
