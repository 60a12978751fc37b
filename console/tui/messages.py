"""What can happen inside the app. News carry nothing: widgets read the session."""

from __future__ import annotations

from collections.abc import Sequence

from textual.message import Message

from edgead.console.session.actions import Action


class Change(Message, bubble=False):
    """Something on screen is older than the session; several in a row count as one."""

    def can_replace(self, message: Message) -> bool:
        """Say that a waiting message of the same kind is enough."""
        return type(message) is type(self)


class TrialChanged(Change):
    """The trial, its plots, its sentences or the session's message changed."""


class FleetChanged(Change):
    """A node's state or telemetry changed."""


class Act(Message):
    """Somebody wants an action done to some nodes or trials."""

    def __init__(self, action: Action, names: Sequence[str]) -> None:
        super().__init__()
        self.action, self.names = action, list(names)
