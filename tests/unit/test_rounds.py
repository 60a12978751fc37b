"""The plan of distributed training: every row's place, whatever the number of workers."""

from __future__ import annotations

import math

from hypothesis import given, settings
from hypothesis import strategies as st

from edgead.models.rounds import MOST_STEPS, Part, Shuffle, count_rounds, plan, steps_per_epoch

sizes = st.tuples(
    st.integers(1, 500), st.integers(1, 60), st.integers(1, 6), st.integers(1, 3)
).filter(lambda size: size[1] >= size[2] and size[0] >= size[1])


def rows_of(part: Part, n: int, batch: int) -> list[int]:
    """Compute which rows a part takes, step by step, as the graph does."""
    return [
        (part.a * ((part.place + i * batch + k) % n) + part.b) % n
        for i in range(part.steps)
        for k in range(part.low, part.high)
    ]


@given(st.integers(1, 5000), st.integers(0, 99), st.integers(0, 99))
def test_a_shuffle_has_a_place_for_every_row(n: int, seed: int, epoch: int) -> None:
    a, b = Shuffle.of(n, seed, epoch)
    assert math.gcd(a, n) == 1
    assert sorted((a * i + b) % n for i in range(n)) == list(range(n))


@settings(max_examples=60)
@given(sizes, st.integers(0, 9))
def test_an_epoch_takes_no_row_twice_and_as_many_as_the_paper(
    size: tuple[int, int, int, int], seed: int
) -> None:
    n, batch, workers, epochs = size
    rounds = list(plan(n, batch, workers, epochs, seed))
    for epoch in range(epochs):
        parts = [part for each in rounds if each.epoch == epoch for part in each.parts]
        rows = [row for part in parts for row in rows_of(part, n, batch)]
        assert len(rows) == len(set(rows)) == batch * (n // batch)
    assert [each.parts[0].round for each in rounds] == list(range(len(rounds)))
    assert len(rounds) == count_rounds(n, batch, epochs)
    assert max(part.steps for each in rounds for part in each.parts) <= MOST_STEPS
    assert all([part.worker for part in each.parts] == list(range(workers)) for each in rounds)


def test_steps_count_on_through_training() -> None:
    rounds = list(plan(77_695, 2048, 3, 10, seed=1))
    assert steps_per_epoch(77_695, 2048) == 37
    assert [each.parts[0].step for each in rounds[:3]] == [0, 37, 74]
    assert rounds[-1].parts[0].step + rounds[-1].parts[0].steps == 370
    assert rounds[-1].steps_done == 37


def test_the_seed_decides_the_order_and_an_epoch_its_own() -> None:
    assert list(plan(1000, 100, 2, 2, seed=3)) == list(plan(1000, 100, 2, 2, seed=3))
    first, second = (each.parts[0] for each in list(plan(1000, 1000, 1, 2, seed=3)))
    assert (first.a, first.b) != (second.a, second.b)
    assert Shuffle.of(1000, 3, 0) != Shuffle.of(1000, 4, 0)
