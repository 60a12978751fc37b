"""The chief on a node as a process there: started with a task's marks, and ended by them."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress

from edgead.agents.errors import NodeError
from edgead.agents.program import Program
from edgead.console.nodes.interpreter import interpreter
from edgead.console.nodes.inventory import Node
from edgead.console.running.failure import Failure
from edgead.console.running.node_links import NodeLinks

TASK = "chief 0"
KILL_SECONDS = 10.0
# Its stdin has ended: one that was stopped clears up and ends when it goes on.
KILL = """
for signal in CONT KILL; do
  found=
  for each in /proc/[0-9]*; do
    grep -qszx "EDGEAD_AGENT=$1" "$each/environ" && grep -qszx "EDGEAD_TASK=$2" "$each/environ" &&
      kill -$signal "${each#/proc/}" && found=yes
  done
  [ "$found" ] && [ $signal = CONT ] && sleep 2
done
exit 0
"""


async def open_program(
    links: NodeLinks, node: Node, file: str, module: str, env: Mapping[str, str]
) -> Program:
    """Run a module out of a staged zip on a node, as the chief; raises Failure.

    It has a task's marks: the agent ends it when it ends itself.
    """
    link = links.up.get(node.name)
    try:
        if link is None:
            raise NodeError(node.name, "the node is lost")
        marks = [f"EDGEAD_AGENT={link.marker}", f"EDGEAD_TASK={TASK}"]
        python = ["env", *marks, *interpreter(node)]
        return await link.open_program(file, module, env, python)
    except NodeError as error:
        raise Failure(node.name, TASK, error.text) from None


async def end_program(links: NodeLinks, node: str) -> None:
    """Kill the chief on a node that does not end by itself: one that is frozen."""
    link, commands = links.up.get(node), links.commands(node)
    if link is not None and commands is not None:
        words = ["sh", "-c", KILL, "sh", link.marker, TASK]
        with suppress(NodeError):
            await commands.run(words, timeout=KILL_SECONDS)
