"""From a Table's columns to the float32 features of a coding, learned from the training file."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Callable, Dict, Mapping, NamedTuple

import numpy as np
import numpy.typing as npt

from edgead.datasets.dataset import Floats
from edgead.datasets.kdd99 import Table
from edgead.datasets.kdd99_columns import CATEGORIES, NUMBERS

VERSION = 1  # to be raised with any change to the arrays that a coding gives

PAPER_FEATURES = ("protocol_type", "service", "flag", "land", "logged_in", "is_guest_login")
# Of the connection itself, and without an upper bound; the later ones describe a window of
# at most 511 connections and are left as they are.
_UNBOUNDED = frozenset(NUMBERS[: NUMBERS.index("is_guest_login") + 1])

Rows = npt.NDArray[np.intp]
Feature = Callable[[Table, Rows], Floats]  # float32 [rows]


class Coder(NamedTuple):
    """A coding once learned: its features by name, in order."""

    features: Dict[str, Feature]

    def code(self, table: Table, rows: Rows) -> Floats:
        """Code some rows of a table: float32 [rows, features]."""
        x = np.empty((len(rows), len(self.features)), np.float32)
        for index, feature in enumerate(self.features.values()):
            x[:, index] = feature(table, rows)
        return x


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
        f"{column}={one}": Name(column, {name: names[name] * (name == one) for name in names}, 0)
        for one in names
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
