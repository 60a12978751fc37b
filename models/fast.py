"""Engine `fast`: parameter-server training in rounds of many steps over data staged on the nodes.

On TensorFlow's own ParameterServerStrategy and ClusterCoordinator. The weights and Adam's moments
are one flat vector on the parameter server. In a round every worker reads it once, takes its
share of the rows of some dozen steps with an Adam of its own, and writes the result into its own
slot there; the next round starts from the mean of the slots (local SGD: Stich, ICLR 2019). So no
gradient is ever stale, and a trial gives the same weights whichever worker does which part.

A closure that is retried, on the same worker or another, reads what it read before and writes the
same slot again: no batch is lost and none counts twice; only its time is spent twice.
"""

from __future__ import annotations

import math
import time
import uuid
from typing import Any, List, NamedTuple, Optional, Tuple

import numpy as np
import tensorflow as tf

from edgead.datasets import Prepared
from edgead.models import autoencoder
from edgead.models.cluster import Cluster, connect, finish
from edgead.models.flat import FlatModel
from edgead.models.report import Reporter
from edgead.models.rounds import Part, Round, plan, steps_per_epoch
from edgead.models.spec import TrialSpec
from edgead.models.staged import SPLITS, StagedRows
from edgead.models.training import DivergedError, Trained

PS = "/job:ps/replica:0/task:0/device:CPU:0"
RANGE = 65_536  # rows a closure scores at most: small enough for an 8 GB board
ATTEMPTS = 3  # to fetch the scores of a range
GONE = (tf.errors.UnavailableError, tf.errors.AbortedError, tf.errors.CancelledError)
# Adam, as Keras has it (Kingma and Ba, 2015, with epsilon outside the root).
BETA_1, BETA_2, EPSILON = 0.9, 0.999, 1e-7


Floats = Tuple[float, ...]


def train(
    spec: TrialSpec, prepared: Prepared, cluster: Cluster, reporter: Reporter
) -> Tuple[Trained, Engine]:
    """Train on the cluster; gives what was trained, and the engine to score rows with.

    The first epoch's seconds are with all it takes to build, trace and ship the graph.
    """
    cpu = time.process_time()
    with reporter.phase("connect"):
        strategy = connect(cluster)
    with reporter.phase("train"):
        start = time.monotonic()
        engine = Engine(spec, prepared, strategy, start)
        model, losses, seconds = engine.train(reporter)
    return Trained(model, losses, seconds, time.process_time() - cpu), engine


class Engine:
    """A model on a cluster that is connected: trained there, and run over every row of a split."""

    def __init__(self, spec: TrialSpec, prepared: Prepared, strategy: Any, start: float) -> None:
        self._coordinator = tf.distribute.coordinator.ClusterCoordinator(strategy)
        tf.keras.utils.set_random_seed(spec.seed)
        if spec.model not in autoencoder.RECURRENT:
            # Optimising the graph costs every worker more than it saves, save where it is what
            # finds the GPU's own kernel for a recurrent layer.
            tf.config.optimizer.set_experimental_options({"disable_meta_optimizer": True})
        self._spec = spec
        self._splits = {name: StagedRows.of(prepared, name) for name in SPLITS}
        shape = autoencoder.input_shape(prepared.window, len(prepared.features))
        self._home = autoencoder.build(spec.model, shape, spec.learning_rate)
        self._model = FlatModel(self._home)
        self._start = self._model.pack()
        self._variable = f"weights-{uuid.uuid4().hex}"  # of this trial: servers serve many
        signature = [tf.TensorSpec([len(Part._fields)], tf.int64)]
        self._train = tf.function(self._train_part, signature, autograph=False)
        self._score = tf.function(
            self._score_range, [tf.TensorSpec([4], tf.int64)], autograph=False
        )
        self._rounds, self._begun = 0, start

    where = "workers"

    # -- what runs on the cluster, as graphs

    def _handle(self) -> Any:
        """Name the variable on the parameter server: [2, workers, 3 * size + 1].

        A slot is weights, first and second moments, and the sum of the part's losses. Rounds
        write the two rows of slots in turn, so that none is written while it may be read.
        """
        with tf.device(PS):
            return tf.raw_ops.VarHandleOp(
                dtype=tf.float32,
                shape=[2, self._spec.workers, 3 * self._model.size + 1],
                shared_name=self._variable,
            )

    def _mean(self, after: Any) -> Any:
        """Read the mean of the slots after so many rounds: [3 * size + 1]."""
        with tf.device(PS):
            slots = tf.raw_ops.ReadVariableOp(resource=self._handle(), dtype=tf.float32)
            return tf.reduce_mean(slots[after % 2], axis=0)

    def _train_part(self, numbers: Any) -> Any:
        """Do one part of a round: the numbers of a Part to the number of its round."""
        part = Part(*tf.unstack(numbers))
        state = tf.identity(self._mean(part.round))
        rows = self._splits["train"]
        series, total = rows.tensor(), tf.constant(rows.items, tf.int64)
        places = tf.range(part.low, part.high) + part.place

        def step(i: Any, lost: Any, weights: Any, first: Any, second: Any) -> Tuple[Any, ...]:
            place = (places + i * self._spec.batch) % total
            x = rows.take(series, (part.a * place + part.b) % total)
            with tf.GradientTape() as tape:
                tape.watch(weights)
                loss = tf.reduce_mean(tf.abs(self._model.call(weights, x, True) - x))
            gradient = tape.gradient(loss, weights)
            state = _adam(part.step + i + 1, gradient, self._spec.learning_rate, first, second)
            return (i + 1, lost + loss, weights - state.change, state.first, state.second)

        moments = tf.split(state[:-1], 3)
        start = (tf.constant(0, tf.int64), tf.constant(0.0), *moments)
        _, lost, *after = tf.while_loop(
            lambda i, *_: i < part.steps, step, start, parallel_iterations=1
        )
        with tf.device(PS):
            write = tf.raw_ops.ResourceScatterNdUpdate(
                ref=self._handle(),
                indices=tf.stack([[(part.round + 1) % 2, part.worker]]),
                updates=tf.concat([*after, lost[tf.newaxis]], 0)[tf.newaxis],
            )
        with tf.control_dependencies([write]):
            return tf.identity(part.round)

    def _score_range(self, numbers: Any) -> Any:
        """Score some rows: (rounds, split, first, last + 1) to their mean absolute errors [rows].

        A split is its place in SPLITS.
        """
        after, split, first, last = tf.unstack(numbers)
        weights = tf.identity(self._mean(after)[: self._model.size])
        x = tf.switch_case(
            tf.cast(split, tf.int32),
            [
                lambda rows=rows: rows.take(rows.tensor(), tf.range(first, last))
                for rows in self._splits.values()
            ],
        )
        difference = tf.abs(self._model.call(weights, x, False) - x)
        return tf.reduce_mean(difference, axis=list(range(1, len(difference.shape))))

    # -- what the chief does

    def train(self, reporter: Reporter) -> Tuple[Any, Floats, Floats]:
        """Train; give the model with its weights brought home, and its epochs' figures."""
        with tf.device(PS):
            slot = np.concatenate([self._start, np.zeros(2 * self._model.size + 1, np.float32)])
            slots = np.tile(slot, (2, self._spec.workers, 1))
            tf.raw_ops.AssignVariableOp(resource=self._handle(), value=tf.constant(slots))
        losses, seconds = self._run_rounds(reporter)
        weights = self._mean(tf.constant(self._rounds)).numpy()[: self._model.size]
        self._home.set_weights(self._model.unpack(weights))
        return self._home, losses, seconds

    def _run_rounds(self, reporter: Reporter) -> Tuple[Floats, Floats]:
        traced = self._train.get_concrete_function()
        spec, rows = self._spec, self._splits["train"].items
        progress = _Progress(reporter, self._begun, spec.epochs, steps_per_epoch(rows, spec.batch))
        done: Optional[Round] = None
        ended = 0.0
        for each in plan(rows, spec.batch, spec.workers, spec.epochs, spec.seed):
            for part in each.parts:
                self._coordinator.schedule(traced, (tf.constant(part, tf.int64),))
            if done is not None:  # the workers are busy: nobody waits for this report
                progress.report(done, self._mean(self._rounds)[-1].numpy(), ended)
            finish(self._coordinator)
            done, ended = each, time.monotonic()
            self._rounds += 1
        assert done is not None
        progress.report(done, self._mean(self._rounds)[-1].numpy(), ended)
        return tuple(progress.losses), tuple(progress.seconds)

    def errors(self, split: str) -> Any:
        """Score every row of a split once, on the workers: float32 [rows], in the rows' order.

        A range that is retried fills the same places with the same numbers. Raises RuntimeError
        where a row was not visited exactly once.
        """
        count, number = self._splits[split].items, SPLITS.index(split)
        size = max(1, min(RANGE, -(-count // self._spec.workers)))
        ranges = [(at, min(at + size, count)) for at in range(0, count, size)]
        function = self._score.get_concrete_function()
        errors, visits = np.full(count, np.nan, np.float32), np.zeros(count, np.uint8)
        for _ in range(ATTEMPTS):
            results = [
                self._coordinator.schedule(
                    function, (tf.constant([self._rounds, number, low, high], tf.int64),)
                )
                for low, high in ranges
            ]
            finish(self._coordinator)
            lost = []
            for (low, high), result in zip(ranges, results):
                scores = _fetch(result)
                if scores is None:
                    lost.append((low, high))
                    continue
                errors[low:high] = scores
                visits[low:high] += 1
            ranges = lost
        if not (visits == 1).all():
            raise RuntimeError(f"{split}: {int((visits != 1).sum())} rows were not visited once")
        return errors


def _fetch(result: Any) -> Any:
    """Bring a remote value home; None where it has gone with the worker that had it."""
    try:
        return result.fetch()
    except GONE:
        return None


class _Adam(NamedTuple):
    change: Any
    first: Any
    second: Any


def _adam(step: Any, gradient: Any, rate: float, first: Any, second: Any) -> _Adam:
    """Give the change of the weights and the new moments, all [size]; steps count from 1."""
    time_ = tf.cast(step, tf.float32)
    first = BETA_1 * first + (1 - BETA_1) * gradient
    second = BETA_2 * second + (1 - BETA_2) * tf.square(gradient)
    rate = rate * tf.sqrt(1 - tf.pow(BETA_2, time_)) / (1 - tf.pow(BETA_1, time_))
    return _Adam(rate * first / (tf.sqrt(second) + EPSILON), first, second)


class _Progress:
    """Turns rounds that are done into step and epoch events."""

    def __init__(self, reporter: Reporter, start: float, epochs: int, steps: int) -> None:
        self._reporter, self._epochs, self._steps = reporter, epochs, steps
        self._mark, self._lost = start, 0.0
        self.losses: List[float] = []
        self.seconds: List[float] = []

    def report(self, done: Round, lost: float, ended: float) -> None:
        """Tell of a round by its sum of losses; raises DivergedError when that is no number."""
        self._lost += float(lost)
        number, loss = done.epoch + 1, self._lost / done.steps_done
        if not math.isfinite(loss):
            raise DivergedError(f"the loss of epoch {number} is {loss}: try a lower learning_rate")
        self._reporter.step(number, done.steps_done, self._steps, loss)
        if done.steps_done == self._steps:
            seconds, self._mark, self._lost = ended - self._mark, ended, 0.0
            self.losses.append(loss)
            self.seconds.append(seconds)
            self._reporter.emit(
                "epoch", epoch=number, epochs=self._epochs, loss=loss, seconds=seconds
            )
