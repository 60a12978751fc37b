"""Drift: what the boards of a trial are, side by side, and where they differ."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from edgead.agents import docker
from edgead.agents.commands import Commands
from edgead.agents.protocol import one_line
from edgead.console.nodes.health.machine import CLOCK, clock_offset
from edgead.console.nodes.inventory import Node

SECONDS = 10.0
FIELDS = ("l4t", "model", "python", "tensorflow", "cudnn", "image", "dataset", "clock_offset")
CLOSE = 1.0  # seconds that two clocks may differ
DIFFERS = "▲ differs"


async def describe(node: Node, commands: Commands) -> dict[str, Any]:
    """Return what a board is, for the run's log; raises NodeError."""
    facts = await commands.connection.facts()
    offset = clock_offset(await commands.run(CLOCK, timeout=SECONDS))
    found: dict[str, Any] = {"l4t": facts.l4t, "model": facts.model, "python": facts.python}
    found["clock_offset"] = None if offset is None else round(offset, 3)
    if node.container:
        argv = ["docker", "inspect", "--format", "{{.Image}}", docker.NAME]
        digest = await commands.run(argv, timeout=SECONDS)
        found["image"] = one_line(digest.last)[:80] if digest.ok else None
    return found


def drift(boards: Mapping[str, Mapping[str, Any]]) -> list[tuple[str, ...]]:
    """Give a table: a line a field, a column a node, and last whether the nodes differ."""
    boards = dict(sorted(boards.items()))
    rows: list[tuple[str, ...]] = [("", *boards, "")]
    for field in FIELDS:
        values = [board.get(field) for board in boards.values()]
        if any(value is not None for value in values):
            said = tuple(_said(field, value) for value in values)
            rows.append((field.replace("_", " "), *said, DIFFERS if _differ(values) else ""))
    return rows if len(rows) > 1 else []


def _differ(values: list[Any]) -> bool:
    numbers = [value for value in values if isinstance(value, float)]
    if numbers and all(value is None or isinstance(value, float) for value in values):
        return max(numbers) - min(numbers) > CLOSE
    return len(set(map(str, values))) > 1


def _said(field: str, value: Any) -> str:
    if isinstance(value, float):
        return f"{value:+.2f} s"
    text = "-" if value is None else str(value)
    if field == "dataset":  # of each shard's hash as much as the rest of the program shows
        return " ".join(shard[:8] for shard in text.split())[:40]
    return text[:19] if field == "image" else text[:40]
