"""Several seeds as one sweep: which seeds, which runs belong together, their mean and spread."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from statistics import fmean, stdev
from typing import NamedTuple

from edgead.console.errors import UsageError
from edgead.console.runs.run_lines import RunLine
from edgead.models.spec import TrialSpec

MOST_SEEDS = 100
METRICS = (
    ("test accuracy", "test_accuracy", 4),
    ("validation accuracy", "validation_accuracy", 4),
    ("loss at the end", "loss", 5),
    ("seconds of training", "seconds", 2),
)


class Spread(NamedTuple):
    """One figure over some runs: its name, how many runs have it, mean, standard deviation (of the
    sample; None for one run), least and most, and the digits to write it with."""

    name: str
    runs: int
    mean: float
    deviation: float | None
    least: float
    most: float
    digits: int

    def __str__(self) -> str:
        d = self.digits
        spread = "" if self.deviation is None else f" ± {self.deviation:.{d}f}"
        return f"{self.mean:.{d}f}{spread}  ({self.least:.{d}f} to {self.most:.{d}f})"


def parse_seeds(text: str) -> tuple[int, ...]:
    """Read seeds such as `1..5`, `1,3,7` or `1..3,10`. Raises UsageError: one line."""
    seeds: list[int] = []
    for part in text.split(","):
        found = re.fullmatch(r"\s*(\d{1,10})(?:\s*\.\.\s*(\d{1,10}))?\s*", part)
        low = int(found[1]) if found else 1
        high = int(found[2] or low) if found else 0
        if high < low or high > 2**31 - 1:
            expected = "expected seeds such as 1..5 or 1,3,7"
            raise UsageError(f"--seeds {text[:80]}: {expected}, from 0 to 2147483647")
        if high - low >= MOST_SEEDS:
            raise UsageError(f"--seeds {text[:80]}: at most {MOST_SEEDS} at a time")
        seeds += range(low, high + 1)
    found_seeds = tuple(dict.fromkeys(seeds))
    if len(found_seeds) > MOST_SEEDS:
        raise UsageError(f"--seeds {text[:80]}: at most {MOST_SEEDS} at a time")
    return found_seeds


def with_seeds(spec: TrialSpec, seeds: Sequence[int]) -> tuple[TrialSpec, ...]:
    """Give the same trial with each of these seeds."""
    return tuple(replace(spec, seed=seed) for seed in seeds)


def sweep_of(run: RunLine, runs: Sequence[RunLine]) -> list[RunLine]:
    """Give the finished runs that differ from one in nothing but the seed, a seed once.

    Of two runs with one seed the later counts. The answer is in the order of seeds.
    """
    same = replace(run.spec, seed=0)
    found: dict[int, RunLine] = {}
    for each in sorted(runs, key=lambda line: line.number):
        alike = replace(each.spec, seed=0) == same and each.synthetic == run.synthetic
        if alike and each.state == "finished":
            found[each.spec.seed] = each
    return [found[seed] for seed in sorted(found)]


def spreads(runs: Sequence[RunLine]) -> list[Spread]:
    """Give mean and spread of each figure that some of these runs have."""
    rows = []
    for name, field, digits in METRICS:
        values = [value for run in runs if (value := getattr(run, field)) is not None]
        if values:
            deviation = stdev(values) if len(values) > 1 else None
            row = len(values), fmean(values), deviation, min(values), max(values)
            rows.append(Spread(name, *row, digits))
    return rows
