"""Whether a chief gets on: a deadline that follows its own pace."""

from __future__ import annotations

import asyncio
import time

LEAST = 10  # of the policy's seconds: what one part may take
TIMES = 20  # of the longest silence so far
LOOK_SECONDS = 1.0


class Pace:
    """Counts the time between two signs of progress, from `begin` to `pause`."""

    def __init__(self, stall_seconds: float) -> None:
        self._least = LEAST * stall_seconds
        self._longest, self._latest = 0.0, 0.0

    def begin(self) -> None:
        """Count from now on."""
        self._latest = time.monotonic()

    def pause(self) -> None:
        """Count no more until it is told to begin again: the chief waits for others."""
        self._latest = 0.0

    def seen(self) -> None:
        """Take note of a sign of progress."""
        if self._latest:
            now = time.monotonic()
            if now - self._latest < self._least:  # a stall is no pace
                self._longest = max(self._longest, now - self._latest)
            self._latest = now

    @property
    def limit(self) -> float:
        """The seconds after which it is late."""
        return max(self._least, TIMES * self._longest)

    def _is_late(self) -> bool:
        return self._latest > 0 and time.monotonic() - self._latest > self.limit

    async def late(self) -> str:
        """Wait until it is late; says so in a line."""
        while True:
            await asyncio.sleep(LOOK_SECONDS)
            if self._is_late():
                return f"the chief has not got on for {self.limit:.0f} s"
