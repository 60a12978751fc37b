"""Recorder: the one way an event gets into a running trial: the log first, then the listeners."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from edgead.console.events import Event, event
from edgead.console.state import TrialState, apply
from edgead.console.store import Log

Listener = Callable[[Event], None]


class Recorder:
    """Appends events to the log, folds them, and tells the listener; in that order."""

    def __init__(self, log: Log, listener: Listener) -> None:
        self.state = TrialState()
        self._log, self._listener = log, listener

    def record(self, kind: str, **data: Any) -> None:
        """Record an event of this moment."""
        self.take(event(kind, **data))

    def take(self, happened: Event) -> None:
        """Record an event that somebody else has made, the chief for one."""
        self._log.append(happened)
        apply(self.state, happened)
        self._listener(happened)
