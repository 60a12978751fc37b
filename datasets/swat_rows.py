"""New SWaT rows: 51 tags, with or without time and label, to features of 0 to 1."""

from __future__ import annotations

from typing import Any, List, Mapping, NamedTuple, Optional, Sequence, Tuple, Union

import numpy as np

from edgead.datasets.dataset import LARGEST, Floats
from edgead.datasets.diagnosis import Fault
from edgead.datasets.errors import DatasetError

KIND = "min-max"
TAGS = (
    "FIT101", "LIT101", "MV101", "P101", "P102", "AIT201", "AIT202", "AIT203", "FIT201",
    "MV201", "P201", "P202", "P203", "P204", "P205", "P206", "DPIT301", "FIT301", "LIT301",
    "MV301", "MV302", "MV303", "MV304", "P301", "P302", "AIT401", "AIT402", "FIT401", "LIT401",
    "P401", "P402", "P403", "P404", "UV401", "AIT501", "AIT502", "AIT503", "AIT504", "FIT501",
    "FIT502", "FIT503", "FIT504", "P501", "P502", "PIT501", "PIT502", "PIT503", "FIT601",
    "P601", "P602", "P603",
)  # fmt: skip
LABEL = "Normal/Attack"
_LABELS = {"normal": False, "attack": True}


class Moment(NamedTuple):
    """One row: the values of the tags that are looked at, and its label where it has one."""

    values: Tuple[float, ...]
    attack: Optional[bool]


class SwatRows:
    """Reads rows of SWaT's CSV format, whose columns a header may name, and scales them."""

    def __init__(self, tags: Sequence[str], low: Sequence[float], high: Sequence[float]) -> None:
        self.features = tuple(tags)
        self._low, self._high = np.array(low, np.float32), np.array(high, np.float32)
        self._header: Optional[Tuple[str, ...]] = None
        self._begun = False

    @classmethod
    def of(cls, mapping: Mapping[str, Any]) -> SwatRows:
        """Make one from a coder's mapping. Raises ValueError naming the key."""
        tags = mapping.get("tags")
        if not isinstance(tags, list) or not tags or not _each_once(tags):
            raise ValueError("coder: tags: expected a list of SWaT's tags, each once")
        low, high = (_ends(mapping, key, len(tags)) for key in ("low", "high"))
        if not all(one < other for one, other in zip(low, high)):
            raise ValueError("coder: high: expected a number above low for each tag")
        return cls(tags, low, high)

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
        return Moment(tuple(values), _LABELS.get(row.get(LABEL, "").replace(" ", "").lower()))

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
        scaled: Floats = (values - self._low) / (self._high - self._low)
        return scaled


def _each_once(tags: Sequence[Any]) -> bool:
    return len({tag for tag in TAGS if tag in tags}) == len(tags)


def _ends(mapping: Mapping[str, Any], key: str, count: int) -> List[float]:
    ends = mapping.get(key)
    if not isinstance(ends, list) or len(ends) != count or not all(map(_fits, ends)):
        raise ValueError(f"coder: {key}: expected a number for each of {count} tags")
    return [float(end) for end in ends]


def _fits(value: Any) -> bool:
    number = isinstance(value, (int, float)) and not isinstance(value, bool)
    return number and abs(value) <= LARGEST


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
    return ("Timestamp", *TAGS, LABEL)[: max(len(fields), len(TAGS) + 1)]
