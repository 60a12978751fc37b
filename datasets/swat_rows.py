"""New SWaT rows: 51 tags, with or without time and label, to features of 0 to 1."""

from __future__ import annotations

from typing import Any, List, Mapping, NamedTuple, Optional, Sequence, Tuple, Union

import numpy as np

from edgead.datasets.dataset import LARGEST, Floats
from edgead.datasets.diagnosis import Fault
from edgead.datasets.errors import DatasetError
from edgead.datasets.swat_coding import MinMax
from edgead.datasets.swat_columns import LABEL, STAMP, TAGS, is_attack


class Moment(NamedTuple):
    """One row: the values of the tags that are looked at, and its label where it has one."""

    values: Tuple[float, ...]
    attack: Optional[bool]


class SwatRows:
    """Reads rows of SWaT's CSV format, whose columns a header may name, and scales them."""

    def __init__(self, scale: MinMax) -> None:
        self._scale = scale
        self.features = scale.tags
        self._header: Optional[Tuple[str, ...]] = None
        self._begun = False

    @classmethod
    def of(cls, mapping: Mapping[str, Any]) -> SwatRows:
        """Make one from a coder's mapping. Raises ValueError naming the key."""
        return cls(MinMax.read(mapping))

    def parse(self, text: str) -> Union[Moment, Fault, None]:
        """Read one row; None for a header or, at the start, a line of stage names.

        Raises DatasetError for a header without a column that is needed.
        """
        semicolons = ";" in text
        fields = [field.strip(' "') for field in text.split(";" if semicolons else ",")]
        if semicolons:
            fields = [field.replace(",", ".") for field in fields]
        if not self._begun and not any(_number(field) is not None for field in fields):
            self._read_header(fields)
            return None
        self._begun = True
        names = self._header or _unnamed(fields)
        if len(fields) != len(names):
            expected = (
                str(len(names)) if self._header else "51 tags, with time and label or without"
            )
            return Fault(f"expected {expected}, got {len(fields)} columns")
        row = dict(zip(names, fields))
        values: List[float] = []
        for tag in self.features:
            value = _number(row[tag])
            if value is None:
                return Fault(f"expected a number, got {row[tag][:40]!a}", column=tag)
            values.append(value)
        return Moment(tuple(values), is_attack(row.get(LABEL, "")))

    def _read_header(self, fields: Sequence[str]) -> None:
        if not set(fields) & set(TAGS):
            return
        absent = [tag for tag in self.features if tag not in fields]
        if absent:
            raise DatasetError(f"expected a column {absent[0]}, the header has none")
        self._header, self._begun = tuple(fields), True

    def code(self, rows: Sequence[Moment]) -> Floats:
        """Scale some rows: float32 [rows, features]."""
        values = np.array([row.values for row in rows], np.float32).reshape(-1, len(self.features))
        return self._scale.code(values)


def _number(field: str) -> Optional[float]:
    try:
        value = float(field)
    except ValueError:
        return None
    return value if abs(value) <= LARGEST and "_" not in field else None


def _unnamed(fields: Sequence[str]) -> Tuple[str, ...]:
    """Name the columns of a row without a header, by their number and the first one's kind."""
    if len(fields) == len(TAGS):
        return TAGS
    if len(fields) == len(TAGS) + 1 and _number(fields[0]) is not None:
        return (*TAGS, LABEL)
    return (STAMP, *TAGS, LABEL)[: max(len(fields), len(TAGS) + 1)]
