"""Joules from power samples."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgead.console.runs.energy import GAP_SECONDS, Energy


def energy_of(samples):
    """Integrate samples (seconds, watts) in order of time."""
    total = Energy()
    for at, watts in samples:
        total = total.then(at, watts)
    return total


def test_constant_power_is_power_times_time():
    used = energy_of((float(second), 10.0) for second in range(61))
    assert (used.joules, used.seconds, used.watts) == (600.0, 60.0, 10.0)


def test_between_two_samples_power_is_their_mean():
    assert energy_of([(0.0, 0.0), (2.0, 10.0)]).joules == 10.0


def test_a_gap_counts_for_nothing():
    used = energy_of([(0.0, 10.0), (1.0, 10.0), (2.0 + GAP_SECONDS, 10.0), (3.0 + GAP_SECONDS, 10)])
    assert (used.joules, used.seconds) == (20.0, 2.0)


@pytest.mark.parametrize("watts", [None, math.nan, math.inf, -1.0, 1e30])
def test_what_is_no_power_is_left_out(watts):
    used = energy_of([(0.0, 10.0), (1.0, watts), (2.0, 10.0)])
    assert (used.joules, used.seconds) == (20.0, 2.0)


def test_nothing_is_known_of_one_sample():
    assert energy_of([(0.0, 10.0)]).watts is None
    assert Energy().joules == 0.0


@given(st.lists(st.tuples(st.floats(), st.none() | st.floats()), max_size=40))
def test_any_samples_give_a_finite_energy(samples):
    used = energy_of(samples)
    assert math.isfinite(used.joules) and used.joules >= 0
    assert math.isfinite(used.seconds) and used.seconds >= 0
    assert used.watts is None or 0 <= used.watts < math.inf
