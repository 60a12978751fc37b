"""Replays: every event once, in order, when it is due; steps back and forth."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgead.console.events import Event
from edgead.console.runs.playback import SPEEDS, Playback, faster

TIMES = [f"2026-01-01T00:00:{second:02d}.000Z" for second in (0, 1, 1, 5, 30)]
EVENTS = [Event(time, "step", {"n": number}) for number, time in enumerate(TIMES)]


def numbers(events) -> list[int]:
    return [event["n"] for event in events]


def test_events_come_when_they_are_due():
    playback = Playback(EVENTS, 2.0)
    assert playback.length == 30.0
    assert numbers(playback.pass_time(0)) == [0]
    assert numbers(playback.pass_time(0.4)) == []
    assert numbers(playback.pass_time(0.1)) == [1, 2]
    playback.paused = True
    assert numbers(playback.pass_time(100)) == []
    playback.paused, playback.speed = False, 0
    assert numbers(playback.pass_time(0)) == [3, 4]
    assert playback.over and playback.at == 30.0


def test_steps_pause_and_going_back_gives_all_up_to_there():
    playback = Playback(EVENTS)
    assert numbers(playback.step(2)) == [0, 1]
    assert playback.paused and playback.at == 1.0
    assert numbers(playback.step(-1)) == [0]
    assert numbers(playback.step(-9)) == []
    assert numbers(playback.step(99)) == [0, 1, 2, 3, 4]


@given(
    st.lists(st.text(max_size=30) | st.sampled_from(TIMES), max_size=12),
    st.lists(st.floats(0, 50), max_size=12),
    st.sampled_from(SPEEDS),
)
def test_whatever_the_clock_said_every_event_comes_once_and_in_order(times, passing, speed):
    events = [Event(time, "step", {"n": number}) for number, time in enumerate(times)]
    playback = Playback(events, speed)
    given_ = [n for seconds in passing for n in numbers(playback.pass_time(seconds))]
    playback.speed = 0
    given_ += numbers(playback.pass_time(0))
    assert given_ == list(range(len(events)))


@pytest.mark.parametrize(
    ("speed", "by", "then"),
    [(1, 1, 2), (1, -1, 0.5), (0, 1, 0), (0, -1, 100), (100, 1, 0), (0.25, -1, 0.25), (4, 1, 10)],
)
def test_speeds_go_up_and_down_by_the_usual_ones(speed, by, then):
    assert faster(speed, by) == then
