"""Engine `fast`: parameter-server training in rounds of many steps over data staged on the nodes.

On TensorFlow's own ParameterServerStrategy and ClusterCoordinator. The weights and Adam's moments
are one flat vector on the parameter server. In a round every worker reads it once, takes its
share of the rows of up to 256 steps with an Adam of its own, and writes the result into its own
slot there; the next round starts from the mean of the slots (local SGD: Stich, ICLR 2019). So no
gradient is ever stale, and a trial gives the same weights whichever worker does which part.

A closure that is retried, on the same worker or another, reads what it read before and writes the
same slot again: no batch is lost and none counts twice; only its time is spent twice.
"""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import lru_cache
from itertools import islice
from typing import Any, Dict, List, NamedTuple, Sequence, Tuple

import numpy as np
import tensorflow as tf

from edgead.datasets import Prepared
from edgead.models import autoencoder
from edgead.models.checkpoint import FILE, Checkpoint, Checkpoints
from edgead.models.cluster import Cluster, connect
from edgead.models.flat import FlatModel
from edgead.models.graphs import PS, TOLD, Graphs
from edgead.models.patience import Patience
from edgead.models.report import Reporter
from edgead.models.rounds import Part, Round, count_rounds, plan, steps_per_epoch
from edgead.models.scoring import Progress, at_once
from edgead.models.shipping import ship
from edgead.models.spec import TrialSpec
from edgead.models.staged import SPLITS
from edgead.models.training import Epochs, Trained

ATTEMPTS = 3  # to fetch the scores of a range
GONE = (tf.errors.UnavailableError, tf.errors.AbortedError, tf.errors.CancelledError)

Range = Tuple[int, int]  # of rows: the first, and the one after the last

_fetcher = ThreadPoolExecutor(1, "fetcher")


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
    spec: TrialSpec,
    ahead: Ahead,
    cluster: Cluster,
    told: float,
    reporter: Reporter,
    checkpoints: Checkpoints,
) -> Tuple[Trained, Engine]:
    """Train on the cluster; gives what was trained, and the engine to score rows with.

    Goes on from the checkpoint, if there is one. The cluster may have fewer workers than the spec:
    then they take all parts among them, and the weights are the same.

    `told` is when the cluster was there to connect to, of time.monotonic. The first epoch's
    seconds are with shipping the graphs. Training ends when the weights are here.
    """
    cpu = time.process_time()
    with reporter.phase("connect", since=told):
        strategy = connect(cluster)
    with reporter.phase("train"):
        epochs = Epochs(reporter, spec.epochs, time.monotonic())
        patience = Patience(reporter, spec.stall_seconds, len(cluster["worker"]))
        with reporter.phase("ship"):
            engine = Engine(spec, ahead, strategy, patience)
        weights = engine.train(epochs, reporter, checkpoints)
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

    def __init__(self, spec: TrialSpec, ahead: Ahead, strategy: Any, patience: Patience) -> None:
        self._patience = patience
        self._spec, self._ahead, self._graphs = spec, ahead, ahead.graphs
        self._train = ship(ahead.graphs.train)
        self._coordinator = tf.distribute.coordinator.ClusterCoordinator(strategy)
        self._score: Any = None
        self._variable = ahead.graphs.handle()
        self._rounds = 0

    def train(self, epochs: Epochs, reporter: Reporter, checkpoints: Checkpoints) -> Any:
        """Train, or train on; bring the weights home: float32 [size]."""
        size, width, shape = self._graphs.size, self._graphs.width, self._graphs.shape
        slots = np.concatenate([self._ahead.start, np.zeros(width - size, np.float32)])
        done = checkpoints.load()
        if done is not None and done.slots.shape == shape[1:]:
            self._rounds, slots = done.rounds, done.slots
            epochs.go_on_from(done.losses, done.seconds, checkpoints.told)
            reporter.emit("resumed", epoch=len(done.losses))
            epochs.report(FILE)
        with tf.device(PS):
            value = tf.constant(np.broadcast_to(slots, shape))
            tf.raw_ops.AssignVariableOp(resource=self._variable, value=value)
        return self._run_rounds(epochs, reporter, checkpoints)[:size]

    def _run_rounds(self, epochs: Epochs, reporter: Reporter, checkpoints: Checkpoints) -> Any:
        spec, rows = self._spec, self._graphs.splits["train"].items
        told = _Told(steps_per_epoch(rows, spec.batch), epochs, reporter, self._rounds)

        def tell() -> Any:
            slots = self._slots()  # not their mean, or what is resumed would not be the same
            state = slots.mean(axis=0)
            told.tell(*self._told(state))
            checkpoints.save(Checkpoint(self._rounds, slots, epochs.losses, epochs.seconds))
            epochs.report(FILE)
            return state

        rounds = plan(rows, spec.batch, spec.workers, spec.epochs, spec.seed)
        for each in islice(rounds, self._rounds, None):
            for part in each.parts:
                self._coordinator.schedule(self._train, (tf.constant(part, tf.int64),))
            if told.due():  # the workers are busy: nobody waits for this
                tell()
            self._patience.wait(self._coordinator)
            self._rounds += 1
            told.ended(each, time.monotonic())
        return tell()

    def _told(self, state: Any) -> Tuple[Any, Any]:
        """Give every round's loss [rounds], and what the latest one's parts say [workers, TOLD]."""
        *_, losses, parts = np.split(state, np.cumsum(self._graphs.sizes)[:-1])
        # Of the mean: each part speaks in one slot.
        return losses, parts.reshape(-1, TOLD) * self._spec.workers

    def _slots(self) -> Any:
        """Bring the slots after the rounds so far home: float32 [workers, width]."""
        row = self._rounds % 2
        with tf.device(PS):
            slots = tf.raw_ops.ResourceGather(
                resource=self._variable, indices=tf.constant(row), dtype=tf.float32
            )
        return slots.numpy()

    def errors(self, split: str, progress: Progress = lambda _: None) -> Any:
        """Score every row of a split once, on the workers: float32 [rows], in the rows' order.

        `progress` is told of how many rows each result is that comes home.
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

        if self._score is None:
            self._score = ship(self._graphs.score)
        number = SPLITS.index(split)
        results = [
            self._coordinator.schedule(
                self._score, (tf.constant([self._rounds, number, low, high], tf.int64),)
            )
            for low, high in ranges
        ]
        coming = [_fetcher.submit(bring, result) for result in results]  # while others are scored
        self._patience.wait(self._coordinator)
        return [each.result() for each in coming]


class _Told:
    """Tells of the rounds that have ended, no more often than the reporter wants to hear."""

    def __init__(self, steps: int, epochs: Epochs, reporter: Reporter, rounds: int) -> None:
        self._steps, self._epochs, self._reporter = steps, epochs, reporter
        self._waiting: List[Tuple[int, Round, float]] = []  # a round's number, and its end
        self._rounds = rounds  # so far
        self._first = count_rounds(steps, 1, len(epochs.losses))  # of the epoch

    def ended(self, done: Round, now: float) -> None:
        """Take note of a round that has ended."""
        self._waiting.append((self._rounds, done, now))
        self._rounds += 1

    def due(self) -> bool:
        """Whether there is something to tell, and it is time to."""
        return bool(self._waiting) and self._reporter.due()

    def tell(self, losses: Any, parts: Any) -> None:
        """Tell of what waits.

        `losses` has every round's, summed over its steps [rounds]; `parts` is of the latest round
        [workers, TOLD].
        """
        if not self._waiting:  # of a training that was done when it was resumed
            return
        _, latest, _ = self._waiting[-1]
        said = [_said(part, told) for part, told in zip(latest.parts, parts)]
        fields = {"step": latest.steps_done, "steps": self._steps, "parts": said}
        self._reporter.emit("round", epoch=latest.epoch + 1, **fields)
        for number, done, now in self._waiting:
            lost = float(losses[self._first : number + 1].sum())
            self._reporter.step(
                done.epoch + 1, done.steps_done, self._steps, lost / done.steps_done
            )
            if done.steps_done == self._steps:
                self._epochs.count(lost / self._steps, now)
                self._first = number + 1
        self._waiting.clear()


def _said(part: Part, told: Any) -> Dict[str, Any]:
    """Say which worker did a part, of how many rows, in what time, and its mean loss."""
    lost, seconds, worker = map(float, told)
    rows = part.steps * (part.high - part.low)
    return {"worker": round(worker), "rows": rows, "seconds": seconds, "loss": lost / part.steps}


def _fetch(result: Any) -> Any:
    """Bring a remote value home; None where it has gone with the worker that had it."""
    try:
        return result.fetch()[0]
    except GONE:
        return None
