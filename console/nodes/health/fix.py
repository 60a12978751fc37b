"""Run the safe remedies: those that change nothing but what the cluster file asks for."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from edgead.agents.commands import Commands
from edgead.agents.errors import NodeError
from edgead.console.nodes import containers
from edgead.console.nodes.health.check import HealthCheck
from edgead.console.nodes.health.jetson import BEST
from edgead.console.nodes.inventory import Cluster, Node
from edgead.console.nodes.on_nodes import on_nodes
from edgead.console.nodes.power import set_power

SAFE = ("power", "container")


class Fixed(NamedTuple):
    """What a remedy did: on which node, for which check, whether it helped, in a line."""

    node: str
    name: str
    ok: bool
    text: str


def safe(checks: Sequence[HealthCheck]) -> list[HealthCheck]:
    """Return those among these checks whose remedy is safe to run unasked."""
    return [each for each in checks if each.name in SAFE and each.remedy]


async def fix(cluster: Cluster, checks: Sequence[HealthCheck]) -> list[Fixed]:
    """Run the safe remedies among these checks, all nodes side by side."""
    wanted = safe(checks)
    nodes = [cluster.node(name) for name in dict.fromkeys(each.node for each in wanted)]

    async def mend(node: Node, commands: Commands) -> list[Fixed]:
        names = [each.name for each in wanted if each.node == node.name]
        return [await _mend(node, commands, name) for name in names]

    done: list[Fixed] = []
    for node, result in zip(nodes, await on_nodes(nodes, mend), strict=True):
        if isinstance(result, NodeError):
            done.append(Fixed(node.name, "reach", False, result.text))
        else:
            done += result
    return done


async def _mend(node: Node, commands: Commands, name: str) -> Fixed:
    if name == "power":
        clocks = True if node.clocks else None
        change = await set_power(commands, node.power_mode or BEST, clocks=clocks)
        text = change.text or f"{change.before or '?'} → {change.after}"
        return Fixed(node.name, name, change.state != "failed", text)
    started = await containers.start(node, commands)
    return Fixed(node.name, name, started.ok, started.text)
