"""What a task server says of itself (agents/task_server.py), read from a line of its output."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

from edgead.agents.protocol import read_object

MOST = 1 << 50  # bytes


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
    said = read_object(line) or {}
    if said.get("event") == "ready" and _is_number(said.get("seconds")):
        tensorflow, cudnn = (str(said.get(name, ""))[:40] for name in ("tensorflow", "cudnn"))
        return Ready(tensorflow, float(said["seconds"]), cudnn) if tensorflow else None
    if said.get("event") == "usage":
        found = [said.get(name) for name in Usage.__dataclass_fields__]
        sizes = [size for size in found if type(size) is int and 0 <= size <= MOST]
        return Usage(*sizes) if len(sizes) == len(found) else None
    if said.get("event") == "alive":
        return Alive()
    return None


def _is_number(value: Any) -> bool:
    return type(value) in (int, float) and math.isfinite(value)
