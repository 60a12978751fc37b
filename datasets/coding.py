"""From a Table's columns to the float32 features of a coding, learned from the training file."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Callable, Dict, List, Mapping, NamedTuple, Union

import numpy as np
import numpy.typing as npt

from edgead.datasets.dataset import LARGEST, Floats
from edgead.datasets.kdd99 import MOST_NAMES, Table
from edgead.datasets.kdd99_columns import CATEGORIES, FEATURES, NUMBERS

VERSION = 1  # to be raised with any change to the arrays that a coding gives
KIND = "by-column"  # of a coder's mapping
_MOST_FEATURES = 4096

PAPER_FEATURES = ("protocol_type", "service", "flag", "land", "logged_in", "is_guest_login")
# Of the connection itself, and without an upper bound; the later ones describe a window of
# at most 511 connections and are left as they are.
_UNBOUNDED = frozenset(NUMBERS[: NUMBERS.index("is_guest_login") + 1])

Rows = npt.NDArray[np.intp]


@dataclass(frozen=True)
class Name:
    """A category as a number: one for each name, and one for any name not among them."""

    column: str
    values: Mapping[str, float]
    unseen: float

    def __call__(self, table: Table, rows: Rows) -> Floats:
        """Code the category: float32 [rows]."""
        values = [self.values.get(name, self.unseen) for name in table.names[self.column]]
        return np.array(values, np.float32)[table.codes[self.column][rows]]

    def to_mapping(self) -> Dict[str, Any]:
        """Give the feature as plain data."""
        return {"column": self.column, "values": dict(self.values), "else": self.unseen}

    @classmethod
    def read(cls, item: Mapping[str, Any]) -> Name:
        """Turn plain data back into the feature. Raises ValueError saying what was expected."""
        values = item.get("values")
        if item.get("column") not in CATEGORIES:
            raise ValueError(f"column: expected one of {', '.join(CATEGORIES)}")
        if not isinstance(values, dict) or len(values) > MOST_NAMES:
            raise ValueError(f"values: expected at most {MOST_NAMES} names with a number each")
        numbers = {str(name): _finite(number, "values") for name, number in values.items()}
        return cls(item["column"], numbers, _finite(item.get("else"), "else"))


@dataclass(frozen=True)
class Number:
    """A number, through log1p if asked, then (number - low) / span."""

    column: str
    log: bool = False
    low: float = 0.0
    span: float = 1.0

    def __call__(self, table: Table, rows: Rows) -> Floats:
        """Code the number: float32 [rows]."""
        numbers = table.numbers[self.column][rows]
        straight: Floats = np.log1p(numbers) if self.log else numbers
        scaled: Floats = (straight - np.float32(self.low)) / np.float32(self.span)
        return scaled

    def to_mapping(self) -> Dict[str, Any]:
        """Give the feature as plain data."""
        return {"column": self.column, "log": self.log, "low": self.low, "span": self.span}

    @classmethod
    def read(cls, item: Mapping[str, Any]) -> Number:
        """Turn plain data back into the feature. Raises ValueError saying what was expected."""
        span = _finite(item.get("span"), "span")
        if item.get("column") not in NUMBERS:
            raise ValueError("column: expected one of KDD99's columns of numbers")
        if not isinstance(item.get("log"), bool):
            raise ValueError("log: expected true or false")
        if np.float32(span) <= 0:
            raise ValueError("span: expected a number above 0")
        return cls(item["column"], item["log"], _finite(item.get("low"), "low"), span)


Feature = Union[Name, Number]


class Coder(NamedTuple):
    """A coding once learned: its features by name, in order."""

    features: Dict[str, Feature]

    def code(self, table: Table, rows: Rows) -> Floats:
        """Code some rows of a table: float32 [rows, features]."""
        x = np.empty((len(rows), len(self.features)), np.float32)
        for index, feature in enumerate(self.features.values()):
            x[:, index] = feature(table, rows)
        return x

    def names(self, column: str) -> List[str]:
        """Give the names of a category that a feature knows by name."""
        features = [each for each in self.features.values() if isinstance(each, Name)]
        known = (name for each in features if each.column == column for name in each.values)
        return list(dict.fromkeys(known))

    def to_mapping(self) -> Dict[str, Any]:
        """Give all it takes to code a row of the file, as plain data for JSON.

        `columns` are those of the file, in order. Of a feature with `values`, a name that is
        not among them counts `else`. One with a `span` is (n - low) / span in float32, where n is
        the column's number, or log(1 + number) where `log` is set.
        """
        features = [{"name": name, **each.to_mapping()} for name, each in self.features.items()]
        return {"kind": KIND, "columns": list(FEATURES), "features": features}


def first_appearance(train: Table, column: str) -> Name:
    """Number the names 0, 1, … as they first appear in the training file; unseen: the next."""
    names = train.names[column]
    return Name(column, {name: code for code, name in enumerate(names)}, len(names))


def alphabetical(train: Table, column: str) -> Name:
    """Number the names 0, 1, … in ASCII order; unseen: the next."""
    names = sorted(train.names[column])
    return Name(column, {name: code for code, name in enumerate(names)}, len(names))


def surprisal(train: Table, normal: Rows, column: str) -> Name:
    """Give each name its surprisal -ln p among the normal training rows, p = (count + 1) / (n + 1).

    A name unseen among them counts 0, so it is the most surprising.
    """
    names, most = train.names[column], float(np.log(len(normal) + 1))
    counts = np.bincount(train.codes[column][normal], minlength=len(names))
    return Name(column, dict(zip(names, (most - np.log1p(counts)).tolist())), most)


def one_hot(weights: Name) -> Dict[str, Feature]:
    """Give each name, and any unseen one, a feature: its weight where it stands, else 0."""
    names, column = weights.values, weights.column
    hot: Dict[str, Feature] = {
        f"{column}={name}": Name(column, {name: weight}, 0.0) for name, weight in names.items()
    }
    return {**hot, f"{column}=unseen": Name(column, dict.fromkeys(names, 0.0), weights.unseen)}


def ranged(train: Table, normal: Rows, column: str, log: bool) -> Number:
    """Map a number's range over the normal training rows to 0..1; a constant keeps its unit."""
    numbers = Number(column, log)(train, normal)
    low, high = float(numbers.min()), float(numbers.max())
    return Number(column, log, low, high - low if high > low else 1.0)


def paper(train: Table, normal: Rows) -> Coder:
    """Code the paper's six features as integers; `normal` is not looked at.

    The paper gives no codes; these come closest to its figures: service alphabetically, protocol
    and flag by first appearance.
    """
    features: Dict[str, Feature] = {}
    for column in PAPER_FEATURES:
        if column == "service":
            features[column] = alphabetical(train, column)
        elif column in CATEGORIES:
            features[column] = first_appearance(train, column)
        else:
            features[column] = Number(column)
    return Coder(features)


def full(train: Table, normal: Rows) -> Coder:
    """Code all 41 features: numbers to 0..1, names one-hot and weighted by their surprisal.

    Unbounded numbers go through log1p first. A rare name costs a model that was trained on mean
    absolute error its whole weight, whatever the model's weights: docs/kdd99-preset.md.
    """
    features: Dict[str, Feature] = {
        column: ranged(train, normal, column, column in _UNBOUNDED) for column in NUMBERS
    }
    for column in CATEGORIES:
        features.update(one_hot(surprisal(train, normal, column)))
    return Coder(features)


CODINGS: Dict[str, Callable[[Table, Rows], Coder]] = {"paper": paper, "full": full}
# The columns of numbers that each needs, of a table whose 100 MB need not all be read.
NUMBERS_OF = {"paper": tuple(name for name in PAPER_FEATURES if name in NUMBERS), "full": NUMBERS}


def read_coder(mapping: Mapping[str, Any]) -> Coder:
    """Turn what `Coder.to_mapping` gave back into a coder of bit-equal arrays.

    Raises ValueError naming the key, in one line, for a mapping that is none.
    """
    items = mapping.get("features")
    if mapping.get("kind") != KIND:
        raise ValueError(f"coder: kind: expected {KIND}, got {mapping.get('kind')!r:.40}")
    if mapping.get("columns") != list(FEATURES):
        raise ValueError("coder: columns: expected the 41 columns of KDD99, in order")
    if not isinstance(items, list) or not 0 < len(items) <= _MOST_FEATURES:
        raise ValueError(f"coder: features: expected a list of 1 to {_MOST_FEATURES}")
    features: Dict[str, Feature] = {}
    for number, item in enumerate(items, 1):
        if not isinstance(item, dict) or not isinstance(item.get("name"), str):
            raise ValueError(f"coder: features: expected a name in number {number}")
        if item["name"] in features:
            raise ValueError(f"coder: features: {item['name']!r:.40} is there twice")
        try:
            features[item["name"]] = (Name if "values" in item else Number).read(item)
        except ValueError as error:
            raise ValueError(f"coder: features: {item['name']!r:.40}: {error}") from None
    return Coder(features)


def _finite(value: Any, key: str) -> float:
    number = isinstance(value, (int, float)) and not isinstance(value, bool)
    if not number or not abs(value) <= LARGEST:  # nan is not below it either
        raise ValueError(f"{key}: expected a number")
    return float(value)
