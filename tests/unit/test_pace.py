"""A chief is late when it is silent for far longer than ever before."""

from __future__ import annotations

import pytest

from edgead.console.running import pace
from edgead.console.running.pace import Pace


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    now = [100.0]
    monkeypatch.setattr(pace.time, "monotonic", lambda: now[0])
    monkeypatch.setattr(pace, "LOOK_SECONDS", 0.0)
    return now


async def test_it_is_late_after_a_silence(clock: list[float]) -> None:
    watched = Pace(stall_seconds=3.0)
    watched.begin()
    clock[0] += 31.0
    assert "has not got on for 30 s" in await watched.late()


async def test_the_deadline_follows_the_pace(clock: list[float]) -> None:
    watched = Pace(stall_seconds=3.0)
    watched.begin()
    clock[0] += 4.0
    watched.seen()
    assert watched.limit == 80.0
    clock[0] += 81.0
    assert "for 80 s" in await watched.late()


def test_a_stall_is_no_pace(clock: list[float]) -> None:
    watched = Pace(stall_seconds=3.0)
    watched.begin()
    clock[0] += 500.0
    watched.seen()
    assert watched.limit == 30.0


def test_waiting_for_others_does_not_count(clock: list[float]) -> None:
    watched = Pace(stall_seconds=3.0)
    watched.begin()
    watched.pause()
    clock[0] += 1000.0
    watched.seen()
    assert watched.limit == 30.0
