"""Centralised training: one machine, Keras fit. What distributed training is held against."""

from __future__ import annotations

import time

import tensorflow as tf

from edgead.datasets import Dataset
from edgead.models import autoencoder
from edgead.models.report import Reporter
from edgead.models.spec import TrialSpec
from edgead.models.training import BatchReport, Trained


def train(spec: TrialSpec, data: Dataset, reporter: Reporter) -> Trained:
    """Train on this machine with Keras fit, as the paper's section 3.3.1."""
    tf.keras.utils.set_random_seed(spec.seed)
    cpu = time.process_time()
    with reporter.phase("train"):
        report = BatchReport(reporter, spec.epochs, time.monotonic())
        model = autoencoder.build(spec.model, data.train.shape[1:], spec.learning_rate)
        model.fit(
            data.train,
            data.train,
            epochs=spec.epochs,
            batch_size=spec.batch,
            callbacks=[report],
            verbose=0,
        )
    return Trained(model, report.done.losses, report.done.seconds, time.process_time() - cpu)
