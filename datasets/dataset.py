"""A dataset ready for training: float32 arrays with their feature names and content hash."""

from __future__ import annotations

from typing import NamedTuple, Tuple

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float32]
Bools = npt.NDArray[np.bool_]


class Split(NamedTuple):
    """Labelled rows: x float32 [rows, features], y bool [rows], True for an attack."""

    x: Floats
    y: Bools


class Dataset(NamedTuple):
    """One coded dataset.

    `train` holds normal rows only, float32 [rows, features]; `validation` and `test` hold both
    classes. `digest` is the sha256 (hex) of the content and its coding: equal digests mean equal
    arrays. `synthetic` marks a made-up stand-in.
    """

    name: str
    synthetic: bool
    features: Tuple[str, ...]
    train: Floats
    validation: Split
    test: Split
    digest: str
