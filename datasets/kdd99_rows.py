"""New KDD99 rows: 41 columns, or 42 with the label, to the features of a coding."""

from __future__ import annotations

import re
from operator import itemgetter
from typing import Any, Dict, Mapping, NamedTuple, Optional, Sequence, Tuple, Union

import numpy as np

from edgead.datasets.coding import Coder, read_coder
from edgead.datasets.dataset import LARGEST, Floats
from edgead.datasets.diagnosis import Fault, diagnose
from edgead.datasets.kdd99 import Table
from edgead.datasets.kdd99_columns import CATEGORIES, FEATURES, NAME, NORMAL, NUMBERS

_names = itemgetter(*map(FEATURES.index, CATEGORIES))
_numbers = itemgetter(*map(FEATURES.index, NUMBERS))
_is_name = re.compile(NAME).fullmatch


class Connection(NamedTuple):
    """One row: its three names, its 38 numbers, and its label where it has one."""

    names: Tuple[str, ...]
    numbers: Tuple[float, ...]
    attack: Optional[bool]


class Kdd99Rows:
    """Reads rows of KDD99's format and codes them as the training rows were."""

    def __init__(self, coder: Coder) -> None:
        self._coder = coder
        # The first stands for every name the coder does not know.
        self._names = {column: ("", *coder.names(column)) for column in CATEGORIES}
        self._codes = {
            column: {name: code for code, name in enumerate(names)}
            for column, names in self._names.items()
        }

    @classmethod
    def of(cls, mapping: Mapping[str, Any]) -> Kdd99Rows:
        """Make one from a coder's mapping. Raises ValueError as `read_coder` does."""
        return cls(read_coder(mapping))

    @property
    def features(self) -> Tuple[str, ...]:
        """The features' names, in order."""
        return tuple(self._coder.features)

    def parse(self, text: str) -> Union[Connection, Fault]:
        """Read one row; a label that is no name counts as none."""
        fields = text.split(",")
        if len(fields) not in (len(FEATURES), len(FEATURES) + 1):
            expected = f"{len(FEATURES)} comma-separated columns, or one more with the label"
            return Fault(f"expected {expected}, got {len(fields)}")
        names, written = _names(fields), _numbers(fields)
        numbers = _read(written)
        if numbers is None or not all(map(_is_name, names)):
            line = ",".join([*fields[: len(FEATURES)], NORMAL])
            fault = diagnose(line.encode("latin-1", "replace") + b"\n")
            return fault or Fault("expected a row of KDD99")
        label = fields[-1].rstrip(".") if len(fields) > len(FEATURES) else ""
        return Connection(names, numbers, label != NORMAL if _is_name(label) else None)

    def code(self, rows: Sequence[Connection]) -> Floats:
        """Code some rows: float32 [rows, features]."""
        columns = np.array([row.numbers for row in rows], np.float32).reshape(-1, len(NUMBERS)).T
        table = Table(
            numbers=dict(zip(NUMBERS, columns)),
            codes={name: self._code(name, at, rows) for at, name in enumerate(CATEGORIES)},
            names=self._names,
            attack=np.zeros(len(rows), np.bool_),
            digest="",
        )
        return self._coder.code(table, np.arange(len(rows)))

    def _code(self, column: str, at: int, rows: Sequence[Connection]) -> Any:
        codes: Dict[str, int] = self._codes[column]
        return np.array([codes.get(row.names[at], 0) for row in rows], np.intp)


def _read(written: Sequence[str]) -> Optional[Tuple[float, ...]]:
    """Read numbers of 0 or more that fit in a float32; None where any is something else."""
    try:
        numbers = tuple(map(float, written))
    except ValueError:
        return None
    fit = all(0.0 <= number <= LARGEST for number in numbers)  # not so for nan
    return numbers if fit and "_" not in "".join(written) else None  # float reads 1_000
