"""The paper's tables beside measured runs, as plain tables."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import fmean

from edgead.console import paper
from edgead.console.state import TrialState

# Differences in accuracy that count as the same result, and as near it.
WITHIN, CLOSE = 0.01, 0.02


@dataclass(frozen=True)
class Row:
    """One figure: the paper's, the measured ones (one a run), and a verdict on the last of them.

    The verdict is within, close, better, off, or new where the paper has no such figure.
    """

    label: str
    paper: float | None
    measured: tuple[float | None, ...]
    verdict: str
    digits: int = 4
    unit: str = ""

    @property
    def difference(self) -> float | None:
        """The last measured figure less the paper's."""
        last = next((value for value in reversed(self.measured) if value is not None), None)
        return None if last is None or self.paper is None else last - self.paper


@dataclass(frozen=True)
class Table:
    """Rows under a title; `columns` names the runs that head the measured figures."""

    title: str
    columns: tuple[str, ...]
    rows: tuple[Row, ...]
    note: str = ""


@dataclass(frozen=True)
class ComparisonTable:
    """All tables of one comparison."""

    tables: tuple[Table, ...]


def compare(states: Sequence[TrialState], *, with_paper: bool = True) -> ComparisonTable:
    """Lay runs beside each other and, if asked, beside what the paper says of their data set."""
    heads = tuple(f"{state.run} {short_name(state)}" for state in states)
    known = _published(states) if with_paper else None
    text = " · ".join(_notes(states))
    title = known.detection if known else "Detection"
    second = known.run_time if known else "Run time (s)"
    return ComparisonTable(
        (
            Table(title, heads, tuple(_quality(states, known)), text),
            Table(second, heads, tuple(_times(states, known))),
        )
    )


def _published(states: Sequence[TrialState]) -> paper.Published | None:
    """Give the paper's figures, unless the runs are of different data sets."""
    names = {state.spec.dataset for state in states} or {"kdd99"}
    return paper.PUBLISHED.get(names.pop()) if len(names) == 1 else None


def _notes(states: Sequence[TrialState]) -> list[str]:
    notes = []
    for name in dict.fromkeys(state.spec.dataset for state in states):
        runs = [s.run for s in states if s.synthetic and s.spec.dataset == name]
        if runs:
            title = {"kdd99": "KDD99", "swat": "SWaT"}.get(name, name)
            notes.append(f"synthetic data, not {title}: {', '.join(runs)}")
    return [*notes, *(f"{s.run} collapsed: its scores mean nothing" for s in states if s.collapsed)]


def short_name(state: TrialState) -> str:
    """Name a trial's way of training in a few words: central, fast·3, paper·3 synthetic."""
    spec = state.spec
    name = f"{spec.engine}·{spec.workers}" if spec.distributed else "central"
    return f"{name} synthetic" if state.synthetic else name


def quality_verdict(paper_value: float | None, measured: float | None) -> str:
    """Judge a score (0 to 1, higher is better) against the paper's."""
    if paper_value is None or measured is None:
        return "new"
    difference = measured - paper_value
    if abs(difference) <= WITHIN:
        return "within"
    if difference > 0:
        return "better"
    return "close" if -difference <= CLOSE else "off"


def time_verdict(paper_value: float | None, measured: float | None) -> str:
    """Judge seconds (lower is better) against the paper's, which other machines took."""
    if paper_value is None or measured is None:
        return "new"
    return "better" if measured <= paper_value else "off"


def _quality(states: Sequence[TrialState], published: paper.Published | None) -> list[Row]:
    rows = []
    for split in ("validation", "test"):
        for metric in ("accuracy", "precision", "recall", "f1"):
            known = published.scores.get(split, {}).get(metric) if published else None
            measured = tuple(state.scores.get(split, {}).get(metric) for state in states)
            verdict = quality_verdict(known, measured[-1] if measured else None)
            rows.append(Row(f"{split} {metric}", known, measured, verdict))
    return rows


def _times(states: Sequence[TrialState], known: paper.Published | None) -> list[Row]:
    def said(name: str) -> float | None:
        return getattr(known, name) if known else None

    figures: list[tuple[str, float | None, Callable[[TrialState], float | None]]] = [
        ("training, all epochs", said("training"), lambda state: state.training_seconds),
        ("first epoch", said("first_epoch"), _first_epoch),
        ("later epochs, mean", said("later_epoch"), _later_epochs),
        ("test prediction", said("prediction"), _prediction),
    ]
    rows = []
    for label, value, measure in figures:
        measured = tuple(measure(state) for state in states)
        verdict = time_verdict(value, measured[-1] if measured else None)
        rows.append(Row(label, value, measured, verdict, digits=2, unit="s"))
    return rows


def _first_epoch(state: TrialState) -> float | None:
    return state.epochs[0].seconds if state.epochs else None


def _later_epochs(state: TrialState) -> float | None:
    return fmean(e.seconds for e in state.epochs[1:]) if len(state.epochs) > 1 else None


def _prediction(state: TrialState) -> float | None:
    seconds = state.scores.get("test", {}).get("seconds", {}).get("predict")
    return float(seconds) if seconds is not None else None
