"""After training: the model and the detector on disk, the threshold, and each split's score."""

from __future__ import annotations

import time
from dataclasses import asdict
from pathlib import Path
from typing import Any

import tensorflow as tf

from edgead.datasets import Dataset, Split
from edgead.models import detector
from edgead.models.report import Reporter
from edgead.models.spec import TrialSpec
from edgead.models.training import Trained

SCORING_BATCH = 65_536  # rows: large enough to be fast, small enough for an 8 GB board


def reconstruct(model: Any, rows: detector.Floats) -> detector.Floats:
    """Run the model over rows [rows, features] on this machine."""
    output: detector.Floats = model.predict(rows, batch_size=SCORING_BATCH, verbose=0)
    return output


def save_model(folder: Path, trained: Trained, reporter: Reporter) -> None:
    """Write model.keras and the losses as TensorBoard event files."""
    part = folder / "model.part.keras"
    trained.model.save(part, save_format="keras")
    part.replace(folder / "model.keras")
    reporter.emit("saved", file="model.keras")
    with tf.summary.create_file_writer(str(folder / "tensorboard")).as_default():
        for epoch, (loss, seconds) in enumerate(zip(trained.losses, trained.seconds), 1):
            _write_scalar("loss", loss, epoch)
            _write_scalar("seconds_per_epoch", seconds, epoch)
    reporter.emit("saved", file="tensorboard")


def _write_scalar(tag: str, value: float, step: int) -> None:
    """Do what tf.summary.scalar does, which a node without TensorBoard cannot."""
    metadata = tf.compat.v1.SummaryMetadata(data_class=1)  # DATA_CLASS_SCALAR
    metadata.plugin_data.plugin_name = "scalars"
    tf.summary.write(tag, tf.constant(value, tf.float32), step, metadata=metadata)


def find_threshold(
    spec: TrialSpec, model: Any, rows: detector.Floats, reporter: Reporter
) -> detector.Threshold:
    """Set the threshold from the training rows; say so where all units are dead."""
    start = time.monotonic()
    with reporter.phase("threshold"):
        reconstruction = reconstruct(model, rows)
        threshold = detector.fit_threshold(
            detector.row_errors(rows, reconstruction), spec.threshold
        )
    if detector.constant(rows, reconstruction):
        text = "all units are dead: the model gives the same output for every row, and a row's "
        reporter.emit("note", level="warn", text=text + "score is its distance from that")
    reporter.emit("threshold", **asdict(threshold), seconds=time.monotonic() - start)
    return threshold


def save_detector(
    folder: Path, threshold: detector.Threshold, spec: TrialSpec, data: Dataset, reporter: Reporter
) -> None:
    """Write detector.json: what is needed, beside the model, to score new rows."""
    extra = {
        "dataset": data.name,
        "synthetic": data.synthetic,
        "coding": spec.coding,
        "model": "model.keras",
        "features": list(data.features),
    }
    detector.save(folder / "detector.json", threshold, extra)
    reporter.emit("saved", file="detector.json")


def score_split(
    name: str, model: Any, split: Split, threshold: detector.Threshold, reporter: Reporter
) -> None:
    """Score every row of a split on this machine."""
    start = time.monotonic()
    with reporter.phase(name):
        predicting = time.monotonic()
        reconstruction = reconstruct(model, split.x)
        predicted = time.monotonic() - predicting
        errors = detector.row_errors(split.x, reconstruction)
        result = detector.score(errors, split.y, threshold.value)
    seconds = {"predict": predicted, "total": time.monotonic() - start}
    reporter.emit("score", split=name, **asdict(result), seconds=seconds)
    if name == "validation" and detector.worthless(result, split.y):
        reporter.emit(
            "note",
            level="error",
            collapsed=True,
            text="the run collapsed: calling every validation row the same would be right more "
            "often; its scores mean nothing: try another seed, more epochs or the preset kdd99",
        )
