"""The bench's figures: medians over rounds of a centralised, a paper-engine and a fast trial."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any

from edgead.console.reports import paper
from edgead.console.reports.compare import Row, Table, time_verdict

Result = dict[str, Any]  # as `result_of` gives it
HostSeconds = Mapping[str, Mapping[str, float]]  # variant (models/host_prediction.py), then split
UNBATCHED = "no batching"
SPLITS = {"4.2": "validation", "4.3": "test"}


@dataclass(frozen=True)
class Round:
    """What ran one after the other with one seed.

    Three trials, the last once more on the nodes it left warm; prediction on the host; and the
    LSTM autoencoder, centralised and with two workers. `warm_start` is the seconds from asking for
    the warm trial to its first step of training.
    """

    central: Result
    paper: Result
    fast: Result
    warm: Result
    warm_start: float
    host: HostSeconds
    lstm_central: Result
    lstm: Result


@dataclass(frozen=True)
class Figure:
    """One figure: the median of the rounds', their lowest and highest, and its unit."""

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


def _cpu(result: Result) -> float:
    return float(result["chief_cpu_seconds"])


# The first epoch is with connecting and shipping the graph, and with so much of building and
# tracing it as was not done when the cluster's tasks were ready.
MEASURES: dict[str, tuple[str, Callable[[Round], float]]] = {
    "train_total_central": ("s", lambda r: _total(r.central)),
    "train_total_paper": ("s", lambda r: _total(r.paper)),
    "train_total": ("s", lambda r: _total(r.fast)),
    "train_total_vs_central": ("×", lambda r: _total(r.fast) / _total(r.central)),
    "train_total_vs_paper": ("×", lambda r: _total(r.fast) / _total(r.paper)),
    "first_epoch": ("s", lambda r: _first_epoch(r.fast)),
    "first_epoch_vs_central_total": ("×", lambda r: _first_epoch(r.fast) / _total(r.central)),
    "first_epoch_vs_later": ("×", lambda r: _first_epoch(r.fast) / _later_epoch(r.fast)),
    "later_epoch": ("s", lambda r: _later_epoch(r.fast)),
    "chief_cpu_vs_central": ("×", lambda r: _cpu(r.fast) / _cpu(r.central)),
    "chief_cpu_with_preparing_vs_central": (
        "×",
        lambda r: (_cpu(r.fast) + float(r.fast["prepare_cpu_seconds"])) / _cpu(r.central),
    ),
    "predict_host": ("s", lambda r: r.host[UNBATCHED]["test"]),
    "predict_workers": ("s", lambda r: _predict(r.fast)),
    "predict_vs_host": ("×", lambda r: _predict(r.fast) / r.host[UNBATCHED]["test"]),
    "warm_start": ("s", lambda r: r.warm_start),
    "warm_train_total_vs_central": ("×", lambda r: _total(r.warm) / _total(r.central)),
    "warm_first_epoch_vs_central_total": (
        "×",
        lambda r: _first_epoch(r.warm) / _total(r.central),
    ),
    "warm_chief_cpu_vs_central": ("×", lambda r: _cpu(r.warm) / _cpu(r.central)),
    "lstm_first_epoch": ("s", lambda r: _first_epoch(r.lstm)),
    "lstm_later_epoch": ("s", lambda r: _later_epoch(r.lstm)),
    "lstm_first_epoch_vs_later": ("×", lambda r: _first_epoch(r.lstm) / _later_epoch(r.lstm)),
    "lstm_later_vs_central": ("×", lambda r: _later_epoch(r.lstm) / _later_epoch(r.lstm_central)),
    "validation_accuracy_central": ("", lambda r: r.central["validation"]["accuracy"]),
    "validation_accuracy_paper": ("", lambda r: r.paper["validation"]["accuracy"]),
    "validation_accuracy": ("", lambda r: r.fast["validation"]["accuracy"]),
    "test_accuracy_central": ("", lambda r: r.central["test"]["accuracy"]),
    "test_accuracy_paper": ("", lambda r: r.paper["test"]["accuracy"]),
    "test_accuracy": ("", lambda r: r.fast["test"]["accuracy"]),
}


def figures(rounds: Sequence[Round]) -> list[Figure]:
    """Measure every round and give each figure's median, lowest and highest."""
    found = []
    for name, (unit, measure) in MEASURES.items():
        values = [float(measure(each)) for each in rounds]
        found.append(Figure(name, median(values), unit, min(values), max(values)))
    return found


def mean_gaps(rounds: Sequence[Round]) -> list[Figure]:
    """Give the mean accuracy of the fast engine less that of centralised training, in points."""
    found = []
    for split in SPLITS.values():
        gaps = [100 * (r.fast[split]["accuracy"] - r.central[split]["accuracy"]) for r in rounds]
        mean = sum(gaps) / len(gaps)
        found.append(Figure(f"{split}_gap_to_central", mean, "points", min(gaps), max(gaps)))
    return found


def prediction_tables(rounds: Sequence[Round]) -> tuple[Table, ...]:
    """Lay out Tables 4.2 and 4.3: seconds to score a split, on the host and on the workers."""
    return tuple(_prediction(number, split, rounds) for number, split in SPLITS.items())


def _prediction(number: str, split: str, rounds: Sequence[Round]) -> Table:
    rows = [
        _row(f"host, {variant}", None, [r.host[variant][split] for r in rounds])
        for variant in rounds[0].host
    ]
    seconds = [float(r.fast[split]["seconds"]["predict"]) for r in rounds]
    known = paper.PREDICTION_SECONDS_CLUSTER[0] if split == "test" else None
    rows.append(_row("workers, by row ranges", known, seconds))
    return Table(
        f"Table {number}  Prediction of the {split} rows (s), medians",
        ("measured",),
        tuple(rows),
        "the paper: 0.29 s on the host, 14 to 25 s on the cluster" if split == "test" else "",
    )


def _row(label: str, known: float | None, seconds: Sequence[float]) -> Row:
    value = median(seconds)
    return Row(label, known, (value,), time_verdict(known, value), digits=3, unit="s")
