"""detect: a program that scores the rows on its stdin by a run's detector, as they come.

Started as `python -m edgead.models.detect FOLDER`, the run's. Its stdout has one JSON object a
line, each with time and kind:

- `batch`, for some lines: `rows` [line numbers], `scores` and `attacks` of what was scored, the
  `threshold`, `early` [line numbers] of rows before the first whole window, `faults` [{row,
  column, text}];
- `summary`, at the end: rows (good ones), scored, attacks, skipped, window (rows one spans), and
  `labelled`, the score over rows with a label, or null where none had one;
- `error`, in its place: cause, and what it is an error `of`: rows or detector.
"""

from __future__ import annotations

import os
import select
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Any, Callable, Dict, Iterator, Sequence

import numpy as np

from edgead.datasets import DatasetError
from edgead.datasets.lines import Line, Lines
from edgead.datasets.rows import Format, Rows, read_rows, row_format
from edgead.models import detector
from edgead.models.graph_check import check_graph
from edgead.models.report import Reporter, claim_stdout
from edgead.models.uncollected import uncollected

BATCH = 2048  # rows or windows for the model at once, at most
WRONG = 2
_PIECE = 1 << 18  # bytes read at once, at most

Score = Callable[
    [detector.Floats], detector.Floats
]  # rows or windows, float32, to their errors [rows]


class Detection:
    """Scores rows as they come; keeps counts, and the rows that the next window needs."""

    def __init__(self, found: detector.Detector, form: Format, score: Score) -> None:
        self._threshold, self._window = found.threshold, found.window
        self._form, self._score = form, score
        self._kept = np.empty((0, len(found.features)), np.float32)
        self._rows = self._scored = self._attacks = self._skipped = 0
        self._labelled = detector.Counts()

    def add(self, lines: Sequence[Line]) -> Dict[str, Any]:
        """Score what some lines hold; gives the fields of a `batch`."""
        rows = read_rows(self._form, lines)
        items = self._items(rows.x)
        errors = self._score(items) if len(items) else np.empty(0, np.float32)
        attacks = detector.flag(errors, self._threshold)
        early = len(rows.numbers) - len(errors)
        self._count(rows, errors, early)
        return {
            "rows": rows.numbers[early:],
            "scores": errors.tolist(),
            "attacks": attacks.tolist(),
            "threshold": self._threshold,
            "early": rows.numbers[:early],
            "faults": [
                {"row": fault.line, "column": fault.column, "text": fault.message}
                for fault in rows.faults
            ],
        }

    def summary(self) -> Dict[str, Any]:
        """Give the fields of the `summary`."""
        labelled = self._labelled
        return {
            "rows": self._rows,
            "scored": self._scored,
            "attacks": self._attacks,
            "skipped": self._skipped,
            "window": self._window and self._window.lookback,
            "labelled": asdict(detector.rate(labelled)) if labelled.rows else None,
        }

    def _items(self, x: detector.Floats) -> detector.Floats:
        """Give what the model takes: the rows, or the windows that one of them is the last of."""
        window = self._window
        if window is None:
            return x
        series = np.concatenate([self._kept, x])
        self._kept = series[max(0, len(series) - window.lookback + 1) :].copy()
        return window.cut(series, np.arange(window.count(len(series))))

    def _count(self, rows: Rows, errors: detector.Floats, early: int) -> None:
        self._rows += len(rows.numbers)
        self._skipped += len(rows.faults)
        self._scored += len(errors)
        self._attacks += int(detector.flag(errors, self._threshold).sum())
        truth = rows.attacks[early:]
        known = np.array([attack is not None for attack in truth], np.bool_)
        attacks = np.array(truth, np.bool_)[known]  # None would be False
        counts = detector.count(errors[known], attacks, self._threshold)
        self._labelled = self._labelled.plus(counts)


def pieces(source: int, reader: int) -> Iterator[bytes]:
    """Yield what comes from a file descriptor as soon as it is there.

    Ends with it, or as soon as nobody reads the pipe `reader` any more.
    """
    waiting = select.poll()
    waiting.register(source, select.POLLIN)
    waiting.register(reader, 0)  # its end is always told
    while True:
        ready = dict(waiting.poll())
        piece = b"" if reader in ready else os.read(source, _PIECE)
        if not piece:
            return
        yield piece


class SavedScore:
    """The score of a SavedModel, by plain TensorFlow."""

    def __init__(self, folder: Path, features: int) -> None:
        """Load it. Raises OSError, or ValueError where it takes another number of features, or
        does what no detector of ours does."""
        with uncollected():
            import tensorflow as tf

        check_graph(folder)
        self._model = tf.saved_model.load(str(folder))  # the signature does not keep it alive
        self._constant, self._signature = tf.constant, self._model.signatures["score"]
        taken = self._signature.structured_input_signature[1]["x"].shape[-1]
        if taken != features:
            raise ValueError(f"{folder}: expected a model of {features} features, got {taken}")

    def __call__(self, x: detector.Floats) -> detector.Floats:
        """Score rows or windows: their mean absolute errors [rows]."""
        errors: detector.Floats = self._signature(x=self._constant(x))["score"].numpy()
        return errors


def run(folder: Path, source: int, reader: int, reporter: Reporter) -> None:
    """Score all that comes. Raises OSError, ValueError or DatasetError, each with one line."""
    found = detector.read(folder / "detector.json")
    form = row_format(found.coder)
    if form.features != found.features:
        raise ValueError(f"{folder / 'detector.json'}: features: expected those of the coder")
    detection = Detection(
        found, form, SavedScore(folder / detector.SAVED_MODEL, len(form.features))
    )
    lines = Lines()

    def add(some: Sequence[Line]) -> None:
        for at in range(0, len(some), BATCH):
            reporter.emit("batch", **detection.add(some[at : at + BATCH]))

    for piece in pieces(source, reader):
        for some in lines.feed(piece):
            add(some)
    add(lines.end())
    reporter.emit("summary", **detection.summary())


def main() -> int:
    """Score the rows on stdin; exit 0, or 2 after an `error`."""
    stream = claim_stdout()
    reporter = Reporter(stream)
    try:
        run(Path(sys.argv[1]), 0, stream.fileno(), reporter)
    except BrokenPipeError:
        return 0  # whoever read this has seen enough
    except DatasetError as error:
        reporter.emit("error", cause=str(error), of="rows")
        return WRONG
    except (OSError, ValueError) as error:
        reporter.emit("error", cause=str(error), of="detector")
        return WRONG
    return 0


if __name__ == "__main__":
    code = main()
    sys.stderr.flush()
    os._exit(code)  # TensorFlow's threads have nothing to put away
