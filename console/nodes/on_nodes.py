"""Do something on some nodes, side by side, over a connection to each."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import TypeVar

from edgead.agents.commands import Commands, commands_on
from edgead.agents.errors import NodeError
from edgead.console.nodes.inventory import Cluster, Node

Result = TypeVar("Result")


async def on_nodes(
    nodes: Sequence[Node], do: Callable[[Node, Commands], Awaitable[Result]]
) -> list[Result | NodeError]:
    """Do it on each; gives a result a node, in their order, or why it could not be done there."""

    async def one(node: Node) -> Result | NodeError:
        try:
            async with commands_on(node) as commands:
                return await do(node, commands)
        except NodeError as error:
            return error

    return list(await asyncio.gather(*map(one, nodes)))


def chosen(cluster: Cluster, names: Sequence[str]) -> list[Node]:
    """Return the nodes of these names, once each, or all. Raises UsageError."""
    return [cluster.node(name) for name in dict.fromkeys(names)] or list(cluster.nodes)
