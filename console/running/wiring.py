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
from edgead.agents.tunnel import LOOPBACK, PortTakenError, SSHListener
from edgead.console.nodes.inventory import Cluster
from edgead.console.running.failure import Failure
from edgead.console.running.placement import HOST, Task
from edgead.console.running.recovery.causes import Cause

Addresses = dict[str, list[str]]  # "host:port" of all tasks by role, in TensorFlow's form

TRIES = 5  # ports for a task, until one is free wherever it must be


def connects(one: Task, other: Task) -> bool:
    """Tell whether a task opens connections to another: workers do not among each other, and
    nobody does to the chief, which asks all the others."""
    return other.role != "chief" and not one.role == other.role == "worker"


_Carried = tuple[str, int, bool]  # a node whose connection carries a port, and whether to here


class _Taken(Failure):
    """A port is taken where it must be free: another one may do."""


class Wiring:
    """Gives every task its address, with what leads there."""

    def __init__(self, cluster: Cluster, connections: Mapping[str, NodeConnection]) -> None:
        self._cluster, self._connections = cluster, connections
        self._taken: set[int] = set()
        self._listeners: list[SSHListener] = []
        self._carried: list[_Carried] = []
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
        wanted = [(node, port, True)] if self._loopbacks[node] != self._loopbacks[HOST] else []
        await self._carry([*wanted, *((other, port, False) for other in places.values())])

    async def restore(self, node: str) -> None:
        """Have the same ports lead to and from a node that has been connected to again.

        Raises Failure, and then none of them does.
        """
        carried = [each for each in self._carried if each[0] == node]
        self._carried = [each for each in self._carried if each[0] != node]
        try:
            await self._carry(carried)
        except Failure:
            self._carried += carried  # for the next try
            raise

    def release(self) -> None:
        """Let go of every port."""
        for listener in self._listeners:
            listener.close()
        self._listeners.clear()
        self._carried.clear()

    async def _carry(self, wanted: Sequence[_Carried]) -> None:
        """Have connections carry these ports, all of them or none; raises Failure."""
        async with AsyncExitStack() as made:
            listeners = [await self._open(made, *each) for each in wanted]
            made.pop_all()  # they stay
        self._listeners += listeners
        self._carried += wanted

    async def _open(self, made: AsyncExitStack, node: str, port: int, here: bool) -> SSHListener:
        link = self._connections.get(node)
        if link is None:
            raise Failure(node, "", "the node is lost", kind=Cause.NODE_LOST)
        try:
            tunnel = await link.tunnel()
            listener = await (tunnel.bring(port) if here else tunnel.offer(port))
        except PortTakenError as error:
            raise _Taken(HOST if here else node, "", f"no tunnel: {error}") from None
        except NodeError as error:
            raise Failure(error.node, "", error.text) from None
        made.push_async_callback(listener.wait_closed)
        made.callback(listener.close)
        return listener

    async def _free_port(self, node: str) -> int:
        """Ask a node for a port that none of the tasks has."""
        count = len(self._taken) + 1
        try:
            if node == HOST:
                offered = await asyncio.to_thread(free_ports, count)
            else:
                ports = self._cluster.node(node).ports
                link = self._connections.get(node)
                if link is None:
                    raise Failure(node, "", "the node is lost", kind=Cause.NODE_LOST)
                offered = await link.ports(count, ports)
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
