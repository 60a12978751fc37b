"""Recorder: the one way an event gets into a running trial: the log first, then the listeners."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from edgead.console.events import Event, event
from edgead.console.runs.state import apply, fold
from edgead.console.runs.store import Log

Listener = Callable[[Event], None]


class Recorder:
    """Appends events to the log, folds them, and tells the listener; in that order.

    `before` are the events that the log begins with.
    """

    def __init__(self, log: Log, listener: Listener, before: Iterable[Event] = ()) -> None:
        self.state = fold(before)
        self._log = log
        self._listener: Listener | None = listener
        self.lost: OSError | None = None  # why an event is not in the log

    def record(self, kind: str, **data: Any) -> None:
        """Record an event of this moment."""
        self.take(event(kind, **data))

    def take(self, happened: Event) -> None:
        """Record an event that somebody else has made, the chief for one.

        Nothing is raised: what tells of a node must not fail for a full disk of ours. A listener
        that can't be told any more, its terminal gone, is left alone.
        """
        try:
            self._log.append(happened)
        except OSError as error:
            self.lost = self.lost or error
        apply(self.state, happened)
        if self._listener is not None:
            try:
                self._listener(happened)
            except OSError:
                self._listener = None
