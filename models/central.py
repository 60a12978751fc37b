"""Centralised training: one machine, Keras fit. What distributed training is held against."""

from __future__ import annotations

import time
from typing import Any

import tensorflow as tf

from edgead.datasets import Dataset
from edgead.models import autoencoder
from edgead.models.report import Reporter
from edgead.models.spec import TrialSpec
from edgead.models.staged import take
from edgead.models.training import BatchReport, Trained


def windows(data: Dataset, spec: TrialSpec) -> Any:
    """Make the batches of windows, shuffled anew every epoch and cut as they are needed."""
    count, series = data.count("train"), tf.constant(data.train)

    def pair(firsts: Any) -> Any:
        x = take(series, firsts, data.window)
        return x, x

    order = tf.data.Dataset.range(count).shuffle(count, seed=spec.seed).batch(spec.batch)
    return order.map(pair, num_parallel_calls=tf.data.AUTOTUNE).prefetch(2)


def train(spec: TrialSpec, data: Dataset, reporter: Reporter) -> Trained:
    """Train on this machine with Keras fit, as the paper's section 3.3.1."""
    tf.keras.utils.set_random_seed(spec.seed)
    cpu = time.process_time()
    with reporter.phase("train"):
        report = BatchReport(reporter, spec.epochs, time.monotonic())
        shape = autoencoder.input_shape(data.window, len(data.features))
        model = autoencoder.build(spec.model, shape, spec.learning_rate)
        settings = {"epochs": spec.epochs, "callbacks": [report], "verbose": 0}
        if data.window is None:
            model.fit(data.train, data.train, batch_size=spec.batch, **settings)
        else:
            model.fit(windows(data, spec), **settings)
    return Trained(model, report.done.losses, report.done.seconds, time.process_time() - cpu)
