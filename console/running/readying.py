"""Making a node ready for a trial, and giving back what was changed: its container, its power."""

from __future__ import annotations

from collections.abc import Callable

from edgead.agents.commands import Commands
from edgead.agents.errors import NodeError
from edgead.console.nodes import containers
from edgead.console.nodes.inventory import Node
from edgead.console.nodes.power import PowerChange, clocks_said, set_power
from edgead.console.running.failure import Failure

Say = Callable[[str, str], None]  # level, text


async def ready_node(node: Node, commands: Commands, say: Say) -> PowerChange | None:
    """Start the node's container and set its power mode and clocks, as the cluster file has them.

    Raises Failure when the container can't run, NodeError. A power mode that can't be set is only
    said: the trial is slower, not wrong. Gives what was changed of the power.
    """
    if node.container:
        done = await containers.start(node, commands)
        if not done.ok:
            raise Failure(node.name, "", f"its container does not start: {done.text}")
        say("info", f"container: {done.text}")
    if not (node.power_mode or node.clocks):
        return None
    change = await set_power(commands, node.power_mode, clocks=True if node.clocks else None)
    if change.state == "failed":
        say("warn", f"power mode: {change.text}")
    else:
        say("info", f"power mode {change.after}{clocks_said(change.pinned)}" + _was(change))
    # What failed half way is given back, too.
    same = (change.before, change.was_pinned) == (change.after, change.pinned)
    return None if same else change


async def give_back(change: PowerChange, commands: Commands) -> str:
    """Set the power mode and the clocks that were there before; gives what went wrong, or ""."""
    try:
        done = await set_power(commands, change.before, clocks=change.was_pinned)
    except NodeError as error:
        return error.text
    return done.text if done.state == "failed" else ""


def _was(change: PowerChange) -> str:
    if change.state != "set":
        return ""
    return f", it was {change.before or 'not told'}{clocks_said(change.was_pinned)}"
