"""Which task an error of TensorFlow's came from, and the one line of it that says what is wrong."""

from __future__ import annotations

import logging
import re
import time
from typing import Any, Dict, List, Set

# TensorFlow adds this where a call to another task brought the error back.
REMOTE = re.compile(r"remote target /job:(\w+)/replica:\d+/task:(\d+)")
# Around what an operation said stand its place in the graph and in the source.
NOISE = re.compile(
    r"^(Graph execution error|Detected at node|File \"|\[\[\{\{node|Additional GRPC error"
    r"|:UNKNOWN:|:\{\"|\d+ (root error|successful|derived)|\(\d+\) \w+|Original stack trace|<\.\.\."
    r"|<stack traces)"
)
MOST = 300  # characters
# As TensorFlow's coordinator logs every worker whose part has failed.
ENCOUNTERED = re.compile(r"/job:worker/task:(\d+) encountered the following error")
GRACE = 0.5  # seconds for others to fail of the same


class Complaints(logging.Handler):
    """Listens to TensorFlow's log for the workers whose parts fail."""

    def __init__(self) -> None:
        super().__init__()
        self._workers: Set[int] = set()
        logging.getLogger("tensorflow").addHandler(self)

    def emit(self, record: logging.LogRecord) -> None:
        """Take a line of the log."""
        found = ENCOUNTERED.search(record.getMessage())
        if found:
            self._workers.add(int(found[1]))

    def blame(self, error: BaseException) -> Dict[str, Any]:
        """Give what `blame` gives, and `workers`: the numbers of all that have failed."""
        found: Dict[str, Any] = dict(blame(error))
        if found["task"].startswith("worker"):
            time.sleep(GRACE)
        workers: List[int] = sorted(self._workers)
        return {**found, "workers": workers}


def blame(error: BaseException) -> Dict[str, str]:
    """Give `error` (its type), `task` (worker 2, say; "" where it names none) and `cause`."""
    kind, text = type(error).__name__, str(error)
    found = REMOTE.search(text)
    task = f"{found[1]} {found[2]}" if found else ""
    return {"error": kind, "task": task, "cause": f"{kind}: {_telling(text)}"}


def _telling(text: str) -> str:
    """Pick what an operation said out of the report of where it was."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    own = [line for line in lines if not NOISE.match(line)]
    places = [n for n, line in enumerate(lines) if n and line.startswith("[[{{node")]
    before = [lines[n - 1] for n in places if lines[n - 1] in own]
    chosen = (before or own or lines or [""])[0]
    return chosen.partition(" [Op:")[0][:MOST]
