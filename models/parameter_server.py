"""Engine `paper`: Keras fit under ParameterServerStrategy, as the paper's section 3.3.2 has it."""

from __future__ import annotations

import time
from typing import Any, Callable

import tensorflow as tf

from edgead.datasets import Dataset
from edgead.models import autoencoder
from edgead.models.cluster import Cluster, connect
from edgead.models.report import Reporter
from edgead.models.rounds import steps_per_epoch
from edgead.models.spec import TrialSpec
from edgead.models.staged import take
from edgead.models.training import EpochReport, Trained

INDEX_VARIABLE = "EDGEAD_INDEX"  # in every task's environment; agents/launch.py sets it

# The share of the learning rate that is left at the last step. A worker's gradient comes late, by
# about as many updates as there are other workers, so Adam swings around the minimum: at a
# constant rate a quarter of the paper-kdd99 runs ended on a swing, their threshold above every
# attack. The paper states no schedule; centralised training keeps the rate.
FINAL_RATE_SHARE = 0.25


def worker_index() -> Any:
    """Give, when run on a worker, that worker's index: an int64 scalar in its graph.

    Keras traces the data's function once and runs it on every worker, with an input context that
    says pipeline 0 of 1 everywhere; what a worker knows of itself is in its environment.
    """
    environment = tf.io.read_file("/proc/self/environ")
    index = tf.strings.regex_replace(environment, f"(?s).*{INDEX_VARIABLE}=([0-9]+).*", r"\1")
    return tf.strings.to_number(index, tf.int64)


def shards(data: Dataset, batch: int, workers: int, seed: int) -> Callable[[Any], Any]:
    """Make the function that builds a worker's data: its shard, shuffled, batched, for ever."""
    count, window = data.count("train"), data.window

    def pair(items: Any) -> Any:
        x = items if window is None else take(tf.constant(data.train), items, window)
        return x, x

    def dataset(_context: Any) -> Any:
        index = worker_index()
        if window is None:
            items = tf.data.Dataset.from_tensor_slices(data.train)
        else:
            items = tf.data.Dataset.range(count)
        shuffled = items.shard(workers, index).shuffle(-(-count // workers), seed=seed + index)
        return shuffled.repeat().batch(batch).map(pair).prefetch(2)

    return dataset


def train(spec: TrialSpec, data: Dataset, cluster: Cluster, reporter: Reporter) -> Trained:
    """Train on the cluster and bring the weights home into a model on this machine."""
    tf.keras.utils.set_random_seed(spec.seed)
    cpu = time.process_time()
    with reporter.phase("connect"):
        strategy = connect(cluster)
    start, steps = time.monotonic(), steps_per_epoch(data.count("train"), spec.batch)
    shape = autoencoder.input_shape(data.window, len(data.features))
    with reporter.phase("train"):
        with strategy.scope():
            rate = tf.keras.optimizers.schedules.PolynomialDecay(
                spec.learning_rate, spec.epochs * steps, FINAL_RATE_SHARE * spec.learning_rate
            )
            model = autoencoder.build(spec.model, shape, rate)
        creator = tf.keras.utils.experimental.DatasetCreator(
            shards(data, spec.batch, len(cluster["worker"]), spec.seed)
        )
        report = EpochReport(reporter, spec.epochs, start)
        model.fit(
            creator,
            epochs=spec.epochs,
            steps_per_epoch=steps,
            callbacks=[report],
            verbose=0,
        )
        home = autoencoder.build(spec.model, shape, spec.learning_rate)
        home.set_weights(model.get_weights())
    return Trained(home, report.done.losses, report.done.seconds, time.process_time() - cpu)
