"""Paired bars of seconds per epoch, the paper's figures as dashed lines behind them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from edgead.console.canvas import Canvas
from edgead.console.plotting import Limits, height_of, ticks_of

WIDEST, NARROWEST = 6, 1


@dataclass(frozen=True)
class Bars:
    """One trial's bars: seconds for each epoch number (from 1), and their ink."""

    ink: str
    seconds: dict[int, float]


@dataclass(frozen=True)
class Target:
    """A figure to stand beside: seconds, its label, and the epochs (first, last) it holds for."""

    seconds: float
    label: str
    first: int
    last: int


@dataclass(frozen=True)
class Layout:
    """How the epochs are laid out: the axis' column, a bar's and a group's width, and which."""

    left: int
    bar: int
    group: int
    first: int
    last: int

    def column(self, epoch: int) -> int:
        """Give the first column of an epoch's group."""
        return self.left + 1 + (epoch - self.first) * self.group


def draw_bars(
    canvas: Canvas, bars: Sequence[Bars], targets: Sequence[Target], epochs: int, log: bool
) -> None:
    """Draw one group of bars an epoch, the latest that fit, onto a canvas of at least 16 × 4.

    On a log axis the targets lie in sight. On a linear one the axis fits the bars, and a target
    beyond it is named with an arrow at the top.
    """
    rows = canvas.height - 2
    ends = _ends([s for series in bars for s in series.seconds.values()], targets, log)
    ticks = ticks_of(ends, max(2, rows // 2), log)
    left = max((len(label) for _, label in ticks), default=1)
    layout = _lay_out(canvas.width - left - 1, left, len(bars), bars, epochs)
    _draw_axes(canvas, ticks, ends, layout)
    for target in targets:
        _draw_line(canvas, target, ends, layout, log)
    for at, series in enumerate(bars):
        _draw_series(canvas, series, at, ends, layout, log)
    for target in targets:
        _label(canvas, target, ends, layout, log)


def _ends(seconds: Sequence[float], targets: Sequence[Target], log: bool) -> Limits:
    """Give the axis' ends: a log axis starts well below the least bar, so that bars are bars."""
    heights = [h for value in seconds if (h := height_of(value, log)) is not None]
    if not log:
        return 0.0, max([*heights, 1e-9]) * 1.15
    heights += [h for target in targets if (h := height_of(target.seconds, True)) is not None]
    return min([*heights, 0.0]) - 0.5, max([*heights, 0.0]) + 0.15


def _lay_out(width: int, left: int, each: int, bars: Sequence[Bars], epochs: int) -> Layout:
    latest = max((max(series.seconds, default=1) for series in bars), default=1)
    bar = next(
        (b for b in range(WIDEST, NARROWEST, -1) if (b * each + 1) * epochs <= width), NARROWEST + 1
    )
    group = bar * each + 1
    fitting = max(1, width // group)
    if epochs <= fitting:
        return Layout(left, bar, group, 1, epochs)
    # A page at a time, by halves: bars that moved with every epoch would be painted anew.
    half = max(1, fitting // 2)
    pages = max(0, -(-(latest - fitting) // half))
    first = 1 + pages * half
    return Layout(left, bar, group, first, first + fitting - 1)


def _row(canvas: Canvas, height: float, ends: Limits) -> int:
    """Give the row that a height (as on the axis) lies in; -1 above the top."""
    share = (height - ends[0]) / (ends[1] - ends[0])
    return -1 if share > 1 else canvas.height - 3 - int(min(share, 0.999) * (canvas.height - 2))


def _draw_axes(
    canvas: Canvas, ticks: Sequence[tuple[float, str]], ends: Limits, layout: Layout
) -> None:
    bottom = canvas.height - 2
    for row in range(bottom):
        canvas.put(layout.left, row, "│", "rule")
    canvas.put(layout.left, bottom, "└" + "─" * (canvas.width - layout.left - 1), "rule")
    used: set[int] = set()
    for height, label in ticks:
        row = _row(canvas, height, ends) if height > ends[0] else bottom
        if row not in used:
            used.add(row)
            canvas.put(layout.left - len(label), row, label, "secondary")
            canvas.put(layout.left, row, "┤" if row < bottom else "└", "rule")
    every = 1 if layout.group >= 4 else 2 if layout.group >= 3 else 5
    for epoch in range(layout.first, layout.last + 1):
        if (epoch - 1) % every == 0:
            text = str(epoch)
            middle = layout.column(epoch) + (layout.group - 1 - len(text)) // 2
            canvas.put(middle, bottom + 1, text, "secondary")


def _span(canvas: Canvas, target: Target, layout: Layout) -> tuple[int, int]:
    """Give the columns (from, to) of the epochs a target holds for, as far as they are shown."""
    first, last = max(target.first, layout.first), min(target.last, layout.last)
    if last < first:
        return 0, 0
    return layout.column(first), min(canvas.width, layout.column(last) + layout.group - 1)


def _draw_line(canvas: Canvas, target: Target, ends: Limits, layout: Layout, log: bool) -> None:
    height = height_of(target.seconds, log)
    start, stop = _span(canvas, target, layout)
    if height is not None and stop > start:
        canvas.put(start, _row(canvas, height, ends), "╌" * (stop - start), "secondary")


def _draw_series(
    canvas: Canvas, series: Bars, at: int, ends: Limits, layout: Layout, log: bool
) -> None:
    rows = canvas.height - 2
    for epoch, seconds in series.seconds.items():
        height = height_of(seconds, log)
        if height is None or not layout.first <= epoch <= layout.last:
            continue
        share = min(1.0, max(0.0, (height - ends[0]) / (ends[1] - ends[0])))
        eighths = max(1, round(share * rows * 8))
        column = layout.column(epoch) + at * layout.bar
        canvas.bar(column, layout.bar, rows - 1, eighths, series.ink)
        text = short(seconds, layout.bar - 1)
        if text:
            canvas.put(column, rows - 1 - -(-eighths // 8), text.center(layout.bar), series.ink)


def _label(canvas: Canvas, target: Target, ends: Limits, layout: Layout, log: bool) -> None:
    """Name a target right of its line, above it, or at the top where it is out of sight."""
    height = height_of(target.seconds, log)
    start, stop = _span(canvas, target, layout)
    if height is None or stop <= start:
        return
    row = _row(canvas, height, ends)
    text = f" {target.label}" if row >= 0 else f"↑ {target.label} "
    spots = [(stop, row), (stop - len(text), row - 1)] if row >= 0 else [(start, 0), (stop, 0)]
    for column, at in spots:
        if canvas.free(column, at, len(text)):
            canvas.put(column, at, text, "secondary")
            return


def short(seconds: float, width: int) -> str:
    """Write seconds in at most so many characters; empty where that would say too little."""
    for digits in (2, 1, 0):
        text = f"{seconds:.{digits}f}"
        if len(text) <= width and (digits or seconds >= 9.5):
            return text
    return ""
