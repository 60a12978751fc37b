"""What both ways of training share: what they give back, and their report to the outside."""

from __future__ import annotations

import math
import time
from typing import Any, Dict, NamedTuple, Optional, Tuple

import tensorflow as tf

from edgead.models.report import Reporter


class DivergedError(RuntimeError):
    """The loss is no longer a number: training on would be for nothing."""


class Trained(NamedTuple):
    """A model on this machine, its epochs' losses and seconds, and the chief's CPU seconds.

    Those are of connecting and training, and of what it did ahead, before there was a cluster.
    """

    model: Any
    losses: Tuple[float, ...]
    seconds: Tuple[float, ...]
    cpu_seconds: float
    prepare_cpu_seconds: float = 0.0


class Epochs:
    """Takes every epoch's loss, and tells of it; the first one's seconds count from `start`."""

    def __init__(self, reporter: Reporter, epochs: int, start: float) -> None:
        self._reporter, self._epochs, self._mark = reporter, epochs, start
        self.losses: Tuple[float, ...] = ()
        self.seconds: Tuple[float, ...] = ()
        self._told = 0

    def go_on_from(self, losses: Tuple[float, ...], seconds: Tuple[float, ...], told: int) -> None:
        """Count these epochs as done; so many were told before training was interrupted."""
        self.losses, self.seconds, self._told = losses, seconds, min(told, len(losses))

    def count(self, loss: float, now: float) -> None:
        """Count an epoch that ended at `now`. Raises DivergedError when its loss is no number."""
        number, seconds, self._mark = len(self.losses) + 1, now - self._mark, now
        if not math.isfinite(loss):
            raise DivergedError(f"the loss of epoch {number} is {loss}: try a lower learning_rate")
        self.losses += (loss,)
        self.seconds += (seconds,)

    def report(self, checkpoint: str = "") -> None:
        """Report the epochs that were counted since the last time; they are in the checkpoint."""
        kept = {"checkpoint": checkpoint} if checkpoint else {}
        for number in range(self._told, len(self.losses)):
            told = {"loss": self.losses[number], "seconds": self.seconds[number], **kept}
            self._reporter.emit("epoch", epoch=number + 1, epochs=self._epochs, **told)
        self._told = len(self.losses)

    def end(self, loss: float, now: float) -> None:
        """Count an epoch and report it."""
        self.count(loss, now)
        self.report()


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
