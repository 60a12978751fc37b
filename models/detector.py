"""Detector: a threshold on the reconstruction error, its metrics, and signs of a collapse."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Dict

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float32]
Bools = npt.NDArray[np.bool_]

# Below this share of the inputs' own spread, a reconstruction no longer follows its input.
CONSTANT_SPREAD = 0.01


def row_errors(rows: Floats, reconstruction: Floats) -> Floats:
    """Give each row's mean absolute error: [rows, features] twice to [rows]."""
    errors: Floats = np.abs(rows - reconstruction).mean(axis=1, dtype=np.float32)
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


def score(errors: Floats, attacks: Bools, threshold: float) -> Score:
    """Compare errors [rows] above the threshold with the truth [rows].

    precision = TP / (TP + FP), recall = TP / (TP + FN), f1 their harmonic mean; 0 where a
    denominator is 0. A row whose error is not a number counts as not visited and as wrong.
    """
    seen = np.isfinite(errors)
    found = errors > threshold
    hits = int(np.sum(found & attacks & seen))
    right = int(np.sum((found == attacks) & seen))
    flagged, actual = int(np.sum(found & seen)), int(attacks.sum())
    precision = hits / flagged if flagged else 0.0
    recall = hits / actual if actual else 0.0
    both = precision + recall
    return Score(
        rows=len(attacks),
        visited=int(seen.sum()),
        accuracy=right / len(attacks) if len(attacks) else 0.0,
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
    rows): some dead units, a loss that looks ordinary, and a threshold above every attack.
    """
    share = float(attacks.mean()) if len(attacks) else 0.0
    return found.accuracy < max(share, 1.0 - share)


def save(path: Path, threshold: Threshold, extra: Dict[str, object]) -> None:
    """Write detector.json: the threshold and what is needed to score new rows by it."""
    part = path.with_suffix(".part")
    part.write_text(json.dumps({**asdict(threshold), **extra}, indent=2) + "\n", encoding="utf-8")
    part.replace(path)
