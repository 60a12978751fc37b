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
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Dict, NamedTuple, Optional, Sequence, Tuple

import numpy as np
import tensorflow as tf

from edgead.datasets import Prepared
from edgead.models import autoencoder
from edgead.models.cluster import Cluster, connect, finish
from edgead.models.flat import FlatModel
from edgead.models.parameter_server import worker_index
from edgead.models.report import Reporter
from edgead.models.rounds import Part, Round, plan, steps_per_epoch
from edgead.models.scoring import Progress, at_once
from edgead.models.spec import WINDOWED_MODELS, TrialSpec
from edgead.models.staged import SPLITS, StagedRows
from edgead.models.training import Epochs, Trained

PS = "/job:ps/replica:0/task:0/device:CPU:0"
ATTEMPTS = 3  # to fetch the scores of a range
GONE = (tf.errors.UnavailableError, tf.errors.AbortedError, tf.errors.CancelledError)
# Adam, as Keras has it (Kingma and Ba, 2015, with epsilon outside the root).
BETA_1, BETA_2, EPSILON = 0.9, 0.999, 1e-7
TAIL = 3  # numbers a slot ends with: its part's summed loss, seconds, and the worker that did it

Range = Tuple[int, int]  # of rows: the first, and the one after the last

_fetcher = ThreadPoolExecutor(1, "fetcher")


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
        epochs = Epochs(reporter, spec.epochs, time.monotonic())
        engine = Engine(spec, prepared, strategy)
        model = engine.train(epochs, reporter)
    return Trained(model, epochs.losses, epochs.seconds, time.process_time() - cpu), engine


class Engine:
    """A model on a cluster that is connected: trained there, and run over every row of a split."""

    where = "workers"

    def __init__(self, spec: TrialSpec, prepared: Prepared, strategy: Any) -> None:
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
        """Name the variable on the parameter server: [2, workers, 3 * size + TAIL].

        A slot is weights, first and second moments, and what the part says of itself. Rounds
        write the two rows of slots in turn, so that none is written while it may be read.
        """
        with tf.device(PS):
            return tf.raw_ops.VarHandleOp(
                dtype=tf.float32,
                shape=[2, self._spec.workers, 3 * self._model.size + TAIL],
                shared_name=self._variable,
            )

    def _mean(self, after: Any) -> Any:
        """Read the mean of the slots after so many rounds: [3 * size + TAIL]."""
        with tf.device(PS):
            slots = tf.raw_ops.ReadVariableOp(resource=self._handle(), dtype=tf.float32)
            return tf.reduce_mean(slots[after % 2], axis=0)

    def _tails(self) -> Any:
        """Read what the parts of the latest round say of themselves: float32 [workers, TAIL]."""
        with tf.device(PS):
            slots = tf.raw_ops.ReadVariableOp(resource=self._handle(), dtype=tf.float32)
            return slots[self._rounds % 2, :, -TAIL:].numpy()

    def _train_part(self, numbers: Any) -> Any:
        """Do one part of a round: the numbers of a Part to the number of its round."""
        began = tf.timestamp()
        with tf.control_dependencies([began]):
            part = Part(*tf.unstack(tf.identity(numbers)))
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

        moments = tf.split(state[:-TAIL], 3)
        start = (tf.constant(0, tf.int64), tf.constant(0.0), *moments)
        _, lost, *after = tf.while_loop(
            lambda i, *_: i < part.steps, step, start, parallel_iterations=1
        )
        with tf.control_dependencies([lost]):
            seconds = tf.cast(tf.timestamp() - began, tf.float32)
        tail = tf.stack([lost, seconds, tf.cast(worker_index(), tf.float32)])
        with tf.device(PS):
            write = tf.raw_ops.ResourceScatterNdUpdate(
                ref=self._handle(),
                indices=tf.stack([[(part.round + 1) % 2, part.worker]]),
                updates=tf.concat([*after, tail], 0)[tf.newaxis],
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

    def train(self, epochs: Epochs, reporter: Reporter) -> Any:
        """Train; give the model with its weights brought home."""
        with tf.device(PS):
            slot = np.concatenate([self._start, np.zeros(2 * self._model.size + TAIL, np.float32)])
            slots = np.tile(slot, (2, self._spec.workers, 1))
            tf.raw_ops.AssignVariableOp(resource=self._handle(), value=tf.constant(slots))
        self._run_rounds(epochs, reporter)
        weights = self._mean(tf.constant(self._rounds)).numpy()[: self._model.size]
        self._home.set_weights(self._model.unpack(weights))
        return self._home

    def _run_rounds(self, epochs: Epochs, reporter: Reporter) -> None:
        with reporter.phase("trace"):
            traced = self._train.get_concrete_function()
        spec, rows = self._spec, self._splits["train"].items
        steps, lost = steps_per_epoch(rows, spec.batch), 0.0
        waiting: Optional[Tuple[Round, float]] = None  # to be reported: a round, and its end

        def report(done: Round, ended: float) -> None:
            nonlocal lost
            tails = self._tails()
            lost += float(tails[:, 0].mean())
            parts = [_part_report(part, tail) for part, tail in zip(done.parts, tails)]
            reporter.step(done.epoch + 1, done.steps_done, steps, lost / done.steps_done, parts)
            if done.steps_done == steps:
                epochs.end(lost / steps, ended)
                lost = 0.0

        began = time.monotonic()
        for each in plan(rows, spec.batch, spec.workers, spec.epochs, spec.seed):
            for part in each.parts:
                self._coordinator.schedule(traced, (tf.constant(part, tf.int64),))
            if waiting is not None:  # the workers are busy: nobody waits for this report
                report(*waiting)
            finish(self._coordinator)
            first, waiting = waiting is None, (each, time.monotonic())
            self._rounds += 1
            if first:  # what its parts did not take went into sending the graph
                slowest = float(self._tails()[:, 1].max())
                reporter.past_phase("ship", waiting[1] - began - slowest, slowest)
        assert waiting is not None
        report(*waiting)

    def errors(self, split: str, progress: Progress = lambda _: None) -> Any:
        """Score every row of a split once, on the workers: float32 [rows], in the rows' order.

        `progress` is told of how many rows each result is that comes home.
        A range that is retried fills the same places with the same numbers. Raises RuntimeError
        where a row was not visited exactly once.
        """
        count = self._splits[split].items
        size = max(1, min(at_once(self._splits[split].window), -(-count // self._spec.workers)))
        ranges = [(at, min(at + size, count)) for at in range(0, count, size)]
        errors, visits = np.full(count, np.nan, np.float32), np.zeros(count, np.uint8)
        for _ in range(ATTEMPTS):
            lost = []
            for (low, high), scores in zip(ranges, self._score_ranges(split, ranges, progress)):
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

    def _score_ranges(
        self, split: str, ranges: Sequence[Range], progress: Progress
    ) -> Sequence[Any]:
        """Give each range's errors, or None where they have gone with the worker that had them."""

        def bring(result: Any) -> Any:
            found = _fetch(result)
            progress(0 if found is None else len(found))
            return found

        function, number = self._score.get_concrete_function(), SPLITS.index(split)
        results = [
            self._coordinator.schedule(
                function, (tf.constant([self._rounds, number, low, high], tf.int64),)
            )
            for low, high in ranges
        ]
        coming = [_fetcher.submit(bring, result) for result in results]  # while others are scored
        finish(self._coordinator)
        return [each.result() for each in coming]


def _part_report(part: Part, tail: Any) -> Dict[str, Any]:
    """Say which worker did a part, of how many rows, in what time, and its mean loss."""
    lost, seconds, worker = map(float, tail)
    rows = part.steps * (part.high - part.low)
    return {"worker": int(worker), "rows": rows, "seconds": seconds, "loss": lost / part.steps}


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
