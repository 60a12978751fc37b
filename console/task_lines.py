"""What a task server says of itself (agents/task_server.py), read from a line of its output."""

from __future__ import annotations

import json
from dataclasses import dataclass


@dataclass(frozen=True)
class Ready:
    """It serves: TensorFlow's version, and the seconds from its start; the cuDNN it wants."""

    tensorflow: str
    seconds: float
    cudnn: str = ""


@dataclass(frozen=True)
class Usage:
    """What it uses, in bytes: memory now and at most; sent and received over open connections."""

    rss: int
    peak: int
    sent: int
    received: int


@dataclass(frozen=True)
class Alive:
    """A sign of life."""


def read_task_line(line: str) -> Ready | Usage | Alive | None:
    """Read a line; None for any other, such as TensorFlow's own."""
    try:
        said = json.loads(line)
        if said["event"] == "ready":
            cudnn = str(said.get("cudnn", ""))[:40]
            return Ready(str(said["tensorflow"])[:40], float(said["seconds"]), cudnn)
        if said["event"] == "usage":
            return Usage(*(int(said[name]) for name in Usage.__dataclass_fields__))
        if said["event"] == "alive":
            return Alive()
    except (ValueError, KeyError, TypeError, OverflowError, RecursionError):
        pass
    return None
