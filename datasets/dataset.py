"""A dataset ready for training: float32 arrays with their feature names and content hash."""

from __future__ import annotations

from typing import Mapping, NamedTuple, Optional, Tuple

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float32]
Bools = npt.NDArray[np.bool_]

LARGEST = float(np.finfo(np.float32).max)  # number that a feature can hold


class Window(NamedTuple):
    """A window of a series: `steps` rows, each `stride` rows after the one before."""

    steps: int
    stride: int

    @property
    def lookback(self) -> int:
        """Rows from a window's first to its last, both counted."""
        return (self.steps - 1) * self.stride + 1

    def count(self, rows: int) -> int:
        """Windows in a series of so many rows."""
        return max(0, rows - self.lookback + 1)

    def cut(self, series: Floats, firsts: npt.NDArray[np.int64]) -> Floats:
        """Cut the windows that begin at some rows [n]: float32 [n, steps, features]."""
        windows: Floats = series[firsts[:, np.newaxis] + np.arange(self.steps) * self.stride]
        return windows


class Split(NamedTuple):
    """Labelled rows: x float32 [rows, features], y bool [rows], True for an attack.

    Of a windowed dataset x is the series, and y has a label for each window: its last row's.
    """

    x: Floats
    y: Bools


class Dataset(NamedTuple):
    """One coded dataset.

    `train` holds normal rows only, float32 [rows, features]; `validation` and `test` hold both
    classes. `digest` is the sha256 (hex) of the content and its coding: equal digests mean equal
    arrays. `synthetic` marks a made-up stand-in. With a `window` the arrays are series, and what
    a model takes are windows cut from them. `coder` says, as plain data, how the columns of the
    dataset's files become the features.
    """

    name: str
    synthetic: bool
    features: Tuple[str, ...]
    train: Floats
    validation: Split
    test: Split
    digest: str
    window: Optional[Window] = None
    coder: Mapping[str, object] = {}

    def x(self, split: str) -> Floats:
        """Give the rows of train, validation or test: float32 [rows, features]."""
        x: Floats = self.train if split == "train" else getattr(self, split).x
        return x

    def count(self, split: str) -> int:
        """Count what a split has for a model: rows, or windows."""
        rows = len(self.x(split))
        return rows if self.window is None else self.window.count(rows)

    def take(self, split: str, numbers: npt.NDArray[np.int64]) -> Floats:
        """Take some of a split's rows, or of its windows, by number [n]."""
        rows = self.x(split)
        return rows[numbers] if self.window is None else self.window.cut(rows, numbers)
