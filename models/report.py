"""Reporter: the chief's events, one JSON object a line, on the stdout it was started with."""

from __future__ import annotations

import json
import os
import sys
import threading
import time
from contextlib import contextmanager
from datetime import datetime, timezone
from typing import Any, Dict, Iterator, Optional, TextIO

STEP_INTERVAL = 0.1  # s: at most ten step events a second


class Reporter:
    """Writes events whole and in order, whichever thread they come from."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._lock = threading.Lock()
        self._last_step = 0.0
        self.phase_seconds: Dict[str, float] = {}

    def emit(self, kind: str, **data: Any) -> None:
        """Write one event of this moment."""
        time_now = datetime.now(timezone.utc).isoformat(timespec="milliseconds")
        line = json.dumps({"time": time_now.replace("+00:00", "Z"), "kind": kind, **data})
        with self._lock:
            self._stream.write(line + "\n")
            self._stream.flush()

    def due(self) -> bool:
        """Whether the last step event is at least STEP_INTERVAL ago."""
        return time.monotonic() - self._last_step >= STEP_INTERVAL

    def step(self, epoch: int, step: int, steps: int, loss: float) -> None:
        """Write a step event if one is due."""
        if self.due():
            self._last_step = time.monotonic()
            self.emit("step", epoch=epoch, step=step, steps=steps, loss=loss)

    @contextmanager
    def phase(self, name: str, since: Optional[float] = None) -> Iterator[None]:
        """Write the begin and, when it ends well, the end of a phase with its seconds.

        They count from `since`, of time.monotonic, where it began before it could be said.
        """
        self.emit("phase", phase=name, state="begin")
        start = time.monotonic() if since is None else since
        yield
        self.phase_seconds[name] = time.monotonic() - start
        self.emit("phase", phase=name, state="end", seconds=self.phase_seconds[name])


def claim_stdout() -> TextIO:
    """Keep stdout for events and send whatever else prints there to stderr."""
    stream = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    sys.stdout = sys.stderr
    return stream
