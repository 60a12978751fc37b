"""Line charts: guarded points through plotext into lines of the screen."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from edgead.console.plotting import Limits, Point, decimate, guard, ticks_of

Rgb = tuple[int, int, int]
LEAST_WIDTH, LEAST_HEIGHT = 16, 4
MOST_WIDTH, MOST_HEIGHT = 1000, 300


@dataclass(frozen=True)
class Line:
    """A curve to draw and its colour; later lines lie over earlier ones."""

    points: Sequence[Point]
    rgb: Rgb


@dataclass(frozen=True)
class Chart:
    """Lines on two axes. `y_limits` are in log10 where `log` is set, the points never are."""

    lines: Sequence[Line]
    x_limits: Limits
    y_limits: Limits
    log: bool
    last_tick: float  # x ticks end here; beyond it the axis only makes room for labels
    least_left: int = 0  # cells at least of the y axis' labels: charts that stand together align


@dataclass(frozen=True)
class Inks:
    """The colours around the lines: of text, axes, grid and what is behind them."""

    text: Rgb
    axis: Rgb
    grid: Rgb
    background: Rgb


@dataclass(frozen=True)
class Frame:
    """Where the plotting area lies in the drawn text: its left column, and its size in cells."""

    left: int
    width: int
    height: int

    def column(self, x: float, ends: Limits) -> int:
        """Give the column of the drawn text in which x lies."""
        low, high = ends
        return self.left + round((x - low) / (high - low) * (self.width - 1))

    def row(self, y: float, ends: Limits) -> float:
        """Give the row, from the top, at which y lies."""
        low, high = ends
        return (high - y) / (high - low) * (self.height - 1)


def frame_of(chart: Chart, width: int, height: int) -> Frame:
    """Say where the plotting area of a chart of that size will be."""
    labels = [label for _, label in _y_ticks(chart, height)]
    left = max(map(len, labels), default=0) + 1
    return Frame(left, max(2, width - left), height - 2)


def draw_chart(chart: Chart, width: int, height: int, inks: Inks) -> str:
    """Draw a chart into text with colour codes; empty where there is no room for one.

    Any points may come: what plotext can't survive never reaches it.
    """
    if not (LEAST_WIDTH <= width <= MOST_WIDTH and LEAST_HEIGHT <= height <= MOST_HEIGHT):
        return ""
    plotext, figure = _figure()

    def pixel(rgb: Rgb) -> Any:
        return plotext.pixel(foreground=rgb, background=inks.background)

    _theme(plotext, inks)
    figure.clear.all()
    figure.plot_size(width, height)
    figure.theme(_theme_name(inks))
    figure.legend(False)
    figure.axes(False, axis="both", side="both")
    figure.axes(True, axis="x", side="lower", pixel=pixel(inks.axis))
    figure.axes(True, axis="y", side="left", pixel=pixel(inks.axis))
    _rule(figure, chart, width, height)
    columns = frame_of(chart, width, height).width
    for line in chart.lines:
        curve = decimate(guard(line.points, chart.x_limits, chart.y_limits, chart.log), 2 * columns)
        if curve.xs:
            marker = plotext.marker("braille", pixel=pixel(line.rgb))
            signal = figure.signal(list(curve.xs), list(curve.ys), marker=marker).lines(True)
            for index in curve.breaks:
                signal.line(index, False)
            figure.draw(signal)
    return str(figure.build().string())


def _rule(figure: Any, chart: Chart, width: int, height: int) -> None:
    """Set both axes' limits and ticks, and the grid."""
    x_axis, y_axis = figure.ruler("x"), figure.ruler("y")
    x_axis.lim(*chart.x_limits)
    y_axis.lim(*chart.y_limits)
    y_ticks = _y_ticks(chart, height)
    y_axis.ticks([at for at, _ in y_ticks], [label for _, label in y_ticks])
    y_axis.grid(True, style="dotted")
    x_ticks = ticks_of((chart.x_limits[0], chart.last_tick), max(2, width // 10), False)
    x_axis.ticks([at for at, _ in x_ticks], [label for _, label in x_ticks])


def _y_ticks(chart: Chart, height: int) -> list[tuple[float, str]]:
    ticks = ticks_of(chart.y_limits, max(2, (height - 2) // 2 + 1), chart.log)
    return [(at, label.rjust(chart.least_left)) for at, label in ticks]


@lru_cache(maxsize=1)
def _figure() -> tuple[Any, Any]:
    """Import plotext, late since it takes a while, and give it with a figure of our own."""
    import plotext

    plotext.terminal.limit(False, False)
    return plotext, type(plotext.figure)(parent=plotext.terminal)


def _theme_name(inks: Inks) -> str:
    return "edgead-" + "-".join("".join(f"{part:02x}" for part in rgb) for rgb in _all(inks))


def _all(inks: Inks) -> tuple[Rgb, ...]:
    return inks.text, inks.axis, inks.grid, inks.background


@lru_cache(maxsize=16)
def _theme(plotext: Any, inks: Inks) -> None:
    """Make the colours known to plotext, whose own ground is white."""
    plotext.add_theme(
        _theme_name(inks),
        canvas=inks.background,
        text=plotext.pixel(foreground=inks.text, background=inks.background),
        grid=plotext.pixel(foreground=inks.grid, background=inks.background),
    )
