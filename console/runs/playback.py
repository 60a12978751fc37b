"""Playback: a log's events again, at any speed. It has no clock: it is told how time passes."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from datetime import datetime

from edgead.console.errors import UsageError
from edgead.console.events import Event

MOST_SPEED = 1000.0
SPEEDS = (0.25, 0.5, 1.0, 2.0, 5.0, 10.0, 30.0, 100.0, 0.0)  # 0 is: all at once


def checked_speed(speed: float, what: str = "a replay's speed") -> float:
    """Give a speed that a replay can have. Raises UsageError for another, naming what it is."""
    if not 0 <= speed <= MOST_SPEED:
        raise UsageError(f"{what}: expected 0 (at once) to {MOST_SPEED:g}, got {speed:g}")
    return speed


class Playback:
    """Where a replay is in its log.

    Attributes:
        speed: how many times as fast as it was; 0 gives all that is left at once.
        paused: whether time stands still.
        at: seconds into the log.
        done: how many events have been given.
    """

    def __init__(self, events: Iterable[Event], speed: float = 1.0) -> None:
        self.events = tuple(events)
        self.speed, self.paused = speed, False
        self.at, self.done = 0.0, 0
        self._times = _times(self.events)

    @property
    def length(self) -> float:
        """Seconds from the first event to the last."""
        return self._times[-1] if self._times else 0.0

    @property
    def over(self) -> bool:
        """Whether every event has been given."""
        return self.done >= len(self.events)

    def pass_time(self, seconds: float) -> Sequence[Event]:
        """Let time pass; gives the events that have come due."""
        if self.paused:
            return ()
        on = self.at + seconds * self.speed if self.speed else self.length
        self.at = min(on, self.length)
        return self._give(max(self.done, bisect_right(self._times, self.at)))

    def step(self, by: int) -> Sequence[Event]:
        """Pause, and go some events on or back; going back gives all up to there, from the first.

        Whoever folds them begins anew when `by` is below 0.
        """
        self.paused = True
        target = min(max(self.done + by, 0), len(self.events))
        if by < 0:
            self.done = 0
        found = self._give(target)
        self.at = self._times[target - 1] if target else 0.0
        return found

    def _give(self, until: int) -> Sequence[Event]:
        found = self.events[self.done : until]
        self.done = until
        return found


def faster(speed: float, by: int) -> float:
    """Give the next speed of the usual ones, up or down; 0, all at once, is the fastest."""
    order = [each or float("inf") for each in SPEEDS]
    place = min(range(len(order)), key=lambda n: abs(order[n] - (speed or 1e9)))
    if not speed:
        place = len(order) - 1
    return SPEEDS[min(max(place + by, 0), len(SPEEDS) - 1)]


def _times(events: Sequence[Event]) -> list[float]:
    """Give each event's seconds after the first; one whose time can't be read comes with the one
    before, and time never goes back, whatever a clock did."""
    first: datetime | None = None
    found: list[float] = []
    for event in events:
        try:
            time = datetime.fromisoformat(event.time.replace("Z", "+00:00"))
            first = first or time
            seconds = (time - first).total_seconds()
        except (ValueError, TypeError):
            seconds = 0.0
        found.append(max(seconds, found[-1] if found else 0.0))
    return found
