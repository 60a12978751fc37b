"""Ticks, limits, decimation, labels and the guard: what a plot needs before anything is drawn."""

from __future__ import annotations

import math
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

# Beyond these an axis says nothing more, and differences of two ends could overflow.
LINEAR_BOUND = 1e100
LOG_BOUND = 100.0
MOST_ZOOM = 1000  # how much narrower than the whole a view may be

Point = tuple[float, float]
Limits = tuple[float, float]


@dataclass(frozen=True)
class Curve:
    """Finite points ready to draw; `breaks` are the indices not joined to the point before."""

    xs: tuple[float, ...]
    ys: tuple[float, ...]
    breaks: tuple[int, ...]


def height_of(value: float | None, log: bool) -> float | None:
    """Give where a value stands on the axis: itself or its log10; None where it can't stand."""
    if value is None or not math.isfinite(value) or (log and value <= 0):
        return None
    bound = LOG_BOUND if log else LINEAR_BOUND
    height = math.log10(value) if log else float(value)
    return min(bound, max(-bound, height))


def limits(values: Iterable[float | None], log: bool) -> Limits:
    """Give an axis' two ends (in log10 on a log axis) with a little air around the values."""
    heights = [h for value in values if (h := height_of(value, log)) is not None]
    if not heights:
        return (-1.0, 0.0) if log else (0.0, 1.0)
    low, high = min(heights), max(heights)
    least = 0.3 if log else max(abs(low), abs(high), 1e-9) * 0.1
    air = max((high - low) * 0.08, (least - (high - low)) / 2)
    floor = 0.0 if not log and low >= 0 else low - air
    return floor, high + air


def guard(points: Iterable[Point], x_limits: Limits, y_limits: Limits, log: bool) -> Curve:
    """Make points safe to draw, in their order.

    plotext's kernel aborts the process on a line through NaN or through a point far outside the
    limits. So points that are not finite are dropped and the line is broken there, and the rest
    are clipped to the limits and one span around them.
    """
    xs: list[float] = []
    ys: list[float] = []
    breaks: list[int] = []
    gap = False
    for x, y in points:
        height = height_of(y, log)
        if height is None or x is None or not math.isfinite(x):
            gap = True
            continue
        if gap and xs:
            breaks.append(len(xs))
        gap = False
        xs.append(_clip(x, x_limits))
        ys.append(_clip(height, y_limits))
    return Curve(tuple(xs), tuple(ys), tuple(breaks))


def window(points: Sequence[Point], ends: Limits) -> list[Point]:
    """Give the points whose x lies inside, and where the line crosses the window's edges.

    So a curve that goes on outside is cut, not bent. The points are in order of x.
    """
    low, high = ends
    first, last = bisect_left(points, low, key=_x_of), bisect_right(points, high, key=_x_of)
    found = list(points[first:last])
    before = _crossing(points[first - 1], points[first], low) if 0 < first < len(points) else None
    after = _crossing(points[last - 1], points[last], high) if 0 < last < len(points) else None
    return [p for p in (before, *found, after) if p is not None]


def _x_of(point: Point) -> float:
    return point[0]


def zoomed(view: Limits, whole: Limits, factor: float, at: float) -> Limits | None:
    """Scale a view around a point of it; None where it is the whole again."""
    low, high = (at + (end - at) * factor for end in view)
    if high - low < (whole[1] - whole[0]) / MOST_ZOOM:
        return view
    return _inside((low, high), whole)


def panned(view: Limits, whole: Limits, share: float) -> Limits | None:
    """Move a view by a share of its width, inside the whole; None where it is the whole."""
    by = (view[1] - view[0]) * share
    by = min(max(by, whole[0] - view[0]), whole[1] - view[1])
    return _inside((view[0] + by, view[1] + by), whole)


def _inside(view: Limits, whole: Limits) -> Limits | None:
    low, high = max(view[0], whole[0]), min(view[1], whole[1])
    return None if (low, high) == whole or high <= low else (low, high)


def _crossing(a: Point, b: Point, edge: float) -> Point | None:
    """Give where the line from a to b crosses x = edge strictly between them."""
    if not a[0] < edge < b[0]:
        return None
    share = (edge - a[0]) / (b[0] - a[0])
    return edge, a[1] + (b[1] - a[1]) * share


def smooth(points: Iterable[Point], keep: float = 0.7) -> list[Point]:
    """Smooth values by an exponential moving average; one that is not finite starts it anew."""
    found: list[Point] = []
    mean = math.nan
    for x, y in points:
        mean = keep * mean + (1 - keep) * y if math.isfinite(mean) and math.isfinite(y) else y
        found.append((x, mean))
    return found


def envelope(series: Sequence[Sequence[Point]]) -> tuple[list[Point], list[Point]]:
    """Give the lowest and the highest of many curves at each x that one of them has."""
    lowest: dict[float, float] = {}
    highest: dict[float, float] = {}
    for points in series:
        for x, y in points:
            if math.isfinite(x) and math.isfinite(y):
                lowest[x] = min(y, lowest.get(x, y))
                highest[x] = max(y, highest.get(x, y))
    return sorted(lowest.items()), sorted(highest.items())


def _clip(value: float, ends: Limits) -> float:
    low, high = ends
    return min(high + (high - low), max(low - (high - low), value))


def decimate(curve: Curve, most: int) -> Curve:
    """Thin a curve to about `most` points: of each bucket its lowest and its highest, in order."""
    if len(curve.xs) <= most:
        return curve
    size = max(2, math.ceil(2 * len(curve.xs) / max(2, most)))
    broken = set(curve.breaks)
    kept: list[int] = []
    breaks: list[int] = []
    for start in range(0, len(curve.xs), size):
        bucket = range(start, min(start + size, len(curve.xs)))
        ends = {min(bucket, key=curve.ys.__getitem__), max(bucket, key=curve.ys.__getitem__)}
        if broken.intersection(bucket) and kept:
            breaks.append(len(kept))
        kept += sorted(ends)
    if kept[-1] != len(curve.xs) - 1:  # a curve ends where its label stands
        kept.append(len(curve.xs) - 1)
    return Curve(tuple(curve.xs[i] for i in kept), tuple(curve.ys[i] for i in kept), tuple(breaks))


def linear_ticks(low: float, high: float, most: int) -> list[float]:
    """Give at most about `most` round numbers (1, 2 or 5 times a power of ten) from low to high."""
    span = high - low
    if not (math.isfinite(span) and span > 0 and most > 0):
        return []
    rough = span / most
    power = 10.0 ** math.floor(math.log10(rough))
    step = next((m * power for m in (1, 2, 5, 10) if m * power >= rough * 0.999), 10 * power)
    first = math.ceil(low / step - 1e-9)
    ticks = ((first + i) * step for i in range(most + 2))
    return [tick for tick in ticks if tick <= high + step * 1e-6]


def log_ticks(low: float, high: float, most: int) -> list[float]:
    """Give at most about `most` round values for an axis from 10**low to 10**high.

    1, 2 and 5 times powers of ten where they fit, else fewer; round numbers where the axis is
    too short for those.
    """
    span = high - low
    if not (math.isfinite(span) and span > 0 and most > 0):
        return []
    first, last = math.floor(low), math.ceil(high)
    for factors, every in ((1, 2, 5), 1), ((1, 3), 1), ((1,), 1), ((1,), 2), ((1,), 5), ((1,), 50):
        exponents = range(first - first % every, last + 1, every)
        values = [factor * 10.0**exponent for exponent in exponents for factor in factors]
        ticks = [value for value in values if low <= math.log10(value) <= high]
        if len(ticks) <= most:
            break
    if len(ticks) >= 2:
        return ticks
    return [v for v in linear_ticks(10.0**low, 10.0**high, max(2, most // 2)) if v > 0] or ticks


def ticks_of(ends: Limits, most: int, log: bool) -> list[tuple[float, str]]:
    """Give an axis' ticks: where each stands, and its label."""
    values = (log_ticks if log else linear_ticks)(*ends, most)
    return [(math.log10(value) if log else value, number(value)) for value in values]


def number(value: float, digits: int = 4) -> str:
    """Write a number in few characters, so many of them significant: 0.02, 1500, 2e-7."""
    text = f"{value:.{digits}g}"
    return text.replace("e+0", "e").replace("e+", "e").replace("e-0", "e-")


def place_labels(wanted: Sequence[float], rows: int) -> list[int | None]:
    """Give each label a row of its own, near the one it wants; None for those that don't fit."""
    order = sorted(range(len(wanted)), key=wanted.__getitem__)
    placed: list[int | None] = [None] * len(wanted)
    taken: list[int] = []
    for i in order[: max(0, rows)]:
        row = min(rows - 1, max(0, round(wanted[i])))
        taken.append(max(row, taken[-1] + 1) if taken else row)
    for back in range(1, len(taken) + 1):  # what was pushed below the last row moves up again
        taken[-back] = min(taken[-back], rows - back)
    for i, row in zip(order, taken, strict=False):
        placed[i] = row
    return placed
