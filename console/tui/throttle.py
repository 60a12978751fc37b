"""Throttle: many askings, few calls."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

SOONEST = 0.001  # a timer of Textual's cannot be set to nought

SetTimer = Callable[[float, Callable[[], None]], Any]


class Throttle:
    """Calls `call` soon after it was asked to, and never twice within `seconds`."""

    def __init__(self, seconds: float, call: Callable[[], None], set_timer: SetTimer) -> None:
        self._seconds, self._call, self._set_timer = seconds, call, set_timer
        self._waiting = False
        self._next = 0.0

    def ask(self) -> None:
        """Ask for a call; one that is on its way is enough."""
        if not self._waiting:
            self._waiting = True
            self._set_timer(max(SOONEST, self._next - time.monotonic()), self._fire)

    def _fire(self) -> None:
        self._waiting = False
        self._next = time.monotonic() + self._seconds
        self._call()
