"""PacePlot: rows a second of every worker, a lane each, the slowest first: a round waits for it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import fmean, median

from textual.content import Content
from textual.strip import Strip

from edgead.console.canvas import Canvas
from edgead.console.narration import printable
from edgead.console.runs.measures import MOST_ROWS
from edgead.console.runs.state import TrialState
from edgead.console.session.session import Session
from edgead.console.tui.widgets.series import worker_gone, worker_name
from edgead.console.tui.widgets.strips import StripView

RECENT = 8  # parts that a worker's figure is the mean of
NAME_WIDTH, LEAST_SPARK = 16, 8
TALLEST = 4  # rows of a lane


@dataclass(frozen=True)
class Pace:
    """One lane: who, its rows a second over time, their recent mean, and whether it is gone."""

    name: str
    values: tuple[float, ...]
    recent: float
    gone: bool = False


class PacePlot(StripView):
    """The pace of the session's trial: of each worker, or of the whole where that is all known."""

    def __init__(self, session: Session, *, id: str) -> None:  # noqa: A002
        super().__init__(id=id)
        self._session = session

    def draw(self) -> list[Strip]:
        """Draw a lane a worker, as many as fit."""
        trial = self._session.trial
        paces = paces_of(trial) if trial else []
        self.caption(Content("Rows a second"), self._subtitle(paces))
        if not paces:
            return self.empty("the first round's end draws the first lane")
        canvas = Canvas(*self.size)
        fits = canvas.height if len(paces) <= canvas.height else max(0, canvas.height - 1)
        each = max(1, min(TALLEST, canvas.height // len(paces)))
        for at, pace in enumerate(paces[:fits]):
            self._lane(canvas, at * each, each, pace, max(p.recent for p in paces))
        if len(paces) > fits:
            rest = f"… {len(paces) - fits} faster ones"
            canvas.put(0, canvas.height - 1, rest, "secondary")
        return self.painted(canvas)

    def copy_text(self) -> str:
        """Give the recent means as tab-separated lines."""
        trial = self._session.trial
        rows = [f"{pace.name}\t{pace.recent:.0f}" for pace in (paces_of(trial) if trial else [])]
        return "\n".join(["worker\trows_per_second", *rows])

    def _lane(self, canvas: Canvas, top: int, rows: int, pace: Pace, fastest: float) -> None:
        """Draw a lane: a row, or several and a blank one over them."""
        row = top + rows - 1
        glyph, ink = ("✖ ", "error") if pace.gone else ("", "primary")
        name = printable(f"{glyph}{pace.name}")[:NAME_WIDTH]
        share = 100 * pace.recent / fastest if fastest > 0 else 0.0
        figure = f"{pace.recent:>11,.0f} rows/s {share:>4.0f} %"
        room = canvas.width - NAME_WIDTH - len(figure) - 2
        if room < LEAST_SPARK:
            figure, room = f"{pace.recent:>11,.0f}", canvas.width - NAME_WIDTH - 13
        canvas.put(0, row, name, "error" if pace.gone else "secondary")
        shown = pace.values[-room:] if room > 0 else ()
        first = NAME_WIDTH + 1 + room - len(shown)
        most, high = max(*pace.values, 1e-9), max(1, rows - 1)
        for at, value in enumerate(shown):
            canvas.bar(first + at, 1, row, max(1, round(8 * high * value / most)), ink)
        canvas.put(canvas.width - len(figure), row, figure, "")

    def _subtitle(self, paces: Sequence[Pace]) -> Content:
        if len(paces) < 2:
            return Content("")
        total = sum(pace.recent for pace in paces)
        middle = median(pace.recent for pace in paces)
        return Content.assemble(
            ("all ", "$secondary"), (f"{total:,.0f}", "bold"),
            ("  median ", "$secondary"), (f"{middle:,.0f}", "bold"),
        )  # fmt: skip


def paces_of(trial: TrialState) -> list[Pace]:
    """Give the workers' paces, slowest first; one for all where the engine tells no more."""
    found = [
        _pace(worker_name(trial, at), [p.rows_per_second for p in points], worker_gone(trial, at))
        for at, points in trial.measures.parts.items()
    ]
    rows, speeds = float(min(trial.rows.get("train", 0), MOST_ROWS)), []
    if not found and rows and trial.epochs:
        known = [epoch.seconds for epoch in trial.epochs if math.isfinite(epoch.seconds)]
        speeds = [rows / max(seconds, 1e-6) for seconds in known]
    if speeds:
        found = [_pace("all workers" if trial.spec.distributed else "this machine", speeds)]
    return sorted(found, key=lambda pace: pace.recent)


def _pace(name: str, speeds: Sequence[float], gone: bool = False) -> Pace:
    return Pace(name, tuple(speeds), fmean(speeds[-RECENT:]), gone)
