"""What both ways of training share: what they give back, and their report to the outside."""

from __future__ import annotations

import math
import time
from typing import Any, Callable, Dict, NamedTuple, Optional, Tuple

import tensorflow as tf

from edgead.models.report import Reporter


class DivergedError(RuntimeError):
    """The loss is no longer a number: training on would be for nothing."""


class Trained(NamedTuple):
    """A model on this machine, its epochs' losses and seconds, and the chief's CPU seconds."""

    model: Any
    losses: Tuple[float, ...]
    seconds: Tuple[float, ...]
    cpu_seconds: float


class Epochs:
    """Takes every epoch's loss, and tells of it; the first one's seconds count from `start`."""

    def __init__(self, reporter: Reporter, epochs: int, start: float) -> None:
        self._reporter, self._epochs, self._mark = reporter, epochs, start
        self.losses: Tuple[float, ...] = ()
        self.seconds: Tuple[float, ...] = ()

    def go_on_from(self, losses: Tuple[float, ...], seconds: Tuple[float, ...]) -> None:
        """Count these epochs as done: they were told before training was interrupted."""
        self.losses, self.seconds = losses, seconds

    def end(self, loss: float, now: float, save: Optional[Callable[[], str]] = None) -> None:
        """Report an epoch that ended at `now`. Raises DivergedError when its loss is no number.

        `save` is called before the report and gives the name of the checkpoint it wrote.
        """
        number, seconds, self._mark = len(self.losses) + 1, now - self._mark, now
        if not math.isfinite(loss):
            raise DivergedError(f"the loss of epoch {number} is {loss}: try a lower learning_rate")
        self.losses += (loss,)
        self.seconds += (seconds,)
        told = {"epoch": number, "epochs": self._epochs, "loss": loss, "seconds": seconds}
        self._reporter.emit("epoch", **told, **({"checkpoint": save()} if save else {}))


class EpochReport(tf.keras.callbacks.Callback):  # type: ignore[misc]
    """Reports every epoch of a Keras fit.

    Keras forbids batch-level callbacks under ParameterServerStrategy: BatchReport adds them.
    """

    def __init__(self, reporter: Reporter, epochs: int, start: float) -> None:
        super().__init__()
        self.reporter, self.done = reporter, Epochs(reporter, epochs, start)

    def on_epoch_end(self, epoch: int, logs: Optional[Dict[str, float]] = None) -> None:
        """Report the epoch; raises DivergedError as `Epochs` does."""
        self.done.end(float((logs or {})["loss"]), time.monotonic())


class BatchReport(EpochReport):
    """Reports steps as well as epochs, for training on this machine."""

    epoch = 0

    def on_epoch_begin(self, epoch: int, logs: Optional[Dict[str, float]] = None) -> None:
        """Remember which epoch the steps belong to."""
        self.epoch = epoch + 1

    def on_train_batch_end(self, batch: int, logs: Optional[Dict[str, float]] = None) -> None:
        """Report the step with the epoch's mean loss so far."""
        self.reporter.step(self.epoch, batch + 1, self.params["steps"], float((logs or {})["loss"]))
