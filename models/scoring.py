"""After training: the threshold, and each split's score."""

from __future__ import annotations

import time
from dataclasses import asdict
from typing import Any, Callable, Optional, Protocol

import numpy as np

from edgead.datasets import Dataset, Window
from edgead.models import detector
from edgead.models.report import Reporter
from edgead.models.spec import TrialSpec

AT_ONCE = 65_536  # rows: large enough to be fast, small enough for an 8 GB board
SAMPLE = 4096  # rows enough to see whether a model still follows its input


def at_once(window: Optional[Window]) -> int:
    """Give how many rows, or windows of as many rows in all, to score at once at most."""
    return AT_ONCE if window is None else max(1, AT_ONCE // window.steps)


Progress = Callable[[int], None]  # told of so many more rows that are scored


class Scorer(Protocol):
    """Scores a split by name (train, validation, test) and says where it does."""

    where: str

    def errors(self, split: str, progress: Progress) -> detector.Floats:
        """Give every row's mean absolute error, float32 [rows], in the rows' order."""


class HostScorer:
    """Scores on this machine, in large batches."""

    where = "host"

    def __init__(self, model: Any, data: Dataset) -> None:
        self._model, self._data = model, data

    def errors(self, split: str, progress: Progress) -> detector.Floats:
        """Give every row's mean absolute error, float32 [rows]."""
        if self._data.window is not None:
            return self._window_errors(split, progress)
        x = self._data.x(split)
        errors = np.empty(len(x), np.float32)
        for at in range(0, len(x), AT_ONCE):
            rows = x[at : at + AT_ONCE]
            output = self._model.predict(rows, batch_size=AT_ONCE, verbose=0)
            errors[at : at + AT_ONCE] = detector.row_errors(rows, output)
            progress(len(rows))
        return errors

    def _window_errors(self, split: str, progress: Progress) -> detector.Floats:
        """Score windows some at a time: all of them would be `steps` times the series."""
        count, size = self._data.count(split), at_once(self._data.window)
        errors = np.empty(count, np.float32)
        for at in range(0, count, size):
            numbers = np.arange(at, min(at + size, count))
            x = self._data.take(split, numbers)
            errors[numbers] = detector.row_errors(x, self._model.predict_on_batch(x))
            progress(len(numbers))
        return errors


def find_threshold(
    spec: TrialSpec, model: Any, scorer: Scorer, data: Dataset, reporter: Reporter
) -> detector.Threshold:
    """Set the threshold from the training rows; say so where all units are dead."""
    rows = data.count("train")
    start = time.monotonic()
    with reporter.phase("threshold"):
        errors = scorer.errors("train", reporter.scoring("train", rows))
        threshold = detector.fit_threshold(errors, spec.threshold)
    sample = data.take("train", np.arange(0, rows, -(-rows // SAMPLE)))
    if detector.constant(sample, model(sample, training=False).numpy()):
        text = "all units are dead: the model gives the same output for every row, and a row's "
        reporter.emit("note", level="warn", text=text + "score is its distance from that")
    reporter.emit("threshold", **asdict(threshold), seconds=time.monotonic() - start)
    return threshold


def score_split(
    name: str,
    scorer: Scorer,
    labels: detector.Bools,
    threshold: detector.Threshold,
    reporter: Reporter,
) -> None:
    """Score every row of a split and hold the verdicts against its labels [rows]."""
    start = time.monotonic()
    with reporter.phase(name):
        predicting = time.monotonic()
        errors = scorer.errors(name, reporter.scoring(name, len(labels)))
        predicted = time.monotonic() - predicting
        result = detector.score(errors, labels, threshold.value)
    seconds = {"predict": predicted, "total": time.monotonic() - start}
    reporter.emit("score", split=name, **asdict(result), where=scorer.where, seconds=seconds)
    if name == "validation" and detector.worthless(result, labels):
        reporter.emit(
            "note",
            level="error",
            collapsed=True,
            text="the run collapsed: calling every validation row the same would be right more "
            "often; its scores mean nothing: try another seed, more epochs or the preset kdd99",
        )
