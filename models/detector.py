"""Detector: a threshold on the reconstruction error, its metrics, and signs of a collapse."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Dict, Mapping, NamedTuple, Optional, Tuple

import numpy as np
import numpy.typing as npt

from edgead.datasets import Window

Floats = npt.NDArray[np.float32]
Bools = npt.NDArray[np.bool_]

MOST_STEPS = 1000  # of a window, and rows from one of them to the next
SAVED_MODEL = "saved_model"  # the folder, inside a run's, that plain TensorFlow loads

# Below this share of the inputs' own spread, a reconstruction no longer follows its input.
CONSTANT_SPREAD = 0.01


def row_errors(rows: Floats, reconstruction: Floats) -> Floats:
    """Give each row's mean absolute error: [rows, features] twice to [rows].

    Windows [rows, steps, features] have one too, each.
    """
    axes = tuple(range(1, rows.ndim))
    errors: Floats = np.abs(rows - reconstruction).mean(axis=axes, dtype=np.float32)
    return errors


@dataclass(frozen=True)
class Threshold:
    """Rows whose error is above `value` are attacks; mean and std are of the training rows."""

    value: float
    rule: str
    mean: float
    std: float


def fit_threshold(errors: Floats, rule: str) -> Threshold:
    """Set the threshold from the training rows' errors [rows].

    `mean+std` is the paper's rule (section 3.3); `quantile:Q` lets the share 1 - Q of the
    training rows lie above it.
    """
    mean, std = float(errors.mean(dtype=np.float64)), float(errors.std(dtype=np.float64))
    if rule == "mean+std":
        return Threshold(mean + std, rule, mean, std)
    quantile = float(rule.partition(":")[2])
    return Threshold(float(np.quantile(errors, quantile)), rule, mean, std)


@dataclass(frozen=True)
class Score:
    """How well attacks were told from normal rows; an attack is the positive class."""

    rows: int
    visited: int
    accuracy: float
    precision: float
    recall: float
    f1: float


def flag(errors: Floats, threshold: float) -> Bools:
    """Tell the attacks: errors [rows] above the threshold, or that are no numbers at all."""
    attacks: Bools = ~(errors <= threshold)
    return attacks


def score(errors: Floats, attacks: Bools, threshold: float) -> Score:
    """Compare errors [rows] above the threshold with the truth [rows].

    A row whose error is not a number counts as not visited and as wrong.
    """
    return rate(count(errors, attacks, threshold))


def count(errors: Floats, attacks: Bools, threshold: float) -> Counts:
    """Count what a score is made of, as `score` does."""
    seen, found = np.isfinite(errors), flag(errors, threshold)
    return Counts(
        rows=len(attacks),
        visited=int(seen.sum()),
        right=int(np.sum((found == attacks) & seen)),
        hits=int(np.sum(found & attacks & seen)),
        flagged=int(np.sum(found & seen)),
        attacks=int(attacks.sum()),
    )


class Counts(NamedTuple):
    """What a score is made of: `hits` are attacks that were flagged, `right` all right verdicts.

    Counts of parts, added up, are those of the whole.
    """

    rows: int = 0
    visited: int = 0
    right: int = 0
    hits: int = 0
    flagged: int = 0
    attacks: int = 0

    def plus(self, other: Counts) -> Counts:
        """Add the counts of other rows."""
        return Counts(*(mine + more for mine, more in zip(self, other)))


def rate(counts: Counts) -> Score:
    """Turn counts into a score.

    precision = TP / (TP + FP), recall = TP / (TP + FN), f1 their harmonic mean; 0 where a
    denominator is 0.
    """
    precision = counts.hits / counts.flagged if counts.flagged else 0.0
    recall = counts.hits / counts.attacks if counts.attacks else 0.0
    both = precision + recall
    return Score(
        rows=counts.rows,
        visited=counts.visited,
        accuracy=counts.right / counts.rows if counts.rows else 0.0,
        precision=precision,
        recall=recall,
        f1=2 * precision * recall / both if both else 0.0,
    )


def constant(rows: Floats, reconstruction: Floats) -> bool:
    """Tell whether the model gives (nearly) the same output for every row: all units are dead.

    With the paper's coding such a run is worthless; with `full` the distance from that one
    output may still tell attacks (docs/kdd99-preset.md).
    """
    spread = float(np.abs(rows - np.median(rows, axis=0)).mean())
    left = float(np.abs(reconstruction - np.median(reconstruction, axis=0)).mean())
    return not np.isfinite(left) or (spread > 0 and left < CONSTANT_SPREAD * spread)


def worthless(found: Score, attacks: Bools) -> bool:
    """Tell whether calling every row the same would have been right more often.

    That is how most collapses show (KDD99: accuracy about 0.38 where attacks are 0.80 of the
    rows): some dead units, a loss that looks ordinary, and a threshold above every attack. Rows of
    one class alone, such as SWaT's for validation, cannot tell.
    """
    share = float(attacks.mean()) if len(attacks) else 0.0
    return 0.0 < share < 1.0 and found.accuracy < max(share, 1.0 - share)


def save(path: Path, threshold: Threshold, extra: Dict[str, object]) -> None:
    """Write detector.json: the threshold and what is needed to score new rows by it."""
    part = path.with_suffix(".part")
    part.write_text(json.dumps({**asdict(threshold), **extra}, indent=2) + "\n", encoding="utf-8")
    part.replace(path)


class Detector(NamedTuple):
    """What detector.json says of a detector, all but its model's weights.

    `coder` says, as plain data, how the dataset's raw columns become the `features`. With a
    `window` the model takes windows of rows.
    """

    dataset: str
    threshold: float
    features: Tuple[str, ...]
    window: Optional[Window]
    coder: Mapping[str, Any]


def read(path: Path) -> Detector:
    """Read detector.json. Raises OSError, or ValueError: file, key, what was expected."""
    try:
        return _read(json.loads(path.read_text(encoding="utf-8")))
    except (ValueError, RecursionError) as error:
        raise ValueError(f"{path}: {error}") from None


def _read(content: Any) -> Detector:
    values: Dict[str, Any] = content if isinstance(content, dict) else {}
    names, window, coder = (values.get(key) for key in ("features", "window", "coder"))
    if not isinstance(values.get("dataset"), str):
        raise ValueError("dataset: expected a name")
    if not isinstance(values.get("value"), float) or not np.isfinite(values["value"]):
        raise ValueError("value: expected the threshold, a number")
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        raise ValueError("features: expected a list of names")
    if not isinstance(coder, dict) or not coder:
        raise ValueError("coder: expected how raw columns become features")
    return Detector(values["dataset"], values["value"], tuple(names), _window(window), coder)


def _window(value: Any) -> Optional[Window]:
    if value is None:
        return None
    sizes = [value.get(key) for key in Window._fields] if isinstance(value, dict) else [None]
    if not all(isinstance(size, int) and 1 <= size <= MOST_STEPS for size in sizes):
        raise ValueError(f"window: expected null, or steps and stride from 1 to {MOST_STEPS}")
    return Window(*sizes)
