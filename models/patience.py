"""Waiting on the cluster with a deadline that follows its pace; finding who is late."""

from __future__ import annotations

import sys
import threading
import time
from concurrent import futures
from types import FrameType
from typing import Any, List, Optional

from edgead.models.cluster import StalledError
from edgead.models.report import Reporter

FIRST = 5  # of the policy's seconds: the first round also traces and loads libraries
TIMES = 10  # of the longest round so far
LOOP = "WorkerClosureProcessingLoop-"  # TensorFlow's thread for one worker

_waiter = futures.ThreadPoolExecutor(1, "coordinator")


class Patience:
    """Waits until everything scheduled is done.

    When that takes far longer than it ever did, an event `stalled` names the workers that have not
    answered, so that they can be ended: their work then goes to the others. Where that does not
    help either, or nobody in particular is late, StalledError is raised.
    """

    def __init__(self, reporter: Reporter, least: float, workers: int) -> None:
        self._reporter, self._least, self._workers = reporter, least, workers
        self._longest = 0.0

    def wait(self, coordinator: Any) -> None:
        """Wait; raises what a closure raised, or StalledError."""
        limit, began = self._limit(), time.monotonic()
        waiting = _waiter.submit(coordinator.join)  # which knows no deadline
        try:
            waiting.result(limit)
            self._longest = max(self._longest, time.monotonic() - began)
        except futures.TimeoutError:
            self._tell(limit)
            try:
                waiting.result(limit)
            except futures.TimeoutError:
                raise StalledError(f"no part was finished within {2 * limit:.0f} s") from None

    def _limit(self) -> float:
        return max(self._least, TIMES * self._longest) if self._longest else FIRST * self._least

    def _tell(self, limit: float) -> None:
        late = late_workers()
        if not late or len(late) == self._workers > 1:  # all at once: it is not the workers
            raise StalledError(f"the cluster has not finished a part within {limit:.0f} s")
        self._reporter.emit("stalled", workers=late, seconds=limit)


def late_workers() -> List[int]:
    """Give the workers that have been sent work and have not answered, by TensorFlow's number.

    Those whose end is known already, and for whose return the coordinator waits, are not late.
    """
    frames, late = sys._current_frames(), []
    for thread in threading.enumerate():
        if thread.name.startswith(LOOP):
            names = _functions(frames.get(thread.ident or 0))
            if "_process_closure" in names and "wait_on_failure" not in names:
                late.append(int(thread.name[len(LOOP) :]))
    return sorted(late)


def _functions(frame: Optional[FrameType]) -> List[str]:
    names = []
    while frame is not None:
        names.append(frame.f_code.co_name)
        frame = frame.f_back
    return names
