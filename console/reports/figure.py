"""A figure of curves as plain shapes, laid out once for every file format: Figure 4.1."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from edgead.console.plotting import Limits, Point, height_of, limits, place_labels, ticks_of
from edgead.console.reports.compare import short_name
from edgead.console.runs.state import TrialState

WIDTH, HEIGHT = 760, 460
LEFT, RIGHT, TOP, BOTTOM = 74, 190, 46, 54
TEXT, LABEL_HEIGHT = 13, 17
MOST_X = 1e15  # epochs; beyond it whole numbers are no longer told apart
INK, QUIET, GRID, PAPER = "#1e252c", "#5a6672", "#dde2e7", "#ffffff"
# Okabe and Ito's colours, which the colour-blind can tell apart; dashes tell them apart in print.
COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#56b4e9", "#e69f00", "#000000")
DASHES = ((), (7, 4), (2, 3), (9, 3, 2, 3))


@dataclass(frozen=True)
class Trace:
    """One curve: its name and its points, in order of x."""

    name: str
    points: Sequence[Point]


@dataclass(frozen=True)
class Figure:
    """Curves over one pair of axes."""

    title: str
    x_label: str
    y_label: str
    traces: Sequence[Trace]
    log: bool


@dataclass(frozen=True)
class Path:
    """Joined points in pixels, from the top left; dashes are lengths on and off."""

    points: tuple[Point, ...]
    colour: str
    width: float
    dashes: tuple[int, ...] = ()


@dataclass(frozen=True)
class Label:
    """A text whose baseline begins, is centred or ends at a place; `upwards` turns it left."""

    x: float
    y: float
    text: str
    colour: str = QUIET
    anchor: Literal["start", "middle", "end"] = "start"
    size: int = TEXT
    upwards: bool = False


Shape = Path | Label


def loss_figure(states: Sequence[TrialState], *, log: bool = True) -> Figure:
    """Give the runs' mean loss of each epoch, overlaid, as the paper's Figure 4.1."""
    traces = [
        Trace(f"{s.run} {short_name(s)}", [(float(e.number), e.loss) for e in s.epochs])
        for s in states
    ]
    return Figure("Training loss (Figure 4.1)", "epoch", "mean absolute error", traces, log)


def shapes(figure: Figure) -> list[Shape]:
    """Lay a figure out on WIDTH by HEIGHT pixels; any points may come."""
    xs = [x for trace in figure.traces for x, _ in _drawable(trace, figure.log)]
    ys = [y for trace in figure.traces for _, y in _drawable(trace, figure.log)]
    low, high = min(xs, default=0.0), max(xs, default=1.0)
    x_ends = (low, high) if high > low else (low - 0.5, low + 0.5)
    y_ends = limits(ys, figure.log)

    def x_of(value: float) -> float:
        return LEFT + (value - x_ends[0]) / (x_ends[1] - x_ends[0]) * (WIDTH - LEFT - RIGHT)

    def y_of(height: float) -> float:
        share = (height - y_ends[0]) / (y_ends[1] - y_ends[0])
        return HEIGHT - BOTTOM - share * (HEIGHT - TOP - BOTTOM)

    found: list[Shape] = [Label(LEFT, 26, figure.title, INK, size=16)]
    if not xs:
        found.append(Label(LEFT + 12, HEIGHT / 2, "no run has finished an epoch yet"))
    for at, text in ticks_of(y_ends, 8, figure.log):
        found.append(Path(((LEFT, y_of(at)), (WIDTH - RIGHT, y_of(at))), GRID, 1))
        found.append(Label(LEFT - 8, y_of(at) + TEXT / 3, text, anchor="end"))
    for at, text in _whole_ticks(x_ends):
        base = HEIGHT - BOTTOM
        found.append(Path(((x_of(at), base), (x_of(at), base + 5)), QUIET, 1))
        found.append(Label(x_of(at), base + 20, text, anchor="middle"))
    corner = ((LEFT, TOP), (LEFT, HEIGHT - BOTTOM), (WIDTH - RIGHT, HEIGHT - BOTTOM))
    found.append(Path(corner, QUIET, 1))
    found.append(Label((LEFT + WIDTH - RIGHT) / 2, HEIGHT - 14, figure.x_label, anchor="middle"))
    found.append(Label(20, (TOP + HEIGHT - BOTTOM) / 2, figure.y_label, "#5a6672", "middle",
                       upwards=True))  # fmt: skip
    traces = [trace for trace in figure.traces if _drawable(trace, figure.log)]
    ends = []
    for number, trace in enumerate(traces):
        colour, dashes = COLOURS[number % len(COLOURS)], DASHES[number % len(DASHES)]
        for piece in _pieces(trace, figure.log):
            points = tuple((x_of(x), y_of(height_of(y, figure.log) or 0.0)) for x, y in piece)
            found.append(Path(points, colour, 2, dashes))
        ends.append((trace.name, colour, found[-1]))
    return found + _names(ends)


def _names(ends: Sequence[tuple[str, str, Shape]]) -> list[Shape]:
    """Write the curves' names beside their ends, none over another."""
    lasts = [shape.points[-1] for _, _, shape in ends if isinstance(shape, Path)]
    rows = place_labels([y / LABEL_HEIGHT for _, y in lasts], HEIGHT // LABEL_HEIGHT)
    found: list[Shape] = []
    for (name, colour, _), (x, y), row in zip(ends, lasts, rows, strict=True):
        if row is not None:
            at = row * LABEL_HEIGHT
            found.append(Path(((x + 3, y), (WIDTH - RIGHT + 14, at)), GRID, 1))
            found.append(Label(WIDTH - RIGHT + 18, at + TEXT / 3, name[:22], colour))
    return found


def _whole_ticks(ends: Limits) -> list[tuple[float, str]]:
    """Give ticks at whole numbers: there is no half an epoch."""
    return [(at, text) for at, text in ticks_of(ends, 10, False) if at == math.floor(at)]


def _drawable(trace: Trace, log: bool) -> list[Point]:
    return [
        point
        for point in trace.points
        if abs(point[0]) < MOST_X and height_of(point[1], log) is not None
    ]


def _pieces(trace: Trace, log: bool) -> list[list[Point]]:
    """Break a curve where a point can't be drawn; a lone point becomes a short line."""
    pieces: list[list[Point]] = [[]]
    for x, y in trace.points:
        if abs(x) < MOST_X and height_of(y, log) is not None:
            pieces[-1].append((x, y))
        elif pieces[-1]:
            pieces.append([])
    return [piece if len(piece) > 1 else [piece[0], piece[0]] for piece in pieces if piece]
