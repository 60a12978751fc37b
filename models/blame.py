"""Which task an error of TensorFlow's came from, and the one line of it that says what is wrong."""

from __future__ import annotations

import re
from typing import Dict

# TensorFlow adds this where a call to another task brought the error back.
REMOTE = re.compile(r"remote target /job:(\w+)/replica:\d+/task:(\d+)")
# Around what an operation said stand its place in the graph and in the source.
NOISE = re.compile(
    r"^(Graph execution error|Detected at node|File \"|\[\[\{\{node|Additional GRPC error"
    r"|:UNKNOWN:|:\{\"|\d+ (root error|successful|derived)|\(\d+\) \w+|Original stack trace|<\.\.\."
    r"|<stack traces)"
)
MOST = 300  # characters


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
