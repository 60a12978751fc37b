"""Making a node ready for a trial, and giving back what was changed: its container, its power."""

from __future__ import annotations

from collections.abc import Callable

from edgead.agents.commands import Commands
from edgead.console import containers
from edgead.console.failure import Failure
from edgead.console.inventory import Node
from edgead.console.power import PowerChange, set_power

Say = Callable[[str, str], None]  # level, text


async def ready_node(node: Node, commands: Commands, say: Say) -> PowerChange | None:
    """Start the node's container and set its power mode, where the cluster file has them.

    Raises Failure when the container can't run, NodeError. A power mode that can't be set is only
    said: the trial is slower, not wrong. Gives what was changed of the power.
    """
    if node.container:
        done = await containers.start(node, commands)
        if not done.ok:
            raise Failure(node.name, "", f"its container does not start: {done.text}")
        say("info", f"container: {done.text}")
    if not node.power_mode:
        return None
    change = await set_power(commands, node.power_mode, clocks=None)
    if change.state == "failed":
        say("warn", f"power mode: {change.text}")
        return None
    say("info", f"power mode {change.after}" + _was(change))
    return change if change.state == "set" else None


async def give_back(change: PowerChange, commands: Commands) -> None:
    """Set the power mode that was there before; raises NodeError."""
    if change.before:
        await set_power(commands, change.before, clocks=None)


def _was(change: PowerChange) -> str:
    return f", it was {change.before or 'not told'}" if change.state == "set" else ""
