"""SWaT's coding: the tags that change in normal operation, each scaled to 0..1 by its range there.

Section 3.2.2 of the paper. Everything is learned from the normal file alone, so that nothing of
the attacks is known when training begins.
"""

from __future__ import annotations

from typing import Any, Dict, List, Mapping, NamedTuple, Sequence, Tuple

import numpy as np
import numpy.typing as npt

from edgead.datasets.dataset import LARGEST, Floats
from edgead.datasets.swat_columns import TAGS

VERSION = 1  # to be raised with any change to the arrays that this coding gives
KIND = "min-max"  # of a coder's mapping


class MinMax(NamedTuple):
    """The tags that are features, with the lowest and the highest value of each."""

    tags: Tuple[str, ...]
    low: Tuple[float, ...]
    high: Tuple[float, ...]

    @classmethod
    def learn(cls, normal: Floats) -> MinMax:
        """Learn from the normal series, float32 [rows, 51]; a tag that is constant is left out."""
        low, high = normal.min(axis=0).tolist(), normal.max(axis=0).tolist()
        kept = [i for i in range(len(TAGS)) if low[i] < high[i]]
        tags = tuple(TAGS[i] for i in kept)
        return cls(tags, tuple(low[i] for i in kept), tuple(high[i] for i in kept))

    @classmethod
    def read(cls, mapping: Mapping[str, Any]) -> MinMax:
        """Turn plain data back into a coder. Raises ValueError naming the key."""
        tags = mapping.get("tags")
        if not isinstance(tags, list) or not tags or not _each_once(tags):
            raise ValueError("coder: tags: expected a list of SWaT's tags, each once")
        low, high = (_ends(mapping, key, len(tags)) for key in ("low", "high"))
        if not all(one < other for one, other in zip(low, high)):
            raise ValueError("coder: high: expected a number above low for each tag")
        return cls(tuple(tags), tuple(low), tuple(high))

    def to_mapping(self) -> Dict[str, Any]:
        """Give the coder as plain data."""
        return {"kind": KIND, **{key: list(value) for key, value in self._asdict().items()}}

    @property
    def columns(self) -> npt.NDArray[np.intp]:
        """Places of the features' tags among all 51."""
        return np.array([TAGS.index(tag) for tag in self.tags], np.intp)

    def code(self, values: Floats) -> Floats:
        """Scale values of the features' tags, float32 [rows, features], to the same shape."""
        low, high = np.array(self.low, np.float32), np.array(self.high, np.float32)
        scaled: Floats = (values - low) / (high - low)
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
