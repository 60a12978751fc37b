"""Why a text cannot be read as KDD99: its first bad line, in words."""

from __future__ import annotations

import re
from typing import List, NamedTuple, Optional

from edgead.datasets.kdd99_columns import CATEGORIES, COLUMNS, FEATURES, LABELS, NAME

_NUMBER = r"\d+(?:\.\d*)?(?:[eE][+-]?\d{1,2})?"
_LARGEST = 3.4e38  # float32
_GOOD_LINE = re.compile(
    ",".join(NAME if column in CATEGORIES else r"\d{1,15}(?:\.\d{1,15})?" for column in FEATURES)
    + rf",(?:{'|'.join(sorted(LABELS))})\.?"
)


class Fault(NamedTuple):
    """What is wrong: line counted from 1, column by name, where known."""

    message: str
    line: Optional[int] = None
    column: Optional[str] = None


def diagnose(text: bytes) -> Optional[Fault]:
    """Find the first line that is not KDD99; None when every line is."""
    if not text.strip():
        return Fault("the file is empty; expected a KDD99 file")
    lines = text.decode("latin-1").rstrip("\r\n").split("\n")
    for number, line in enumerate(lines, 1):
        fault = None if _GOOD_LINE.fullmatch(line.rstrip("\r")) else _examine(line.rstrip("\r"))
        if fault:
            cut = number == len(lines) and not text.endswith(b"\n")
            hint = "; the file ends inside this line: get it again" if cut else ""
            return Fault(fault.message + hint, number, fault.column)
    return None


def _examine(line: str) -> Optional[Fault]:
    fields = line.split(",")
    if len(fields) != len(COLUMNS):
        return Fault(
            f"expected {len(COLUMNS)} comma-separated columns, got {_columns(line, fields)}"
        )
    for column, field in zip(COLUMNS, fields):
        expected = _expected(column, field)
        if expected:
            return Fault(f"expected {expected}, got {_shown(field)}", column=column)
    return None


def _expected(column: str, field: str) -> str:
    """Say what the column wants when the field is not it, else nothing."""
    if column in CATEGORIES:
        return "" if re.fullmatch(NAME, field) else "a name such as tcp, http or SF"
    if column == "label":
        known = (field[:-1] if field.endswith(".") else field) in LABELS
        return "" if known else "normal or the name of a KDD99 attack"
    fits = re.fullmatch(_NUMBER, field) and float(field) < _LARGEST
    return "" if fits else "a number of 0 or more"


def _columns(line: str, fields: List[str]) -> str:
    if not line.strip():
        return "an empty line"
    return f"{len(fields)} ({_shown(line)})" if len(fields) == 1 else str(len(fields))


def _shown(field: str) -> str:
    return ascii(field if len(field) <= 40 else field[:37] + "...")
