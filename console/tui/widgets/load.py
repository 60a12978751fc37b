"""LoadPlot: the nodes under load: power, heat and load over the trial's time, over its epochs."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from rich.segment import Segment
from textual.content import Content
from textual.strip import Strip

from edgead.console.canvas import Canvas
from edgead.console.narration import printable
from edgead.console.plotting import Limits, Point, envelope, limits, number, window
from edgead.console.runs.measures import LoadPoint, Measures
from edgead.console.runs.state import TrialState
from edgead.console.session.session import Session
from edgead.console.tui.widgets.curves import Axes, Curve, draw_curves, room_of, with_room
from edgead.console.tui.widgets.ink import ink
from edgead.console.tui.widgets.plot import LEAST_HEIGHT, LEAST_WIDTH, Frame
from edgead.console.tui.widgets.series import INKS, MOST_CURVES
from edgead.console.tui.widgets.zoom import ZoomView

LEFT = 5  # cells of the y axes' labels: all charts and the strip of epochs align
STRIP_ROWS, HEAD_ROWS = 1, 1
AIR = 2.0  # around values that do not begin at 0


@dataclass(frozen=True)
class Field:
    """What can be drawn: its title and unit, how to read it off a sample, and if 0 is a floor."""

    title: str
    unit: str
    read: Callable[[LoadPoint], float | None]
    from_zero: bool = True

    def limits(self, values: Sequence[float]) -> Limits:
        """Give the axis' ends for these values."""
        known = [value for value in values if math.isfinite(value)]
        if self.from_zero or not known:
            return limits(known, False)
        return min(known) - AIR, max(known) + AIR


FIELDS = (
    Field("power", "W", lambda point: point.watts),
    Field("temperature", "°C", lambda point: point.celsius, from_zero=False),
    Field("GPU", "%", lambda point: point.gpu),
    Field("CPU", "%", lambda point: point.cpu),
)


class LoadPlot(ZoomView):
    """Two charts over one axis of seconds, and under them when each epoch was."""

    def __init__(self, session: Session, *, id: str) -> None:  # noqa: A002
        super().__init__(id=id)
        self._session = session

    def whole(self) -> Limits:
        """Give the trial's start and its latest event, in seconds."""
        trial = self._session.trial
        return 0.0, max(1.0, trial.measures.seconds if trial else 1.0)

    def draw(self) -> list[Strip]:
        """Draw what the nodes tell: power and heat; their loads where they have no sensors."""
        trial = self._session.trial
        fields = fields_of(trial.measures) if trial else []
        title = " and ".join(field.title for field in fields) or "power and temperature"
        view = self.view and f" · {number(self.view[0], 3)}–{number(self.view[1], 3)} s"
        self.caption(Content(f"Under load · {title}{view or ''}"), self._subtitle())
        width, height = self.size
        charts = fields if height >= 2 * (LEAST_HEIGHT + HEAD_ROWS) + STRIP_ROWS else fields[:1]
        if trial is None or not charts:
            return self.empty("telemetry comes while a distributed trial's nodes are connected")
        each = (height - STRIP_ROWS) // len(charts) - HEAD_ROWS
        if width < LEAST_WIDTH or each < LEAST_HEIGHT:
            return self.empty("no room")
        longest = 14 if width >= 66 else 8
        drawn = [(field, curves_of(trial.measures, field)) for field in charts]
        room = max(room_of(curves, longest) for _, curves in drawn)
        x = with_room(self.shown, width, room)
        strips: list[Strip] = []
        spare = height - STRIP_ROWS - len(charts) * (each + HEAD_ROWS)
        for at, (field, curves) in enumerate(drawn):
            strips.append(self._head(field))
            strips += self._chart(field, curves, x, width, each + spare * (at == 0), longest)
        strips.append(self._epochs(trial, x, width))
        return strips

    def copy_text(self) -> str:
        """Give every sample as tab-separated lines."""
        trial = self._session.trial
        rows = [
            "\t".join([node, *("" if v is None else f"{v:g}" for v in _values(point))])
            for node, points in (trial.measures.load.items() if trial else ())
            for point in points
        ]
        return "\n".join(["node\tsecond\twatts\tcelsius\tcpu\tgpu", *rows])

    def _chart(
        self,
        field: Field,
        curves: Sequence[Curve],
        x: Limits,
        width: int,
        height: int,
        longest: int,
    ) -> list[Strip]:
        shown = self.shown
        seen = [y for curve in curves for _, y in window(curve.points, shown)]
        axes = Axes(x, shown[1], field.limits(seen), False, LEFT)
        strips = draw_curves(self, curves, axes, width, height, longest)
        return [*strips, *([Strip.blank(width, self.rich_style)] * height)][:height]

    def _head(self, field: Field) -> Strip:
        text = f"{field.unit:>{LEFT}}  {field.title}"
        return Strip([Segment(text, self.rich_style + ink(self, "secondary"))])

    def _epochs(self, trial: TrialState, x: Limits, width: int) -> Strip:
        """Draw when each epoch was, under the charts."""
        canvas = Canvas(width, 1)
        frame = Frame(LEFT + 1, max(2, width - LEFT - 1), 1)
        canvas.put(0, 0, "epoch", "secondary")
        low, high = self.shown
        for at, span in enumerate(trial.measures.epochs):
            end = span.end if span.end is not None else high
            if end < low or span.start > high:
                continue
            first = frame.column(max(low, span.start), x)
            last = max(first + 1, frame.column(min(high, end), x))
            block, shade = ("▓", "distributed") if at % 2 else ("█", "distributed")
            canvas.put(first, 0, block * (last - first), shade)
            if len(span.name) + 2 <= last - first:
                canvas.put(first + 1, 0, span.name, "")
        return self.painted(canvas)[0]

    def _subtitle(self) -> Content:
        trial = self._session.trial
        joules = trial.measures.joules if trial else None
        if trial is None or joules is None:
            return Content("")
        watts = sum(each.watts or 0.0 for each in trial.measures.energy.values())
        return Content.assemble(
            ("energy ", "$secondary"), (energy_text(joules), "bold"),
            ("  mean ", "$secondary"), (f"{number(watts, 3)} W", "bold"),
        )  # fmt: skip


def energy_text(joules: float) -> str:
    """Write an energy in J, kJ or Wh, whichever reads well."""
    if joules < 10_000:
        return f"{number(joules, 4)} J"
    return f"{number(joules / 3600, 3)} Wh"


def fields_of(measures: Measures) -> list[Field]:
    """Give the two fields to draw: the first that any node tells."""
    return [
        field
        for field in FIELDS
        if any(field.read(p) is not None for points in measures.load.values() for p in points[-9:])
    ][:2]


def curves_of(measures: Measures, field: Field) -> list[Curve]:
    """Give a curve a node; of many nodes the least and the most of any."""
    found: dict[str, list[Point]] = {}
    for node, points in measures.load.items():
        # A sample that lacks the field breaks the line.
        line = [(p.seconds, math.nan if (v := field.read(p)) is None else v) for p in points]
        if any(not math.isnan(y) for _, y in line):
            found[node] = line
    if len(found) > MOST_CURVES:
        least, most = envelope([_by_second(points) for points in found.values()])
        return [Curve(least, "lowest", INKS[1]), Curve(most, "highest", INKS[0])]
    return [
        Curve(points, printable(node), INKS[at % len(INKS)])
        for at, (node, points) in enumerate(sorted(found.items()))
    ]


def _by_second(points: Sequence[Point]) -> list[Point]:
    """Move samples to whole seconds, where those of several nodes meet."""
    return [(float(round(x)), y) for x, y in points]


def _values(point: LoadPoint) -> tuple[float | None, ...]:
    return point.seconds, point.watts, point.celsius, point.cpu, point.gpu
