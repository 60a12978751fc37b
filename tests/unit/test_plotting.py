"""Ticks, limits, the guard, decimation, labels and bars."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgead.console.canvas import Canvas, meter
from edgead.console.plotting import (
    Curve,
    decimate,
    envelope,
    guard,
    limits,
    linear_ticks,
    log_ticks,
    number,
    panned,
    place_labels,
    smooth,
    ticks_of,
    window,
    zoomed,
)
from edgead.console.tui.bars import Bars, Target, draw_bars, short

ANY = st.one_of(st.none(), st.floats())


@pytest.mark.parametrize(
    ("low", "high", "most", "expected"),
    [
        (0, 10, 5, [0, 2, 4, 6, 8, 10]),
        (0, 1, 4, [0, 0.5, 1.0]),
        (-3, 3, 3, [-2, 0, 2]),
        (1, 1, 5, []),
    ],
)
def test_linear_ticks_are_1_2_5(low, high, most, expected):
    assert linear_ticks(low, high, most) == pytest.approx(expected)


@pytest.mark.parametrize(
    ("low", "high", "most", "expected"),
    [
        (-2, 0, 8, [0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0]),
        (-2, 0, 5, [0.01, 0.03, 0.1, 0.3, 1.0]),
        (-2, 0, 3, [0.01, 0.1, 1.0]),
        (math.log10(0.11), math.log10(0.17), 6, [0.12, 0.14, 0.16]),
    ],
)
def test_log_ticks_are_1_2_5_as_far_as_they_fit(low, high, most, expected):
    assert log_ticks(low, high, most) == pytest.approx(expected)


@given(st.lists(ANY), st.booleans(), st.integers(2, 40))
def test_any_values_give_limits_and_ticks_inside_them(values, log, most):
    low, high = limits(values, log)
    assert math.isfinite(high - low) and high > low
    for at, label in ticks_of((low, high), most, log):
        assert low - (high - low) * 1e-6 <= at <= high + (high - low) * 1e-6
        assert label


@given(st.lists(st.tuples(ANY, ANY)), st.booleans())
def test_what_the_guard_lets_through_is_finite_and_near(points, log):
    ends = (-2.0, 1.0)
    curve = guard(points, (0.0, 10.0), ends, log)
    assert len(curve.xs) == len(curve.ys)
    assert all(-10 <= x <= 20 for x in curve.xs)
    assert all(-5 <= y <= 4 for y in curve.ys)
    assert all(0 < at < len(curve.xs) for at in curve.breaks)


def test_the_guard_breaks_the_line_where_points_are_missing():
    points = [(0, 1), (1, math.nan), (2, 1), (3, 1), (4, None), (5, math.inf), (6, 1)]
    curve = guard(points, (0, 10), (0, 2), log=False)
    assert curve == Curve((0, 2, 3, 6), (1, 1, 1, 1), (1, 3))


def test_decimation_keeps_spikes_ends_and_breaks():
    ys = [0.0] * 1000
    ys[500], ys[501] = 9.0, -9.0
    thin = decimate(Curve(tuple(range(1000)), tuple(ys), (700,)), 100)
    assert len(thin.xs) <= 110
    assert {9.0, -9.0} <= set(thin.ys)
    assert (thin.xs[-1], len(thin.breaks)) == (999, 1)


@given(st.lists(st.floats(-50, 50)), st.integers(0, 12))
def test_labels_get_rows_of_their_own_in_order(wanted, rows):
    placed = place_labels(wanted, rows)
    given_rows = [row for row in placed if row is not None]
    assert len(given_rows) == len(set(given_rows)) == min(len(wanted), rows)
    assert all(0 <= row < rows for row in given_rows)
    by_wish = sorted(range(len(wanted)), key=wanted.__getitem__)
    in_order = [placed[at] for at in by_wish if placed[at] is not None]
    assert in_order == sorted(in_order)


@pytest.mark.parametrize(
    ("value", "text"),
    [(0, "0"), (0.02, "0.02"), (1500, "1500"), (2e-7, "2e-7"), (1e30, "1e30"), (1e9, "1e9")],
)
def test_numbers_are_short(value, text):
    assert number(value) == text


@pytest.mark.parametrize(
    ("percent", "text"), [(0, "    "), (50, "██  "), (100, "████"), (12.5, "▌   "), (900, "████")]
)
def test_a_meter_is_exact_to_an_eighth(percent, text):
    assert meter(percent, 4) == text


@pytest.mark.parametrize(
    ("seconds", "width", "text"),
    [(0.317, 4, "0.32"), (0.317, 3, "0.3"), (12.3, 3, "12"), (0.3, 1, ""), (1.0, 1, "")],
)
def test_seconds_are_written_short(seconds, width, text):
    assert short(seconds, width) == text


def shown(canvas: Canvas) -> str:
    return "\n".join("".join(text for text, _ in canvas.runs(row)) for row in range(canvas.height))


def test_a_target_out_of_sight_is_named_with_an_arrow():
    target = Target(22.5, "paper 20–25 s", 1, 1)
    for log, mark in ((True, "╌"), (False, "↑ paper")):
        canvas = Canvas(60, 14)
        draw_bars(canvas, [Bars("a", {1: 0.5, 2: 0.3})], [target], 10, log)
        assert mark in shown(canvas)


@given(
    st.dictionaries(st.integers(1, 300), st.floats(), max_size=40),
    st.integers(16, 120),
    st.integers(4, 40),
    st.integers(1, 400),
    st.booleans(),
)
def test_any_bars_are_drawn(seconds, width, height, epochs, log):
    canvas = Canvas(width, height)
    targets = [Target(22.5, "first", 1, 1), Target(1.0, "later", 2, epochs)]
    draw_bars(canvas, [Bars("a", seconds), Bars("b", {})], targets, epochs, log)
    assert len(shown(canvas).splitlines()) == height


def test_the_latest_epochs_are_shown_where_not_all_fit():
    canvas = Canvas(40, 10)
    draw_bars(canvas, [Bars("a", dict.fromkeys(range(1, 101), 1.0))], [], 200, True)
    assert "99" in shown(canvas).splitlines()[-1].split()  # of 1 to 100, every other named


def test_a_window_cuts_a_curve_at_its_edges():
    points = [(0.0, 0.0), (1.0, 10.0), (2.0, 20.0), (3.0, 30.0)]
    assert window(points, (0.5, 2.5)) == [(0.5, 5.0), (1.0, 10.0), (2.0, 20.0), (2.5, 25.0)]
    assert window(points, (1.2, 1.6)) == pytest.approx([(1.2, 12.0), (1.6, 16.0)])
    assert window(points, (0.0, 3.0)) == points
    assert window(points, (5.0, 6.0)) == window([], (0.0, 1.0)) == []


@given(st.lists(st.tuples(st.floats(0, 100), st.floats())), st.floats(0, 100), st.floats(0, 100))
def test_what_is_in_a_window_lies_inside(points, one, other):
    low, high = sorted((one, other))
    assert all(low <= x <= high for x, _ in window(sorted(points), (low, high)))


def test_zooming_and_moving_stay_inside_the_whole():
    whole = (0.0, 100.0)
    assert zoomed(whole, whole, 0.5, 100.0) == (50.0, 100.0)
    assert zoomed((50.0, 100.0), whole, 2.0, 100.0) is None  # all of it again
    assert panned((50.0, 100.0), whole, 0.25) == (50.0, 100.0)
    assert panned((50.0, 100.0), whole, -0.5) == (25.0, 75.0)
    assert panned(whole, whole, -0.25) is None
    view = whole
    for _ in range(40):
        view = zoomed(view, whole, 0.5, 30.0)
    assert 0.1 <= view[1] - view[0] < 0.3


def test_smoothing_starts_anew_after_what_is_no_number():
    found = smooth([(0, 1.0), (1, 2.0), (2, math.nan), (3, 5.0)], keep=0.5)
    assert [y for _, y in found[:2]] == [1.0, 1.5]
    assert math.isnan(found[2][1]) and found[3][1] == 5.0


def test_an_envelope_is_the_least_and_the_most_at_each_x():
    low, high = envelope([[(0.0, 1.0), (1.0, 5.0)], [(0.0, 3.0), (1.0, math.nan), (2.0, 4.0)]])
    assert low == [(0.0, 1.0), (1.0, 5.0), (2.0, 4.0)]
    assert high == [(0.0, 3.0), (1.0, 5.0), (2.0, 4.0)]
