"""Curves: guarded line charts with their names where they end, as lines of a StripView."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from rich.ansi import AnsiDecoder
from rich.segment import Segment
from textual.strip import Strip
from textual.widget import Widget

from edgead.console.plotting import Limits, Point, height_of, number, place_labels, window
from edgead.console.tui.widgets.ink import colour, ink
from edgead.console.tui.widgets.plot import Chart, Inks, Line, draw_chart, frame_of

LABEL_AIR = 3  # cells around a label


@dataclass(frozen=True)
class Curve:
    """Points in order of x, a name where they end (none for an empty one), an ink.

    `fade` (0 to 1) is how far it recedes; `value` is what its label says, else its last y;
    `gone` marks one that has stopped before its time.
    """

    points: Sequence[Point]
    name: str
    ink: str
    fade: float = 0.0
    bold: bool = False
    value: float | None = None
    gone: bool = False

    def label(self, longest: int) -> str:
        """Give the text at its end, its name cut to so many characters."""
        value = self.value if self.value is not None else self.points[-1][1]
        return f"{'✖' if self.gone else '─'}{self.name[:longest]} {number(value, 3):>7}"


@dataclass(frozen=True)
class Axes:
    """Where curves are drawn: x from, to, and the last tick; y in log10 where `log` is set.

    `least_left` is the width at least of the y axis' labels, for charts that stand together.
    """

    x: Limits
    last_tick: float
    y: Limits
    log: bool
    least_left: int = 0


def with_room(x: Limits, width: int, room: int) -> Limits:
    """Lengthen an x axis so that so many cells of labels find room beyond its end."""
    columns = max(8, width - 6)
    low, high = x
    return low, low + (high - low) * columns / max(4, columns - room)


def room_of(curves: Sequence[Curve], longest: int) -> int:
    """Give the cells that the longest label needs."""
    labelled = [curve.label(longest) for curve in curves if curve.name and curve.points]
    return max(map(len, labelled), default=0) + LABEL_AIR - 1


def draw_curves(
    widget: Widget, curves: Sequence[Curve], axes: Axes, width: int, height: int, longest: int
) -> list[Strip]:
    """Draw curves, later ones over earlier ones, then the names over the room kept for them."""
    seen = [(curve, window(curve.points, (axes.x[0], axes.last_tick))) for curve in curves]
    lines = [Line(points, colour(widget, c.ink, c.fade).rgb) for c, points in seen]
    chart = Chart(lines, axes.x, axes.y, axes.log, axes.last_tick, axes.least_left)
    text = draw_chart(chart, width, height, _inks(widget))
    decoded = AnsiDecoder().decode(text)
    strips = [Strip(line.render(widget.app.console)) for line in decoded][:height]
    ends = [(c, end) for c, points in seen if c.name and (end := _end(points)) is not None]
    return _labelled(widget, strips, ends, chart, width, height, longest)


def _inks(widget: Widget) -> Inks:
    return Inks(
        text=colour(widget, "secondary").rgb,
        axis=colour(widget, "rule").rgb,
        grid=colour(widget, "rule", 0.35).rgb,
        background=widget.background_colors[1].rgb,
    )


def _end(points: Sequence[Point]) -> Point | None:
    return next((p for p in reversed(points) if height_of(p[1], False) is not None), None)


def _labelled(
    widget: Widget,
    strips: list[Strip],
    ends: Sequence[tuple[Curve, Point]],
    chart: Chart,
    width: int,
    height: int,
    longest: int,
) -> list[Strip]:
    """Write the labels beside the curves' ends, in one column that no curve reaches."""
    if not ends:
        return strips
    frame = frame_of(chart, width, height)
    reached = min(chart.last_tick, max(end[0] for _, end in ends))
    column = frame.column(max(reached, chart.x_limits[0]), chart.x_limits) + 2
    heights = [height_of(end[1], chart.log) or 0.0 for _, end in ends]
    rows = place_labels([frame.row(y, chart.y_limits) for y in heights], frame.height)
    base = widget.rich_style
    for (curve, _), row in zip(ends, rows, strict=True):
        if row is None or row >= len(strips):
            continue
        text = curve.label(longest)[: max(0, width - column)]
        style = base + ink(widget, curve.ink, bold=curve.bold)
        strip = strips[row].adjust_cell_length(width, base)
        label = Strip([Segment(text, style)])
        after = strip.crop(column + len(text), width)
        strips[row] = Strip.join([strip.crop(0, column), label, after])
    return strips
