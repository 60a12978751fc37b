"""From a dataset's name to its coded arrays: find, read, split, code."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import NamedTuple, Optional, Tuple

import numpy as np

from edgead.datasets import coding as codings
from edgead.datasets.cache import cached_series, cached_table
from edgead.datasets.dataset import Bools, Dataset, Floats, Split, Window
from edgead.datasets.errors import DatasetError, DatasetMissing
from edgead.datasets.kdd99 import Table
from edgead.datasets.plant import ATTACK_ROWS, NORMAL_ROWS, plant_series
from edgead.datasets.sources import Files, find, missing
from edgead.datasets.swat_coding import VERSION as SWAT_VERSION
from edgead.datasets.swat_coding import MinMax
from edgead.datasets.synthetic import TEST_ROWS, TRAIN_ROWS, synthetic_table

SPLIT_SEED = 42  # one split for all trials: their seeds are for weights and shuffling
_SYNTHETIC_SEEDS = (1, 2)
SWAT_WINDOW = Window(steps=26, stride=20)  # section 3.4: a lookback of 501 s, every 20th second


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
    made_up: int = 0,
    rows: int = 0,
) -> Dataset:
    """Load and code a dataset: kdd99 (its rows one by one), or swat (windows of a series).

    `coding` is "paper", or for kdd99 "full" (all 41 features). `folder` holds the files, or a
    folder of the dataset's name with them; `cache` keeps what was read, if given. 80 % of the
    training file's rows are for training (the normal ones are kept), 20 % for validation; the test
    file is taken whole. `synthetic` makes a stand-in up instead, with `made_up` rows in its
    training file (0: as many as is usual). With `rows` there are exactly so many to train on:
    the first ones, or all over and over.

    Raises DatasetMissing when the files cannot be found, and DatasetError when they cannot be used.
    """
    codings_of = {"kdd99": tuple(codings.CODINGS), "swat": ("paper",)}
    files = find(name, folder)
    if coding not in codings_of[name]:
        known = ", ".join(codings_of[name])
        raise DatasetError(f"{name}: no coding {coding!r:.40}; expected one of {known}")
    if files is None and not synthetic:
        raise DatasetMissing(missing(name, folder))
    source = None if synthetic else files
    data = (
        _load_swat(source, cache, made_up)
        if name == "swat"
        else _load_kdd99(coding, source, cache, made_up)
    )
    return _resized(data, rows) if rows else data


def _resized(data: Dataset, rows: int) -> Dataset:
    if data.window and rows < data.window.lookback:
        raise DatasetError(
            f"{data.name}: rows: expected {data.window.lookback} or more, for so many make a "
            f"window, got {rows}"
        )
    digest = hashlib.sha256(f"{data.digest} {rows}".encode()).hexdigest()
    return data._replace(train=np.resize(data.train, (rows, data.train.shape[1])), digest=digest)


def _load_kdd99(
    coding: str, files: Optional[Files], cache: Optional[Path], made_up: int
) -> Dataset:
    if files is None:
        train, test = _synthetic_tables(made_up or TRAIN_ROWS)
    else:
        numbers = codings.NUMBERS_OF[coding]
        train, test = (cached_table(path, cache, numbers) for path in files)
    parts = split(train)
    if not len(parts.train):
        raise DatasetError("kdd99: no normal rows to train on; use a larger training file")
    return _coded("kdd99", coding, files is None, train, test, parts)


def _load_swat(files: Optional[Files], cache: Optional[Path], made_up: int) -> Dataset:
    """Train on the first 80 % of the normal series, validate on the rest of it: it is in order."""
    if files is None:
        sizes = made_up or NORMAL_ROWS, made_up * ATTACK_ROWS // NORMAL_ROWS or ATTACK_ROWS
        normal, attack = (
            plant_series(n, seed, attacked=attacked)
            for n, seed, attacked in zip(sizes, _SYNTHETIC_SEEDS, (False, True))
        )
    else:
        normal, attack = (cached_series(path, cache) for path in files)
    cut = len(normal.values) * 8 // 10
    for rows, what in ((len(normal.values) - cut, "normal"), (len(attack.values), "attack")):
        if not SWAT_WINDOW.count(rows):
            raise DatasetError(
                f"swat: the {what} file is too short: a window is {SWAT_WINDOW.lookback} rows, and "
                "a fifth of the normal ones are for validation"
            )
    scale = MinMax.learn(normal.values)
    if not scale.tags:
        raise DatasetError("swat: no tag of the normal file ever changes")

    def part(values: Floats, attacks: Bools) -> Split:
        y = attacks[SWAT_WINDOW.lookback - 1 :]
        return Split(np.ascontiguousarray(scale.code(values[:, scale.columns])), y)

    content = f"{normal.digest} {attack.digest} {SWAT_WINDOW} {SWAT_VERSION}"
    return Dataset(
        name="swat",
        synthetic=files is None,
        features=scale.tags,
        train=part(normal.values[:cut], normal.attack[:cut]).x,
        validation=part(normal.values[cut:], normal.attack[cut:]),
        test=part(attack.values, attack.attack),
        digest=hashlib.sha256(content.encode()).hexdigest(),
        window=SWAT_WINDOW,
        coder=scale.to_mapping(),
    )


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
