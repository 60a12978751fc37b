"""The bench's figures: medians over pairs of a centralised and a distributed trial."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any

Result = dict[str, Any]  # as `result_of` gives it


@dataclass(frozen=True)
class Pair:
    """The results of one centralised and one distributed trial that ran one after the other."""

    central: Result
    distributed: Result


@dataclass(frozen=True)
class Figure:
    """One figure: the median of the pairs', their lowest and highest, and its unit."""

    name: str
    value: float
    unit: str
    low: float
    high: float


def _first_epoch(result: Result) -> float:
    return float(result["seconds"]["connect"] + result["seconds"]["first_epoch"])


def _later_epoch(result: Result) -> float:
    epochs: list[float] = result["seconds"]["epochs"]
    return median(epochs[1:] or epochs)


def _total(result: Result) -> float:
    return float(result["seconds"]["total"])


def _predict(result: Result) -> float:
    return float(result["test"]["seconds"]["predict"])


MEASURES: dict[str, tuple[str, Callable[[Pair], float]]] = {
    "train_total_central": ("s", lambda p: _total(p.central)),
    "train_total": ("s", lambda p: _total(p.distributed)),
    "train_total_vs_central": ("×", lambda p: _total(p.distributed) / _total(p.central)),
    "first_epoch": ("s", lambda p: _first_epoch(p.distributed)),
    "first_epoch_vs_central_total": (
        "×",
        lambda p: _first_epoch(p.distributed) / _total(p.central),
    ),
    "first_epoch_vs_later": (
        "×",
        lambda p: _first_epoch(p.distributed) / _later_epoch(p.distributed),
    ),
    "later_epoch": ("s", lambda p: _later_epoch(p.distributed)),
    "chief_cpu_vs_central": (
        "×",
        lambda p: p.distributed["chief_cpu_seconds"] / p.central["chief_cpu_seconds"],
    ),
    "predict_host": ("s", lambda p: _predict(p.distributed)),
    "validation_accuracy_central": ("", lambda p: p.central["validation"]["accuracy"]),
    "validation_accuracy": ("", lambda p: p.distributed["validation"]["accuracy"]),
    "test_accuracy_central": ("", lambda p: p.central["test"]["accuracy"]),
    "test_accuracy": ("", lambda p: p.distributed["test"]["accuracy"]),
}


def figures(pairs: Sequence[Pair]) -> list[Figure]:
    """Measure every pair and give each figure's median, lowest and highest."""
    found = []
    for name, (unit, measure) in MEASURES.items():
        values = [float(measure(pair)) for pair in pairs]
        found.append(Figure(name, median(values), unit, min(values), max(values)))
    return found
