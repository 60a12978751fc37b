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

import time
import uuid
from itertools import islice
from typing import Any, NamedTuple, Optional, Sequence, Tuple

import numpy as np
import tensorflow as tf

from edgead.datasets import Prepared
from edgead.models import autoencoder
from edgead.models.checkpoint import FILE, Checkpoint, Checkpoints
from edgead.models.cluster import Cluster, connect
from edgead.models.flat import FlatModel
from edgead.models.patience import Patience
from edgead.models.report import Reporter
from edgead.models.rounds import Part, Round, plan, steps_per_epoch
from edgead.models.scoring import at_once
from edgead.models.spec import WINDOWED_MODELS, TrialSpec
from edgead.models.staged import SPLITS, StagedRows
from edgead.models.training import Epochs, Trained

PS = "/job:ps/replica:0/task:0/device:CPU:0"
ATTEMPTS = 3  # to fetch the scores of a range
GONE = (tf.errors.UnavailableError, tf.errors.AbortedError, tf.errors.CancelledError)
# Adam, as Keras has it (Kingma and Ba, 2015, with epsilon outside the root).
BETA_1, BETA_2, EPSILON = 0.9, 0.999, 1e-7

Range = Tuple[int, int]  # of rows: the first, and the one after the last


def train(
    spec: TrialSpec,
    prepared: Prepared,
    cluster: Cluster,
    reporter: Reporter,
    checkpoints: Checkpoints,
) -> Tuple[Trained, Engine]:
    """Train on the cluster; gives what was trained, and the engine to score rows with.

    Goes on from the checkpoint, if there is one. The cluster may have fewer workers than the spec:
    then they take all parts among them, and the weights are the same.
    The first epoch's seconds are with all it takes to build, trace and ship the graph.
    """
    cpu = time.process_time()
    with reporter.phase("connect"):
        strategy = connect(cluster)
    with reporter.phase("train"):
        epochs = Epochs(reporter, spec.epochs, time.monotonic())
        patience = Patience(reporter, spec.stall_seconds, len(cluster["worker"]))
        engine = Engine(spec, prepared, strategy, patience)
        model = engine.train(epochs, reporter, checkpoints)
    return Trained(model, epochs.losses, epochs.seconds, time.process_time() - cpu), engine


class Engine:
    """A model on a cluster that is connected: trained there, and run over every row of a split."""

    where = "workers"

    def __init__(
        self, spec: TrialSpec, prepared: Prepared, strategy: Any, patience: Patience
    ) -> None:
        self._patience = patience
        self._coordinator = tf.distribute.coordinator.ClusterCoordinator(strategy)
        tf.keras.utils.set_random_seed(spec.seed)
        if spec.model not in WINDOWED_MODELS:
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
        self._rounds = 0

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

    def _slots(self, after: Any) -> Any:
        """Read the slots after so many rounds: [workers, 3 * size + 1]."""
        with tf.device(PS):
            slots = tf.raw_ops.ReadVariableOp(resource=self._handle(), dtype=tf.float32)
            return slots[after % 2]

    def _mean(self, after: Any) -> Any:
        """Read the mean of the slots after so many rounds: [3 * size + 1]."""
        with tf.device(PS):
            return tf.reduce_mean(self._slots(after), axis=0)

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

    def train(self, epochs: Epochs, reporter: Reporter, checkpoints: Checkpoints) -> Any:
        """Train, or train on; give the model with its weights brought home."""
        slot = np.concatenate([self._start, np.zeros(2 * self._model.size + 1, np.float32)])
        slots = np.tile(slot, (2, self._spec.workers, 1))
        done = checkpoints.load()
        if done is not None and done.slots.shape == slots.shape[1:]:
            self._rounds, slots[:] = done.rounds, done.slots
            epochs.go_on_from(done.losses, done.seconds)
            reporter.emit("resumed", epoch=len(done.losses))
        with tf.device(PS):
            tf.raw_ops.AssignVariableOp(resource=self._handle(), value=tf.constant(slots))
        self._run_rounds(epochs, reporter, checkpoints)
        weights = self._mean(tf.constant(self._rounds)).numpy()[: self._model.size]
        self._home.set_weights(self._model.unpack(weights))
        return self._home

    def _run_rounds(self, epochs: Epochs, reporter: Reporter, checkpoints: Checkpoints) -> None:
        traced = self._train.get_concrete_function()
        spec, rows = self._spec, self._splits["train"].items
        steps, lost = steps_per_epoch(rows, spec.batch), 0.0
        waiting: Optional[Tuple[Round, float]] = None  # to be reported: a round, and its end

        def save() -> str:
            slots = self._slots(self._rounds).numpy()
            checkpoints.save(Checkpoint(self._rounds, slots, epochs.losses, epochs.seconds))
            return FILE

        def report(done: Round, ended: float) -> None:
            nonlocal lost
            lost += float(self._mean(self._rounds)[-1].numpy())
            reporter.step(done.epoch + 1, done.steps_done, steps, lost / done.steps_done)
            if done.steps_done == steps:
                epochs.end(lost / steps, ended, save)
                lost = 0.0

        rounds = plan(rows, spec.batch, spec.workers, spec.epochs, spec.seed)
        for each in islice(rounds, self._rounds, None):
            for part in each.parts:
                self._coordinator.schedule(traced, (tf.constant(part, tf.int64),))
            if waiting is not None:  # the workers are busy: nobody waits for this report
                report(*waiting)
            self._patience.wait(self._coordinator)
            waiting = each, time.monotonic()
            self._rounds += 1
        if waiting is not None:
            report(*waiting)

    def errors(self, split: str) -> Any:
        """Score every row of a split once, on the workers: float32 [rows], in the rows' order.

        A range that is retried fills the same places with the same numbers. Raises RuntimeError
        where a row was not visited exactly once.
        """
        count = self._splits[split].items
        size = max(1, min(at_once(self._splits[split].window), -(-count // self._spec.workers)))
        ranges = [(at, min(at + size, count)) for at in range(0, count, size)]
        errors, visits = np.full(count, np.nan, np.float32), np.zeros(count, np.uint8)
        for _ in range(ATTEMPTS):
            lost = []
            for (low, high), scores in zip(ranges, self._score_ranges(split, ranges)):
                if scores is None:
                    lost.append((low, high))
                else:
                    errors[low:high] = scores
                    visits[low:high] += 1
            ranges = lost
            if not ranges:
                break
        if not (visits == 1).all():
            raise RuntimeError(f"{split}: {int((visits != 1).sum())} rows were not visited once")
        return errors

    def _score_ranges(self, split: str, ranges: Sequence[Range]) -> Sequence[Any]:
        """Give each range's errors, or None where they have gone with the worker that had them."""
        function, number = self._score.get_concrete_function(), SPLITS.index(split)
        results = [
            self._coordinator.schedule(
                function, (tf.constant([self._rounds, number, low, high], tf.int64),)
            )
            for low, high in ranges
        ]
        self._patience.wait(self._coordinator)
        return [_fetch(result) for result in results]


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
