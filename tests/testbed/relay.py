"""Carry frames between two TAP devices, late: relay.py NEAR FAR MILLISECONDS JITTER.

Makes the devices in the present network namespace, prints its pid, relays until it is killed.
It stands in for the kernel's netem, which not every kernel has. The order of frames is kept.
"""

from __future__ import annotations

import fcntl
import os
import random
import select
import struct
import sys
import time
from collections import deque
from contextlib import suppress

TUNSETIFF = 0x400454CA
IFF_TAP_NO_PI = 0x1002
FRAME = 65536
QUEUE = 2000  # frames on their way; more are dropped, as a router would


class Direction:
    """Frames from one device to the other, each with the time it is due."""

    def __init__(self, source: int, target: int, delay: float, jitter: float) -> None:
        self.source = source
        self._target = target
        self._delay = delay
        self._jitter = jitter
        self._waiting: deque[tuple[float, bytes]] = deque()

    @property
    def due(self) -> float | None:
        """When the next frame is to go."""
        return self._waiting[0][0] if self._waiting else None

    def take(self) -> None:
        """Take what has come."""
        with suppress(BlockingIOError):
            while frame := os.read(self.source, FRAME):
                due = time.monotonic() + self._delay + random.uniform(0, self._jitter)
                if self._waiting:
                    due = max(due, self._waiting[-1][0])
                if len(self._waiting) < QUEUE:
                    self._waiting.append((due, frame))

    def give(self) -> None:
        """Give what is due."""
        while self._waiting and self._waiting[0][0] <= time.monotonic():
            with suppress(OSError):  # the device is down: the frame is lost
                os.write(self._target, self._waiting[0][1])
            self._waiting.popleft()


def tap(name: str) -> int:
    """Make a TAP device; it lives as long as this process."""
    descriptor = os.open("/dev/net/tun", os.O_RDWR | os.O_NONBLOCK)
    fcntl.ioctl(descriptor, TUNSETIFF, struct.pack("16sH22x", name.encode(), IFF_TAP_NO_PI))
    return descriptor


def main(near: str, far: str, milliseconds: float, jitter: float) -> None:
    """Relay for ever."""
    one, other = tap(near), tap(far)
    times = (milliseconds / 1000, jitter / 1000)
    directions = [Direction(one, other, *times), Direction(other, one, *times)]
    print(os.getpid(), flush=True)
    while True:
        due = [each.due for each in directions if each.due is not None]
        pause = max(0.0, min(due) - time.monotonic()) if due else None
        ready, _, _ = select.select([one, other], [], [], pause)
        for direction in directions:
            if direction.source in ready:
                direction.take()
            direction.give()


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], float(sys.argv[3]), float(sys.argv[4]))
