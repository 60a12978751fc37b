"""What the engine `fast` runs on the cluster, as graphs: to train and to score.

They are traced before there is a cluster, while its tasks start. The weights, Adam's moments and
the losses are one flat vector a worker on the parameter server: its slot.
"""

from __future__ import annotations

import uuid
from typing import Any, NamedTuple, Tuple

import tensorflow as tf

from edgead.datasets import Prepared
from edgead.models.flat import FlatModel
from edgead.models.parameter_server import worker_index
from edgead.models.rounds import Part, count_rounds
from edgead.models.spec import WINDOWED_MODELS, TrialSpec
from edgead.models.staged import SPLITS, StagedRows, sound

PS = "/job:ps/replica:0/task:0/device:CPU:0"
# Adam, as Keras has it (Kingma and Ba, 2015, with epsilon outside the root).
BETA_1, BETA_2, EPSILON = 0.9, 0.999, 1e-7
TOLD = 3  # numbers of a part: its loss, summed over its steps; its seconds; the worker that did it


class Graphs:
    """The graphs of one trial, traced: `train` does a part, `score` a range of rows.

    A slot is float32 [width]: weights, first and second moments, every round's loss so far, summed
    over its steps, and of the latest round [workers, TOLD]: in the slot's own row what its part
    says of itself, noughts in the others; so the mean of the slots has it of all. Rounds write the
    two rows of slots in turn, so that none is written while it may be read: the variable is
    float32 [2, workers, width].
    """

    def __init__(self, spec: TrialSpec, prepared: Prepared, model: FlatModel) -> None:
        # Optimising the graph costs every worker more than it saves, save where it is what
        # finds the GPU's own kernel for a recurrent layer.
        optimise_graphs(spec.model in WINDOWED_MODELS)
        self.splits = {name: StagedRows.of(prepared, name) for name in SPLITS}
        rounds = count_rounds(self.splits["train"].items, spec.batch, spec.epochs)
        self.sizes = [model.size, model.size, model.size, rounds, spec.workers * TOLD]
        self.size, self.width = model.size, sum(self.sizes)
        self.shape = (2, spec.workers, self.width)
        self._spec, self.model = spec, model
        self._variable = f"weights-{uuid.uuid4().hex}"  # of this trial: servers serve many
        self.train = _trace(self._train_part, [len(Part._fields)])
        self.score = _trace(self._score_range, [4])

    def handle(self) -> Any:
        """Name the variable on the parameter server."""
        with tf.device(PS):
            return tf.raw_ops.VarHandleOp(
                dtype=tf.float32, shape=self.shape, shared_name=self._variable
            )

    def _mean(self, numbers: Any) -> Any:
        """Read the mean of the slots: float32 [width], after as many rounds as the first number.

        All numbers go to the parameter server, in one message where one of them would be one too.
        """
        with tf.device(PS):
            slots = tf.raw_ops.ResourceGather(
                resource=self.handle(), indices=numbers[0] % 2, dtype=tf.float32
            )
            return tf.reduce_mean(slots, axis=0)

    def _train_part(self, numbers: Any) -> None:
        """Do one part of a round: the numbers of a Part.

        It gives nothing back: a third of what a round costs would go into that.
        """
        began = tf.timestamp()
        with tf.control_dependencies([began]):
            numbers = tf.identity(numbers)
        part = Part(*tf.unstack(numbers))
        state = tf.identity(self._mean(numbers))
        rows = self.splits["train"]
        series, total = rows.tensor(), tf.constant(rows.items, tf.int64)
        places = tf.range(part.low, part.high) + part.place
        rates = _rates(self._spec.learning_rate, tf.range(part.steps) + part.step + 1)
        share = 1 / tf.cast((part.high - part.low) * rows.values, tf.float32)

        def step(i: Any, lost: Any, weights: Any, first: Any, second: Any) -> Tuple[Any, ...]:
            x = rows.take(series, (part.a * (places + i * self._spec.batch) + part.b) % total)
            with tf.GradientTape() as tape:
                tape.watch(weights)
                y = self.model.call(weights, x, True)
            # Of the mean absolute error. Given as it is, it costs a third of the step's operations
            # less than derived by way of shapes that only the worker knows.
            difference = y - x
            loss, slope = tf.reduce_mean(tf.abs(difference)), share * tf.sign(difference)
            gradient = tape.gradient(y, weights, output_gradients=slope)
            change = _adam(tf.gather(rates, i), gradient, first, second)
            return (i + 1, lost + loss, weights - change.weights, change.first, change.second)

        *moments, losses, _ = tf.split(state, self.sizes)
        start = (tf.constant(0, tf.int64), tf.constant(0.0), *moments)
        _, lost, *after = tf.while_loop(
            lambda i, *_: i < part.steps, step, start, parallel_iterations=1
        )
        lost = sound(lost, series, rows.file)
        losses += lost * tf.one_hot(part.round, self.sizes[3])
        with tf.control_dependencies([lost]):
            seconds = tf.cast(tf.timestamp() - began, tf.float32)
        said = tf.stack([lost, seconds, tf.cast(worker_index(), tf.float32)])
        told = tf.one_hot(part.worker, self._spec.workers)[:, tf.newaxis] * said
        self._write(numbers, tf.concat([*after, losses, tf.reshape(told, [-1])], 0))

    def _write(self, numbers: Any, slot: Any) -> None:
        """Write a worker's slot [width] for the next round to read."""
        with tf.device(PS):
            row_and_worker = tf.add(numbers[:2], [1, 0]) % [2, self._spec.workers]
            tf.raw_ops.ResourceScatterNdUpdate(
                ref=self.handle(), indices=row_and_worker[tf.newaxis], updates=slot[tf.newaxis]
            )

    def _score_range(self, numbers: Any) -> Any:
        """Score some rows: (rounds, split, first, last + 1) to their mean absolute errors [rows].

        A split is its place in SPLITS.
        """
        _, split, first, last = tf.unstack(numbers)
        weights = tf.identity(self._mean(numbers)[: self.size])
        x = tf.switch_case(
            tf.cast(split, tf.int32),
            [
                lambda rows=rows: rows.take(rows.tensor(), tf.range(first, last))
                for rows in self.splits.values()
            ],
        )
        difference = tf.abs(self.model.call(weights, x, False) - x)
        errors = tf.reduce_mean(difference, axis=list(range(1, len(difference.shape))))
        return sound(errors, x)


def optimise_graphs(wanted: bool) -> None:
    """Have TensorFlow optimise graphs or not: of this whole process, which may have stood by for
    another kind of trial."""
    tf.config.optimizer.set_experimental_options({"disable_meta_optimizer": not wanted})


def _trace(function: Any, shape: Any) -> Any:
    traced = tf.function(function, [tf.TensorSpec(shape, tf.int64)], autograph=False)
    return traced.get_concrete_function()


class _Change(NamedTuple):
    weights: Any
    first: Any
    second: Any


def _rates(rate: float, steps: Any) -> Any:
    """Give Adam's corrected learning rate at each of the steps, which count from 1."""
    time = tf.cast(steps, tf.float32)
    return rate * tf.sqrt(1 - tf.pow(BETA_2, time)) / (1 - tf.pow(BETA_1, time))


def _adam(rate: Any, gradient: Any, first: Any, second: Any) -> _Change:
    """Give what to take off the weights, and the new moments, all [size]."""
    first = BETA_1 * first + (1 - BETA_1) * gradient
    second = BETA_2 * second + (1 - BETA_2) * tf.square(gradient)
    return _Change(rate * first / (tf.sqrt(second) + EPSILON), first, second)
