"""Guard: what a read-only session says to whatever would change something."""

from __future__ import annotations

from edgead.console.errors import UsageError


def refuse(read_only: bool) -> None:
    """Raise UsageError in a session that is read-only."""
    if read_only:
        raise UsageError("read-only: nothing is changed; open the app without --read-only")
