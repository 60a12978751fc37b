"""Where a trial's tasks listen, and the tunnels by which they reach each other.

With tunnels every task is 127.0.0.1 and a port that nobody else of the cluster has: on its own node
the task listens there, elsewhere an SSH connection does. So the cluster holds no node's address,
and nothing listens on the network. No way leads to the chief: its server runs what it is sent.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from contextlib import AsyncExitStack
from ipaddress import ip_address

from edgead.agents.agent import RequestError, free_ports, loopback
from edgead.agents.connection import NodeConnection
from edgead.agents.errors import NodeError
from edgead.agents.tunnel import LOOPBACK, PortTakenError
from edgead.console.failure import Failure
from edgead.console.inventory import Cluster
from edgead.console.placement import HOST, Task

Addresses = dict[str, list[str]]  # "host:port" of all tasks by role, in TensorFlow's form

TRIES = 5  # ports for a task, until one is free wherever it must be


def connects(one: Task, other: Task) -> bool:
    """Tell whether a task opens connections to another: workers do not among each other, and
    nobody does to the chief, which asks all the others."""
    return other.role != "chief" and not one.role == other.role == "worker"


class _Taken(Failure):
    """A port is taken where it must be free: another one may do."""


class Wiring:
    """Gives every task its address, with what leads there."""

    def __init__(self, cluster: Cluster, connections: Mapping[str, NodeConnection]) -> None:
        self._cluster, self._connections = cluster, connections
        self._taken: set[int] = set()
        # Nodes that share a loopback, such as the embedded ones and this machine, need no tunnel.
        self._loopbacks = {name: each.hello.loopback for name, each in connections.items()}
        self._loopbacks[HOST] = loopback()

    async def addresses(self, tasks: Sequence[Task]) -> Addresses:
        """Choose the addresses of these tasks, the chief among them; raises Failure."""
        found: Addresses = {}
        for task in tasks:
            others = [each.node for each in tasks if connects(each, task)]
            found.setdefault(task.role, []).append(await self._address(task, others))
        return found

    async def _address(self, task: Task, others: Sequence[str]) -> str:
        if not others:
            return f"{LOOPBACK}:{await self._free_port(task.node)}"
        if self._cluster.transport == "direct":
            return f"{self._direct(task.node)}:{await self._free_port(task.node)}"
        for tries in range(1, TRIES + 1):
            port = await self._free_port(task.node)
            try:
                await self._lead(task.node, port, others)
                return f"{LOOPBACK}:{port}"
            except _Taken:
                if tries == TRIES:
                    raise
        raise AssertionError("unreachable")

    async def _lead(self, node: str, port: int, others: Iterable[str]) -> None:
        """Have that port lead to the node from this machine and from the others; raises Failure."""
        places = {self._loopbacks[other]: other for other in others}
        for near in (node, HOST):
            places.pop(self._loopbacks[near], None)
        async with AsyncExitStack() as made:
            if self._loopbacks[node] != self._loopbacks[HOST]:
                await self._open(made, node, port, here=True)
            for other in places.values():
                await self._open(made, other, port, here=False)
            made.pop_all()  # they stay

    async def _open(self, made: AsyncExitStack, node: str, port: int, *, here: bool) -> None:
        try:
            tunnel = await self._connections[node].tunnel()
            listener = await (tunnel.bring(port) if here else tunnel.offer(port))
        except PortTakenError as error:
            raise _Taken(HOST if here else node, "", f"no tunnel: {error}") from None
        except NodeError as error:
            raise Failure(error.node, "", error.text) from None
        made.push_async_callback(listener.wait_closed)
        made.callback(listener.close)

    async def _free_port(self, node: str) -> int:
        """Ask a node for a port that none of the tasks has."""
        count = len(self._taken) + 1
        try:
            if node == HOST:
                offered = await asyncio.to_thread(free_ports, count)
            else:
                ports = self._cluster.node(node).ports
                offered = await self._connections[node].ports(count, ports)
        except NodeError as error:
            raise Failure(node, "", error.text) from None
        except RequestError as error:
            raise Failure(HOST, "", str(error)) from None
        port = next(port for port in offered if port not in self._taken)
        self._taken.add(port)
        return port

    def _direct(self, node: str) -> str:
        """Give the address by which the others find a node, or this machine."""
        if node == HOST:
            ours, _ = next(iter(self._connections.values())).ends()
            return _bracketed(ours)
        return _bracketed(self._connections[node].ends()[1])


def _bracketed(host: str) -> str:
    return f"[{host}]" if ip_address(host).version == 6 else host


def is_open(addresses: Addresses) -> bool:
    """Tell whether any of them can be reached from the network."""
    hosts = (each.rpartition(":")[0].strip("[]") for role in addresses.values() for each in role)
    return not all(ip_address(host).is_loopback for host in hosts)
