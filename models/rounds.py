"""The plan of distributed training: which rows each part of each round takes, from the seed."""

from __future__ import annotations

import math
import random
from typing import Iterator, NamedTuple, Tuple

# Between two averages. More steps cost fewer messages, but the workers drift further apart.
MOST_STEPS = 256


class Shuffle(NamedTuple):
    """An order of n rows without a table of them: place i holds row (a * i + b) mod n."""

    a: int
    b: int

    @classmethod
    def of(cls, n: int, seed: int, epoch: int) -> Shuffle:
        """Draw the order of one epoch: a is coprime to n, so that every row has one place."""
        draw = random.Random(f"{seed} {epoch}")
        a = next(a for a in iter(lambda: draw.randrange(1, max(2, n)), None) if math.gcd(a, n) == 1)
        return cls(a, draw.randrange(n))


class Part(NamedTuple):
    """What one worker does in one round: some steps, and its share of the rows of each.

    Step s takes the places s * batch + low to s * batch + high (not included) of its epoch's
    order; `step` counts from the start of training, `place` from the start of the epoch.
    """

    round: int
    worker: int
    step: int
    steps: int
    place: int
    low: int
    high: int
    a: int
    b: int


class Round(NamedTuple):
    """A stretch of an epoch (from 0) after which the workers' weights are averaged."""

    epoch: int
    steps_done: int  # of the epoch, once this round is done
    parts: Tuple[Part, ...]


def steps_per_epoch(rows: int, batch: int) -> int:
    """Give the global steps of an epoch: floor(rows / batch), as section 3.3.2 of the paper."""
    return max(1, rows // batch)


def count_rounds(rows: int, batch: int, epochs: int) -> int:
    """Give how many rounds a training has."""
    return epochs * -(-steps_per_epoch(rows, batch) // MOST_STEPS)


def plan(rows: int, batch: int, workers: int, epochs: int, seed: int) -> Iterator[Round]:
    """Give all rounds of a training in order. The same arguments give the same plan."""
    steps, number = steps_per_epoch(rows, batch), 0
    rounds = count_rounds(rows, batch, epochs=1)
    cuts = [steps * i // rounds for i in range(rounds + 1)]
    for epoch in range(epochs):
        order = Shuffle.of(rows, seed, epoch)
        for start, stop in zip(cuts, cuts[1:]):  # noqa: RUF007 (Python 3.8)
            parts = tuple(
                Part(
                    round=number,
                    worker=worker,
                    step=epoch * steps + start,
                    steps=stop - start,
                    place=start * batch,
                    low=batch * worker // workers,
                    high=batch * (worker + 1) // workers,
                    a=order.a,
                    b=order.b,
                )
                for worker in range(workers)
            )
            yield Round(epoch, stop, parts)
            number += 1
