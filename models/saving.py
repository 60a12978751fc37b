"""What a trained model leaves on disk: for Keras, for plain TensorFlow, and detector.json."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any, Dict

import tensorflow as tf

from edgead.datasets import Dataset
from edgead.models import detector
from edgead.models.report import Reporter
from edgead.models.spec import TrialSpec
from edgead.models.training import Trained


def save_model(folder: Path, trained: Trained, reporter: Reporter) -> None:
    """Write model.keras, saved_model/ and the losses as TensorBoard event files."""
    part = folder / "model.part.keras"
    trained.model.save(part, save_format="keras")
    part.replace(folder / "model.keras")
    reporter.emit("saved", file="model.keras")
    export(trained.model, folder / detector.SAVED_MODEL)
    reporter.emit("saved", file=detector.SAVED_MODEL)
    with tf.summary.create_file_writer(str(folder / "tensorboard")).as_default():
        for epoch, (loss, seconds) in enumerate(zip(trained.losses, trained.seconds), 1):
            _write_scalar("loss", loss, epoch)
            _write_scalar("seconds_per_epoch", seconds, epoch)
    reporter.emit("saved", file="tensorboard")


def export(model: Any, folder: Path) -> None:
    """Write a Keras model as a SavedModel that plain `tf.saved_model.load` reads.

    Both signatures take x, float32 [rows, features] or [windows, steps, features]:
    `serving_default` gives `reconstruction`, of the same shape, and `score` gives `score`, the
    mean absolute error of each row or window [rows].
    """
    shape = model.input_shape
    x = tf.TensorSpec(shape, tf.float32, name="x")

    @tf.function(input_signature=[x], autograph=False)  # type: ignore[untyped-decorator]
    def reconstruct(x: Any) -> Dict[str, Any]:
        return {"reconstruction": model(x, training=False)}

    @tf.function(input_signature=[x], autograph=False)  # type: ignore[untyped-decorator]
    def score(x: Any) -> Dict[str, Any]:
        difference = tf.abs(reconstruct(x)["reconstruction"] - x)
        return {"score": tf.reduce_mean(difference, axis=list(range(1, len(shape))))}

    # Of the Keras model only its weights go along: with all its layers it would cost four times
    # as long.
    module = tf.Module()
    module.weights = model.variables
    part = folder.with_name(f"{folder.name}.part")
    shutil.rmtree(part, ignore_errors=True)
    signatures = {"serving_default": reconstruct, "score": score}
    tf.saved_model.save(module, str(part), signatures=signatures)
    shutil.rmtree(folder, ignore_errors=True)
    part.replace(folder)


def _write_scalar(tag: str, value: float, step: int) -> None:
    """Do what tf.summary.scalar does, which a node without TensorBoard cannot."""
    metadata = tf.compat.v1.SummaryMetadata(data_class=1)  # DATA_CLASS_SCALAR
    metadata.plugin_data.plugin_name = "scalars"
    tf.summary.write(tag, tf.constant(value, tf.float32), step, metadata=metadata)


def save_detector(
    folder: Path, threshold: detector.Threshold, spec: TrialSpec, data: Dataset, reporter: Reporter
) -> None:
    """Write detector.json: what is needed, beside the model, to score new rows."""
    extra = {
        "dataset": data.name,
        "synthetic": data.synthetic,
        "coding": spec.coding,
        "model": "model.keras",
        "saved_model": detector.SAVED_MODEL,
        "features": list(data.features),
        "window": data.window and data.window._asdict(),
        "coder": dict(data.coder),
    }
    detector.save(folder / "detector.json", threshold, extra)
    reporter.emit("saved", file="detector.json")
