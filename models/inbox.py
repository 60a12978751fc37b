"""What comes on the chief's stdin: lines, each with the moment it came."""

from __future__ import annotations

import os
import threading
import time
from queue import Queue
from typing import Any, Callable, NamedTuple, TextIO

ORPHANED = 3  # the exit code of a process whom nobody is left to listen to


class Said(NamedTuple):
    """A line that came, and when (of time.monotonic)."""

    line: str
    time: float


def lines_of(stream: TextIO, forsaken: Callable[[], None] = lambda: None) -> Callable[[], Said]:
    """Give what waits for the stream's next line; this process ends with it: nobody is left.

    `forsaken` is called first, then.
    """
    lines: Any = Queue()

    def watch() -> None:
        for line in iter(stream.readline, ""):
            lines.put(Said(line, time.monotonic()))
        forsaken()
        os._exit(ORPHANED)

    threading.Thread(target=watch, name="stdin", daemon=True).start()
    return lines.get  # type: ignore[no-any-return]
