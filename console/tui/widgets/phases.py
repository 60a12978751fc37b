"""PhasesPlot: a lane a phase: what the first epoch is made of, or the whole trial."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.content import Content
from textual.reactive import reactive
from textual.strip import Strip

from edgead.console.canvas import Canvas
from edgead.console.narration import printable
from edgead.console.plotting import linear_ticks, number
from edgead.console.runs.measures import Measures, Span
from edgead.console.session.session import Session
from edgead.console.tui.widgets.strips import StripView

NAME_WIDTH, FIGURE_WIDTH = 14, 9
FIRST_EPOCH = {"prepare": "series-0", "connect": "series-3", "ship": "series-2", "step": "primary"}


@dataclass(frozen=True)
class Bar:
    """One lane: its name, its ink and the stretches it holds; or a note, where it has none."""

    name: str
    ink: str
    spans: tuple[Span, ...]
    note: str = ""


class PhasesPlot(StripView):
    """Where the time goes. `whole` shows all of the trial, else the first epoch."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("z", "whole", "Whole trial", show=False, tooltip="or the first epoch alone"),
    ]
    whole = reactive(False, init=False)

    def __init__(self, session: Session, *, id: str) -> None:  # noqa: A002
        super().__init__(id=id)
        self._session = session

    def watch_whole(self) -> None:
        """Draw the other stretch."""
        self.redraw()

    def action_whole(self) -> None:
        """Change between the first epoch and the whole trial."""
        self.whole = not self.whole

    def draw(self) -> list[Strip]:
        """Draw the lanes over one axis of seconds."""
        trial = self._session.trial
        bars = self._bars()
        what = "whole trial" if self.whole else "first epoch"
        self.caption(Content(f"Phases · {what}"), self._subtitle(bars))
        if trial is None or not bars:
            return self.empty("the first phase's end draws the first lane")
        spans = [span for bar in bars for span in bar.spans]
        now = trial.measures.seconds
        start = min(span.start for span in spans)
        end = max(span.end if span.end is not None else now for span in spans)
        canvas = Canvas(*self.size)
        _draw(canvas, bars, start, max(end, start + 1e-3), now)
        return self.painted(canvas)

    def copy_text(self) -> str:
        """Give the phases' seconds as tab-separated lines."""
        rows = [
            f"{bar.name}\t{span.start:.3f}\t{'' if span.end is None else f'{span.end:.3f}'}"
            for bar in self._bars()
            for span in bar.spans
        ]
        return "\n".join(["phase\tfrom_s\tto_s", *rows])

    def _bars(self) -> list[Bar]:
        trial = self._session.trial
        if trial is None:
            return []
        return whole_trial(trial.measures) if self.whole else first_epoch(trial.measures)

    def _subtitle(self, bars: Sequence[Bar]) -> Content:
        spans = [span for bar in bars for span in bar.spans if span.end is not None]
        if self.whole or not spans:
            return Content("")
        total = max(span.end or 0.0 for span in spans) - min(span.start for span in spans)
        return Content.assemble(
            ("with connecting ", "$secondary"), (f"{number(total, 3)} s", "bold")
        )


def first_epoch(measures: Measures) -> list[Bar]:
    """Give the lanes of the first epoch: trace, connect, ship, step.

    Tracing (the chief's phase prepare) is done while the tasks still start: then it takes none of
    the epoch's time, and is told beside it.
    """
    spans = measures.first_epoch()
    begins = min((span.start for span in spans if span.name != "prepare"), default=0.0)
    bars = []
    for span in spans:
        name, ink = "trace" if span.name == "prepare" else span.name, FIRST_EPOCH[span.name]
        if span.name == "prepare" and span.end is not None and span.end <= begins:
            took = number(round(span.end - span.start, 3), 3)
            bars.append(Bar(name, ink, (), f"{took} s, while the tasks started"))
        else:
            bars.append(Bar(name, ink, (span,)))
    return bars if any(bar.spans for bar in bars) else []


def whole_trial(measures: Measures) -> list[Bar]:
    """Give a lane a phase, in their order, with the data's way to the nodes and the epochs."""
    found: dict[str, list[Span]] = {}
    for span in measures.phases:
        found.setdefault(span.name, []).append(span)
    bars = [Bar(name, FIRST_EPOCH.get(name, "primary"), tuple(s)) for name, s in found.items()]
    sent = measures.stages.values()
    if sent:
        latest = [span.end for span in sent if span.end is not None]
        whole = Span("stage", min(s.start for s in sent), max(latest, default=None))
        bars.append(Bar("stage", "series-1", (whole,)))
    if measures.epochs:
        bars.append(Bar("epochs", "distributed", tuple(measures.epochs)))
    return sorted(bars, key=lambda bar: bar.spans[0].start)


def _draw(canvas: Canvas, bars: Sequence[Bar], start: float, end: float, now: float) -> None:
    """Draw the lanes, two rows apart where there is room, and the axis of seconds beneath."""
    rows = canvas.height - 2
    step = 2 if 2 * len(bars) - 1 <= rows else 1
    width = canvas.width - NAME_WIDTH - FIGURE_WIDTH
    if rows < 1 or width < 8:
        return

    def column(second: float) -> float:
        return NAME_WIDTH + (second - start) / (end - start) * width

    for tick in linear_ticks(0.0, end - start, max(2, width // 10)):
        at = round(column(start + tick))
        for row in range(rows):
            canvas.put(at, row, "┊", "rule")
        canvas.put(at, rows, "┴", "rule")
        canvas.put(at - len(number(tick)) // 2, rows + 1, number(tick), "secondary")
    for at, bar in enumerate(bars[:rows]):
        _lane(canvas, at * step, bar, column, now)
    canvas.put(canvas.width - 1, rows + 1, "s", "secondary")


def _lane(canvas: Canvas, row: int, bar: Bar, column: Callable[[float], float], now: float) -> None:
    canvas.put(0, row, printable(bar.name)[: NAME_WIDTH - 1], "secondary")
    if not bar.spans:
        canvas.put(NAME_WIDTH, row, bar.note, bar.ink)
        return
    after = 0
    for at, span in enumerate(bar.spans):
        end = now if span.end is None else span.end
        first, last = int(column(span.start)), max(int(column(span.start)) + 1, int(column(end)))
        # Neighbours of one lane differ in shade, or they would be one bar.
        canvas.put(first, row, ("█" if at % 2 == 0 else "▓") * (last - first), bar.ink)
        after = max(after, last)
    seconds = sum((now if s.end is None else s.end) - s.start for s in bar.spans)
    open_end = "…" if bar.spans[-1].end is None else ""
    canvas.put(after, row, f" {number(round(seconds, 3), 3)} s{open_end}", "")
