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
from dataclasses import replace
from functools import lru_cache
from typing import Any, Dict, List, NamedTuple, Sequence, Tuple

import numpy as np
import tensorflow as tf

from edgead.datasets import Prepared
from edgead.models import autoencoder
from edgead.models.cluster import Cluster, connect, finish
from edgead.models.flat import FlatModel
from edgead.models.graphs import PS, Graphs
from edgead.models.report import Reporter
from edgead.models.rounds import Round, plan, steps_per_epoch
from edgead.models.scoring import at_once
from edgead.models.shipping import ship
from edgead.models.spec import TrialSpec
from edgead.models.staged import SPLITS
from edgead.models.training import Epochs, Trained

ATTEMPTS = 3  # to fetch the scores of a range
GONE = (tf.errors.UnavailableError, tf.errors.AbortedError, tf.errors.CancelledError)

Range = Tuple[int, int]  # of rows: the first, and the one after the last


class Ahead(NamedTuple):
    """What a trial has before its cluster: the weights it starts from [size], and its graphs."""

    shape: Tuple[int, ...]  # of what the model takes at once
    start: Any
    graphs: Graphs


# Kept as long as the process: a graph that goes would be taken back from tasks that never had it.
_graphs: Dict[Tuple[TrialSpec, Prepared], Graphs] = {}


@lru_cache(maxsize=1)
def prepare(spec: TrialSpec, prepared: Prepared) -> Ahead:
    """Build the model and trace its graphs, while the cluster's tasks may still be starting.

    Done again for the same trial it costs nothing, and little for one with another seed.
    """
    shape = autoencoder.input_shape(prepared.window, len(prepared.features))
    flat = FlatModel(_build(spec, shape))
    key = replace(spec, seed=0), prepared
    graphs = _graphs[key] = _graphs.get(key) or Graphs(spec, prepared, flat)
    return Ahead(shape, flat.pack(), graphs)


def train(
    spec: TrialSpec, ahead: Ahead, cluster: Cluster, told: float, reporter: Reporter
) -> Tuple[Trained, Engine]:
    """Train on the cluster; gives what was trained, and the engine to score rows with.

    `told` is when the cluster was there to connect to, of time.monotonic. The first epoch's
    seconds are with shipping the graphs. Training ends when the weights are here.
    """
    cpu = time.process_time()
    with reporter.phase("connect", since=told):
        strategy = connect(cluster)
    with reporter.phase("train"):
        epochs = Epochs(reporter, spec.epochs, time.monotonic())
        engine = Engine(spec, ahead, strategy)
        weights = engine.train(epochs, reporter)
    cpu = time.process_time() - cpu
    model = _build(spec, ahead.shape)  # variables from before the cluster are lost to it
    model.set_weights(ahead.graphs.model.unpack(weights))
    return Trained(model, epochs.losses, epochs.seconds, cpu), engine


def _build(spec: TrialSpec, shape: Tuple[int, ...]) -> Any:
    tf.keras.utils.set_random_seed(spec.seed)
    return autoencoder.build(spec.model, shape, spec.learning_rate)


class Engine:
    """A model on a cluster that is connected: trained there, and run over every row of a split."""

    where = "workers"

    def __init__(self, spec: TrialSpec, ahead: Ahead, strategy: Any) -> None:
        self._spec, self._ahead, self._graphs = spec, ahead, ahead.graphs
        self._train = ship(ahead.graphs.train)
        self._coordinator = tf.distribute.coordinator.ClusterCoordinator(strategy)
        self._score: Any = None
        self._slots = ahead.graphs.handle()
        self._rounds = 0

    def train(self, epochs: Epochs, reporter: Reporter) -> Any:
        """Train; bring the weights home: float32 [size]."""
        size, width = self._graphs.size, self._graphs.width
        slot = np.concatenate([self._ahead.start, np.zeros(width - size, np.float32)])
        with tf.device(PS):
            slots = tf.constant(np.broadcast_to(slot, self._graphs.shape))
            tf.raw_ops.AssignVariableOp(resource=self._slots, value=slots)
        return self._run_rounds(epochs, reporter)[:size]

    def _run_rounds(self, epochs: Epochs, reporter: Reporter) -> Any:
        spec, rows = self._spec, self._graphs.splits["train"].items
        told = _Told(steps_per_epoch(rows, spec.batch), epochs, reporter)
        for each in plan(rows, spec.batch, spec.workers, spec.epochs, spec.seed):
            for part in each.parts:
                self._coordinator.schedule(self._train, (tf.constant(part, tf.int64),))
            if told.due():  # the workers are busy: nobody waits for this
                told.tell(self._losses(self._state()))
            finish(self._coordinator)
            self._rounds += 1
            told.ended(each, time.monotonic())
        state = self._state()
        told.tell(self._losses(state))
        return state

    def _losses(self, state: Any) -> Any:
        return state[3 * self._graphs.size :]

    def _state(self) -> Any:
        """Bring the state after the rounds so far home: float32 [width]."""
        row = self._rounds % 2
        with tf.device(PS):
            slots = tf.raw_ops.ResourceGather(
                resource=self._slots, indices=tf.constant(row), dtype=tf.float32
            )
        return slots.numpy().mean(axis=0)

    def errors(self, split: str) -> Any:
        """Score every row of a split once, on the workers: float32 [rows], in the rows' order.

        A range that is retried fills the same places with the same numbers. Raises RuntimeError
        where a row was not visited exactly once.
        """
        rows = self._graphs.splits[split]
        count = rows.items
        size = max(1, min(at_once(rows.window), -(-count // self._spec.workers)))
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
        if self._score is None:
            self._score = ship(self._graphs.score)
        number = SPLITS.index(split)
        results = [
            self._coordinator.schedule(
                self._score, (tf.constant([self._rounds, number, low, high], tf.int64),)
            )
            for low, high in ranges
        ]
        finish(self._coordinator)
        return [_fetch(result) for result in results]


class _Told:
    """Tells of the rounds that have ended, no more often than the reporter wants to hear."""

    def __init__(self, steps: int, epochs: Epochs, reporter: Reporter) -> None:
        self._steps, self._epochs, self._reporter = steps, epochs, reporter
        self._waiting: List[Tuple[int, Round, float]] = []  # a round's number, and its end
        self._rounds = self._first = 0  # so far, and the number of the epoch's first

    def ended(self, done: Round, now: float) -> None:
        """Take note of a round that has ended."""
        self._waiting.append((self._rounds, done, now))
        self._rounds += 1

    def due(self) -> bool:
        """Whether there is something to tell, and it is time to."""
        return bool(self._waiting) and self._reporter.due()

    def tell(self, losses: Any) -> None:
        """Tell of what waits: `losses` has every round's, summed over its steps [rounds]."""
        for number, done, now in self._waiting:
            lost = float(losses[self._first : number + 1].sum())
            self._reporter.step(
                done.epoch + 1, done.steps_done, self._steps, lost / done.steps_done
            )
            if done.steps_done == self._steps:
                self._epochs.end(lost / self._steps, now)
                self._first = number + 1
        self._waiting.clear()


def _fetch(result: Any) -> Any:
    """Bring a remote value home; None where it has gone with the worker that had it."""
    try:
        return result.fetch()[0]
    except GONE:
        return None
