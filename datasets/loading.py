"""From a dataset's name to its coded arrays: find, read, split, code."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import NamedTuple, Optional, Tuple

import numpy as np

from edgead.datasets import coding as codings
from edgead.datasets.cache import cached_table
from edgead.datasets.dataset import Dataset, Split
from edgead.datasets.errors import DatasetError, DatasetMissing
from edgead.datasets.kdd99 import Table
from edgead.datasets.sources import find, missing
from edgead.datasets.synthetic import TEST_ROWS, TRAIN_ROWS, synthetic_table

SPLIT_SEED = 42  # one split for all trials: their seeds are for weights and shuffling
_SYNTHETIC_SEEDS = (1, 2)


class Parts(NamedTuple):
    """Row numbers of the training file: normal rows to train on, and rows of both classes."""

    train: codings.Rows
    validation: codings.Rows


def load(
    name: str,
    coding: str,
    folder: Optional[Path],
    cache: Optional[Path],
    *,
    synthetic: bool = False,
    rows: int = TRAIN_ROWS,
) -> Dataset:
    """Load and code a dataset.

    `coding` is "paper" (six integer-coded features) or "full" (all 41). `folder` holds the files,
    or a folder `kdd99` with them; `cache` keeps what was read, if given. 80 % of the training
    file's rows are for training (the normal ones are kept), 20 % for validation; the test file is
    taken whole. `synthetic` makes a stand-in of the same shape up instead, with `rows` training
    rows and test rows in proportion.

    Raises DatasetMissing when the files cannot be found, and DatasetError when they cannot be used.
    """
    if coding not in codings.CODINGS:
        known = ", ".join(codings.CODINGS)
        raise DatasetError(f"no coding {coding!r:.40}; expected one of {known}")
    files = find(name, folder)
    if synthetic:
        train, test = _synthetic_tables(rows)
    elif files is None:
        raise DatasetMissing(missing(name, folder))
    else:
        train, test = (cached_table(path, cache) for path in files)
    parts = split(train)
    if not len(parts.train):
        raise DatasetError(f"{name}: no normal rows to train on; use a larger training file")
    return _coded(name, coding, synthetic, train, test, parts)


def split(train: Table) -> Parts:
    """Split a training table 80/20 by row, at random but always the same way."""
    # RandomState's permutation is frozen by NumPy's compatibility policy; Generator's is not.
    order = np.random.RandomState(SPLIT_SEED).permutation(len(train.attack))
    cut = len(order) * 8 // 10
    return Parts(order[:cut][~train.attack[order[:cut]]], order[cut:])


def _coded(
    name: str, coding: str, synthetic: bool, train: Table, test: Table, parts: Parts
) -> Dataset:
    coder = codings.CODINGS[coding](train, parts.train)
    content = f"{train.digest} {test.digest} {coding} {codings.VERSION} {SPLIT_SEED}"
    return Dataset(
        name=name,
        synthetic=synthetic,
        features=tuple(coder.features),
        train=coder.code(train, parts.train),
        validation=Split(coder.code(train, parts.validation), train.attack[parts.validation]),
        test=Split(coder.code(test, np.arange(len(test.attack))), test.attack),
        digest=hashlib.sha256(content.encode()).hexdigest(),
        coder=coder.to_mapping(),
    )


def _synthetic_tables(rows: int) -> Tuple[Table, Table]:
    sizes = rows, max(1, rows * TEST_ROWS // TRAIN_ROWS)
    train, test = (synthetic_table(n, seed) for n, seed in zip(sizes, _SYNTHETIC_SEEDS))
    return train, test
