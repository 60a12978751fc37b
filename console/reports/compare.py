"""The paper's tables beside measured runs, as plain tables; runs that differ in seed also meant."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from statistics import fmean, stdev

from edgead.console.reports import paper
from edgead.console.runs.state import TrialState
from edgead.models.spec import TrialSpec

# Differences in accuracy that count as the same result, and as near it.
WITHIN, CLOSE = 0.01, 0.02
METRICS = ("accuracy", "precision", "recall", "f1")
TITLES = {"kdd99": "KDD99", "swat": "SWaT"}
PREDICTIONS = {"validation": "Table 4.2", "test": "Table 4.3"}

Measure = Callable[[TrialState], float | None]


def last_of(measured: Sequence[float | None]) -> float | None:
    """Give the figure that is held against the paper's: the last there is."""
    return next((value for value in reversed(measured) if value is not None), None)


@dataclass(frozen=True)
class Row:
    """One figure: the paper's, the measured ones (one a column), and a verdict on the last of them.

    The verdict is within, close, better, off, or new where the paper has no such figure.
    `spreads` has the standard deviation (n - 1) of each measured figure that is a mean.
    """

    label: str
    paper: float | None
    measured: tuple[float | None, ...]
    verdict: str
    digits: int = 4
    unit: str = ""
    spreads: tuple[float | None, ...] = ()

    @property
    def difference(self) -> float | None:
        """The last measured figure less the paper's."""
        last = last_of(self.measured)
        return None if last is None or self.paper is None else last - self.paper

    def spread(self, at: int) -> float | None:
        """Give a measured figure's standard deviation, None where it is no mean."""
        return self.spreads[at] if at < len(self.spreads) else None


@dataclass(frozen=True)
class Table:
    """Rows under a title; `columns` names what heads the measured figures: runs, or means."""

    title: str
    columns: tuple[str, ...]
    rows: tuple[Row, ...]
    note: str = ""


@dataclass(frozen=True)
class ComparisonTable:
    """All tables of one comparison."""

    tables: tuple[Table, ...]


@dataclass(frozen=True)
class Column:
    """What one column is measured on: a run, or several that differ in nothing but the seed."""

    head: str
    states: tuple[TrialState, ...]

    def value(self, measure: Measure) -> float | None:
        """Give the mean over the runs that have the figure."""
        found = [value for state in self.states if (value := measure(state)) is not None]
        return fmean(found) if found else None

    def spread(self, measure: Measure) -> float | None:
        """Give the standard deviation over the runs; None where fewer than two have the figure."""
        found = [value for state in self.states if (value := measure(state)) is not None]
        return stdev(found) if len(found) > 1 else None


def compare(
    states: Sequence[TrialState],
    *,
    with_paper: bool = True,
    means_only: bool = False,
    prediction: bool = True,
) -> ComparisonTable:
    """Lay runs beside each other and, if asked, beside what the paper says of their data set.

    Runs that differ in nothing but the seed stand together, and their mean with its spread after
    them; with `means_only` it stands for them. `prediction` adds Tables 4.2 and 4.3.
    """
    columns = columns_of(states, means_only=means_only)
    known = _published(states) if with_paper else None
    text = " · ".join(_notes(states, columns))
    title = known.detection if known else "Detection"
    second = known.run_time if known else "Run time (s)"
    tables = [_table(title, columns, _quality(known), text), _table(second, columns, _times(known))]
    if prediction:
        tables += _predictions(columns, known, _synthetic(states), numbered=with_paper)
    if any(state.measures.joules is not None for state in states):
        title = "Energy of the nodes (J), and their mean power (W)"
        tables.append(_table(title, columns, _ENERGY))
    return ComparisonTable(tuple(tables))


def columns_of(states: Sequence[TrialState], *, means_only: bool = False) -> list[Column]:
    """Give the columns: runs of one configuration together, and then their mean."""
    groups: dict[TrialSpec, list[TrialState]] = {}
    for state in states:
        groups.setdefault(replace(state.spec, seed=0, preset=""), []).append(state)
    columns = []
    for group in groups.values():
        name = short_name(group[0])
        if len(group) == 1 or not means_only:
            columns += [Column(f"{state.run} {short_name(state)}", (state,)) for state in group]
        if len(group) > 1:
            head = f"mean±σ {name} n={len(group)}"
            if any(column.head == head for column in columns):  # of another configuration
                head += f" {group[0].run}…"
            columns.append(Column(head, tuple(group)))
    return columns


def _table(
    title: str, columns: Sequence[Column], figures: Sequence[_Figure], note: str = ""
) -> Table:
    heads = tuple(column.head for column in columns)
    return Table(title, heads, tuple(_row(columns, figure) for figure in figures), note)


@dataclass(frozen=True)
class _Figure:
    """What a row shows: its label, the paper's figure, how to measure and how to judge it."""

    label: str
    paper: float | None
    measure: Measure
    judge: Callable[[float | None, float | None], str]
    digits: int = 4
    unit: str = ""


def _row(columns: Sequence[Column], figure: _Figure) -> Row:
    measured = tuple(column.value(figure.measure) for column in columns)
    return Row(
        figure.label,
        figure.paper,
        measured,
        figure.judge(figure.paper, last_of(measured)),
        figure.digits,
        figure.unit,
        tuple(column.spread(figure.measure) for column in columns),
    )


def _published(states: Sequence[TrialState]) -> paper.Published | None:
    """Give the paper's figures, unless the runs are of different data sets."""
    names = {state.spec.dataset for state in states} or {"kdd99"}
    return paper.PUBLISHED.get(names.pop()) if len(names) == 1 else None


def _synthetic(states: Sequence[TrialState]) -> list[str]:
    """Say which runs had made-up data: a note for every table that stands beside the paper's."""
    notes = []
    for name in dict.fromkeys(state.spec.dataset for state in states):
        runs = [s.run for s in states if s.synthetic and s.spec.dataset == name]
        if runs:
            notes.append(f"synthetic data, not {TITLES.get(name, name)}: {', '.join(runs)}")
    return notes


def _notes(states: Sequence[TrialState], columns: Sequence[Column]) -> list[str]:
    notes = _synthetic(states)
    for column in columns:
        if len(column.states) > 1:
            seeds = ", ".join(str(state.spec.seed) for state in column.states)
            notes.append(f"{column.head.removeprefix('mean±σ ')}: seeds {seeds}")
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


def _quality(published: paper.Published | None) -> list[_Figure]:
    def score(split: str, metric: str) -> Measure:
        return lambda state: _number(state.scores.get(split, {}).get(metric))

    return [
        _Figure(
            f"{split} {metric}",
            published.scores.get(split, {}).get(metric) if published else None,
            score(split, metric),
            quality_verdict,
        )
        for split in ("validation", "test")
        for metric in METRICS
    ]


def _times(known: paper.Published | None) -> list[_Figure]:
    def said(name: str) -> float | None:
        return getattr(known, name) if known else None

    measures: list[tuple[str, float | None, Measure]] = [
        ("training, all epochs", said("training"), lambda state: state.training_seconds),
        ("first epoch", said("first_epoch"), _first_epoch),
        ("later epochs, mean", said("later_epoch"), _later_epochs),
        ("test prediction", _predicted(known, "test", "host"), _prediction("test", None)),
    ]
    return [_Figure(*each, time_verdict, digits=2, unit="s") for each in measures]


def _predictions(
    columns: Sequence[Column],
    known: paper.Published | None,
    notes: Sequence[str],
    *,
    numbered: bool,
) -> list[Table]:
    """Lay out Tables 4.2 and 4.3: seconds to score a split, on the host and on the workers."""
    tables = []
    for split, number in PREDICTIONS.items():
        head = f"{number}  " if numbered and known and known.prediction else ""
        figures = [
            _Figure(
                f"on the {where}",
                _predicted(known, split, where),
                _prediction(split, where),
                time_verdict,
                digits=3,
                unit="s",
            )
            for where in ("host", "workers")
        ]
        said = known.prediction.get(split, {}).get("workers") if known else None
        theirs = [f"the paper's workers: {said[0]:g} to {said[1]:g} s"] if said else []
        note = " · ".join([*notes, *theirs])
        table = _table(f"{head}Prediction of the {split} rows (s)", columns, figures, note)
        rows = tuple(r for r in table.rows if any(v is not None for v in (r.paper, *r.measured)))
        if rows:
            tables.append(replace(table, rows=rows))
    return tables


def _predicted(known: paper.Published | None, split: str, where: str) -> float | None:
    """Give the least that the paper says prediction took."""
    found = known.prediction.get(split, {}).get(where) if known else None
    return found[0] if found else None


def _prediction(split: str, where: str | None) -> Measure:
    """Measure prediction's seconds, of those runs only that did it there."""

    def measure(state: TrialState) -> float | None:
        score = state.scores.get(split, {})
        if where not in (None, score.get("where")):
            return None
        seconds = score.get("seconds")
        return _number(seconds.get("predict")) if isinstance(seconds, dict) else None

    return measure


def _first_epoch(state: TrialState) -> float | None:
    return state.epochs[0].seconds if state.epochs else None


def _later_epochs(state: TrialState) -> float | None:
    return fmean(e.seconds for e in state.epochs[1:]) if len(state.epochs) > 1 else None


def _mean_watts(state: TrialState) -> float | None:
    known = [watts for each in state.measures.energy.values() if (watts := each.watts) is not None]
    return sum(known) if known else None


def _number(value: object) -> float | None:
    return float(value) if isinstance(value, int | float) else None


_ENERGY = (
    _Figure("all nodes", None, lambda state: state.measures.joules, time_verdict, 1, "J"),
    _Figure("mean power", None, _mean_watts, time_verdict, 2, "W"),
)
