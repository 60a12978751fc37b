"""What can happen inside the app. Messages carry nothing: widgets read the session."""

from __future__ import annotations

from textual.message import Message


class Change(Message, bubble=False):
    """Something on screen is older than the session; several in a row count as one."""

    def can_replace(self, message: Message) -> bool:
        """Say that a waiting message of the same kind is enough."""
        return type(message) is type(self)


class TrialChanged(Change):
    """The trial, its plots, its sentences or the session's message changed."""


class FleetChanged(Change):
    """A node's state or telemetry changed."""
