"""Recorder: the one way an event gets into a running trial: the log first, then the listeners."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from edgead.console.events import Event, event
from edgead.console.state import apply, fold
from edgead.console.store import Log

Listener = Callable[[Event], None]


class Recorder:
    """Appends events to the log, folds them, and tells the listener; in that order.

    `before` are the events that the log begins with.
    """

    def __init__(self, log: Log, listener: Listener, before: Iterable[Event] = ()) -> None:
        self.state = fold(before)
        self._log, self._listener = log, listener

    def record(self, kind: str, **data: Any) -> None:
        """Record an event of this moment."""
        self.take(event(kind, **data))

    def take(self, happened: Event) -> None:
        """Record an event that somebody else has made, the chief for one."""
        self._log.append(happened)
        apply(self.state, happened)
        self._listener(happened)
