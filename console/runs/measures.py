"""Measures: what the plots draw of a trial besides its loss, folded from its events.

Times are seconds since the trial's first event, by the clock of the event's `time`.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from edgead.console.events import Event
from edgead.console.runs.energy import Energy

MOST_POINTS = 2_000  # of one worker or node that are kept; more than any plot can show
MOST_ROWS = 10**12  # of one part
MOST_READING = 1e9  # of any sensor, in its unit
MOST_SERIES = 1_000  # workers, nodes or spans, whatever a log says


@dataclass(frozen=True, slots=True)
class PartPoint:
    """One worker's part of a round: epochs passed, rows a second, its mean loss."""

    epochs: float
    rows_per_second: float
    loss: float


@dataclass(frozen=True, slots=True)
class LoadPoint:
    """A node under load: seconds, watts, °C of its hottest sensor, CPU and GPU load in %."""

    seconds: float
    watts: float | None
    celsius: float | None
    cpu: float | None
    gpu: float | None


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of time: what went on, from when to when; `end` is None while it lasts."""

    name: str
    start: float
    end: float | None = None


@dataclass
class Scoring:
    """How far a split's scoring is: rows done of all, from second to second."""

    done: int
    rows: int
    start: float
    latest: float

    @property
    def rows_per_second(self) -> float | None:
        """Rows a second so far; None where no time has passed."""
        return self.done / (self.latest - self.start) if self.latest > self.start else None


@dataclass
class Measures:
    """All of it. `parts` is by worker index, `load` and `energy` by node, `scoring` by split."""

    phases: list[Span] = field(default_factory=list)
    stages: dict[str, Span] = field(default_factory=dict)  # of data, by node
    epochs: list[Span] = field(default_factory=list)
    parts: dict[int, list[PartPoint]] = field(default_factory=dict)
    load: dict[str, list[LoadPoint]] = field(default_factory=dict)
    energy: dict[str, Energy] = field(default_factory=dict)
    scoring: dict[str, Scoring] = field(default_factory=dict)
    seconds: float = 0.0  # of the latest event

    def take(self, event: Event, started: str) -> None:
        """Take one event of a trial that started then. Raises what a malformed event brings."""
        now = seconds_between(started, event.time)
        self.seconds = max(self.seconds, now)
        handler = _HANDLERS.get(event.kind)
        if handler is not None:
            handler(self, event, now)

    @property
    def joules(self) -> float | None:
        """All nodes' energy; None where no rail was read."""
        return sum(each.joules for each in self.energy.values()) if self.energy else None

    def first_epoch(self) -> list[Span]:
        """Give what the first epoch is made of: prepare, connect, ship, step, as far as known."""
        known = {span.name: span for span in self.phases if span.end is not None}
        found = [known[name] for name in ("prepare", "connect", "ship") if name in known]
        if self.epochs and (end := self.epochs[0].end) is not None:
            start = max([self.epochs[0].start, *(span.end or 0.0 for span in found)])
            found.append(Span("step", min(start, end), end))
        return found


def seconds_between(start: str, end: str) -> float:
    """Give the seconds from one RFC 3339 time to another; 0 where one is none."""
    try:
        first, last = (datetime.fromisoformat(t.replace("Z", "+00:00")) for t in (start, end))
        return max(0.0, (last - first).total_seconds())
    except (ValueError, TypeError, OverflowError):
        return 0.0


def _phase(measures: Measures, event: Event, now: float) -> None:
    name = str(event["phase"])
    begun = [at for at, span in enumerate(measures.phases) if span == Span(name, span.start)]
    if event["state"] != "end":
        if len(measures.phases) < MOST_SERIES:
            measures.phases.append(Span(name, now))
        return
    end = now
    span = Span(name, max(0.0, end - max(0.0, _finite(event["seconds"]))), end)
    if begun:
        measures.phases[begun[-1]] = span
    elif len(measures.phases) < MOST_SERIES:
        measures.phases.append(span)


def _stage(measures: Measures, event: Event, now: float) -> None:
    node = str(event["node"])
    if node not in measures.stages and len(measures.stages) >= MOST_SERIES:
        return
    began = now - max(0.0, _finite(event["seconds"])) if "seconds" in event.data else now
    span = measures.stages.get(node, Span(node, began))
    measures.stages[node] = Span(node, min(span.start, began), now)


def _round(measures: Measures, event: Event, _now: float) -> None:
    passed = int(event["epoch"]) - 1 + int(event["step"]) / max(1, int(event["steps"]))
    for part in event["parts"]:
        seconds, rows = _finite(part["seconds"]), min(MOST_ROWS, max(0, int(part["rows"])))
        point = PartPoint(passed, rows / max(seconds, 1e-6), float(part["loss"]))
        _keep(measures.parts, int(part["worker"]), point)


def _epoch(measures: Measures, event: Event, now: float) -> None:
    number = int(event["epoch"])
    while measures.epochs and int(measures.epochs[-1].name) >= number:  # it is done again
        measures.epochs.pop()
    # An epoch is told a moment after its end; the next begins where it ended.
    start = measures.epochs[-1].end if measures.epochs else None
    if start is None:
        start = max(0.0, now - _finite(event["seconds"]))
    measures.epochs.append(Span(str(number), start, now))
    if len(measures.epochs) > MOST_POINTS:
        del measures.epochs[1:-1:2]


def _resumed(measures: Measures, event: Event, _now: float) -> None:
    """Forget what is done again: epochs after those that are kept, and their parts."""
    kept = max(0, int(event["epoch"]))
    measures.epochs[:] = [span for span in measures.epochs if int(span.name) <= kept]
    for points in measures.parts.values():
        points[:] = [point for point in points if point.epochs <= kept]


def _telemetry(measures: Measures, event: Event, now: float) -> None:
    node = str(event["node"])
    watts = _optional(event, "power_mw", 1e-3)
    values = (_optional(event, name) for name in ("celsius", "cpu", "gpu"))
    _keep(measures.load, node, LoadPoint(now, watts, *values))
    if watts is not None and (node in measures.energy or len(measures.energy) < MOST_SERIES):
        measures.energy[node] = measures.energy.get(node, Energy()).then(now, watts)


def _scoring(measures: Measures, event: Event, now: float) -> None:
    split, done, rows = str(event["split"]), int(event["done"]), min(MOST_ROWS, int(event["rows"]))
    began = next((s.start for s in reversed(measures.phases) if _scores(s.name, split)), now)
    found = measures.scoring.setdefault(split, Scoring(0, rows, began, now))
    found.done, found.rows, found.latest = max(0, min(done, rows)), rows, now
    if len(measures.scoring) > MOST_SERIES:
        del measures.scoring[split]


def _scores(phase: str, split: str) -> bool:
    """Whether a phase scores a split: training rows are scored to find the threshold."""
    return phase == ("threshold" if split == "train" else split)


_HANDLERS = {
    "phase": _phase,
    "stage": _stage,
    "round": _round,
    "epoch": _epoch,
    "resumed": _resumed,
    "telemetry": _telemetry,
    "scoring": _scoring,
}


def _keep(series: dict[Any, list[Any]], name: Any, point: Any) -> None:
    """Append a point; where a series has too many, every other goes."""
    if name not in series and len(series) >= MOST_SERIES:
        return
    points = series.setdefault(name, [])
    points.append(point)
    if len(points) > MOST_POINTS:
        del points[1:-1:2]


def _finite(value: Any) -> float:
    number = float(value)
    if not math.isfinite(number):
        raise ValueError(f"not a finite number: {number}")
    return number


def _optional(event: Event | Mapping[str, Any], name: str, scale: float = 1.0) -> float | None:
    value = event.get(name)
    if value is None:
        return None
    number = _finite(value)
    if abs(number) > MOST_READING:
        raise ValueError(f"no sensor reads {number}")
    return number * scale
