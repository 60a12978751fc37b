"""A trial's parameter servers and workers on their nodes, through the agents."""

from __future__ import annotations

import asyncio
import json
import os
import time
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Any

from edgead.agents.connection import NodeAddress, NodeConnection, connect
from edgead.agents.errors import NodeError
from edgead.agents.launch import task_argv, task_env, task_server_source
from edgead.agents.messages import Exit, Line, Message
from edgead.agents.staging import pack
from edgead.console.errors import UNREACHABLE
from edgead.console.failure import Failure
from edgead.console.inventory import Cluster, Node
from edgead.console.placement import HOST, Task
from edgead.console.recorder import Recorder

READY_SECONDS = 180.0  # a board needs a minute to import TensorFlow from a slow disk
STAGE_INTERVAL = 0.25  # seconds between two words on how far a shard is
LOOPBACK = "127.0.0.1"

Addresses = dict[str, list[str]]


def address_of(node: Node) -> NodeAddress:
    """Say where the inventory's node is in the connection's terms."""
    return NodeAddress(
        name=node.name,
        host=node.host,
        port=node.port,
        user=node.user,
        key=node.key,
        known_hosts=node.known_hosts,
        # In a container TensorFlow's interpreter is not the board's: the agent runs on the board.
        python="python3" if node.container else node.python,
        ssh_config=node.ssh_config,
    )


class ClusterTasks:
    """The tasks of one trial that run on nodes. An async context: leaving it ends them all.

    `failed` resolves with a Failure as soon as a task ends or a node is lost.
    """

    def __init__(self, cluster: Cluster, tasks: Sequence[Task], recorder: Recorder) -> None:
        self._cluster, self._recorder = cluster, recorder
        self._tasks = [task for task in tasks if task.node != HOST]
        self._connections: dict[str, NodeConnection] = {}
        self._ready: dict[str, asyncio.Event] = {task.name: asyncio.Event() for task in self._tasks}
        self._closing = False
        self._connected = asyncio.Event()
        self.failed: asyncio.Future[Failure] = asyncio.get_running_loop().create_future()

    async def __aenter__(self) -> ClusterTasks:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._closing = True
        await asyncio.gather(*(connection.close() for connection in self._connections.values()))

    async def start(self) -> Addresses:
        """Connect to the nodes, start the tasks, wait until each is ready; gives their addresses.

        Raises Failure naming the node or task that keeps the others waiting.
        """
        names = dict.fromkeys(task.node for task in self._tasks)
        results = await asyncio.gather(
            *(self._connect(self._cluster.node(name)) for name in names), return_exceptions=True
        )
        for result in results:
            if isinstance(result, BaseException):
                raise result
        self._connected.set()
        addresses = await self._choose_addresses()
        try:
            await asyncio.gather(*(self._start(task, addresses) for task in self._tasks))
        except NodeError as error:
            raise Failure(error.node, "", error.text) from None
        await self._until_ready()
        return addresses

    async def stage(self, files: Sequence[Path]) -> None:
        """Have these shards on every node with a worker, side by side; raises Failure."""
        try:
            for file in files:  # once, and not by every node at the same time
                await asyncio.to_thread(pack, file)
        except OSError as error:
            raise Failure(HOST, "", f"a shard can't be packed: {error}") from None
        await self._connected.wait()
        names = dict.fromkeys(task.node for task in self._tasks if task.role == "worker")
        try:
            await asyncio.gather(*(self._stage(name, files) for name in names))
        except NodeError as error:
            raise Failure(error.node, "", error.text) from None

    async def _stage(self, node: str, files: Sequence[Path]) -> None:
        for file in files:
            began, told = time.monotonic(), time.monotonic()

            def progress(done: int, total: int, file: Path = file) -> None:
                nonlocal told
                if time.monotonic() - told > STAGE_INTERVAL:
                    told = time.monotonic()
                    self._recorder.record(
                        "stage", node=node, file=file.name, done=done, total=total
                    )

            staged = await self._connections[node].stage(file, progress)
            self._recorder.record(
                "stage",
                node=node,
                file=file.name,
                sent=staged.sent,
                seconds=time.monotonic() - began,
            )

    async def _connect(self, node: Node) -> None:
        self._recorder.record("node", node=node.name, state="connecting")
        try:
            connection = await connect(
                address_of(node), on_event=lambda message: self._hear(node.name, message)
            )
        except NodeError as error:
            self._recorder.record("node", node=node.name, state="lost", evidence=error.text)
            raise Failure(node.name, "", error.text, exit_code=UNREACHABLE) from None
        self._connections[node.name] = connection
        connection.closed.add_done_callback(lambda closed: self._lost(node.name, closed.result()))
        version = connection.hello.python
        self._recorder.record("node", node=node.name, state="up", evidence=f"Python {version}")

    async def _choose_addresses(self) -> Addresses:
        """Ask each node for free ports until all differ: embedded nodes share one loopback."""
        taken: set[int] = set()
        addresses: Addresses = {"chief": []}
        for task in self._tasks:
            port = await self._free_port(task.node, taken)
            taken.add(port)
            addresses.setdefault(task.role, []).append(f"{LOOPBACK}:{port}")
        addresses["chief"].append(f"{LOOPBACK}:{await self._free_port(self._tasks[0].node, taken)}")
        return addresses

    async def _free_port(self, node: str, taken: set[int]) -> int:
        try:
            offered = await self._connections[node].ports(len(taken) + 1)
        except NodeError as error:
            raise Failure(node, "", error.text) from None
        return next(port for port in offered if port not in taken)

    async def _start(self, task: Task, addresses: Addresses) -> None:
        node = self._cluster.node(task.node)
        await self._connections[task.node].start_task(
            task.name,
            task_argv(node.python),
            task_env(task.role, task.index, addresses, self._threads()),
            task_server_source(),
        )
        self._tell(task, "starting")

    def _threads(self) -> int | None:
        """Share this machine's cores among embedded nodes; a board's are its own."""
        if not self._cluster.embedded:
            return None
        return max(1, (os.cpu_count() or 1) // len(self._cluster.nodes))

    async def _until_ready(self) -> None:
        everyone = asyncio.ensure_future(self._all_ready())
        either: set[asyncio.Future[Any]] = {everyone, self.failed}
        try:
            await asyncio.wait(either, timeout=READY_SECONDS, return_when=asyncio.FIRST_COMPLETED)
        finally:
            everyone.cancel()
        if self.failed.done():
            raise self.failed.result()
        for task in self._tasks:
            if not self._ready[task.name].is_set():
                cause = f"it was not ready after {READY_SECONDS:.0f} s"
                raise Failure(task.node, task.name, cause)

    async def _all_ready(self) -> None:
        for ready in self._ready.values():
            await ready.wait()

    def _hear(self, node: str, message: Message) -> None:
        task = self._named(node, getattr(message, "task", ""))
        if task is None:
            return
        if isinstance(message, Line) and '"ready"' in message.line:
            self._hear_ready(task, message.line)
        elif isinstance(message, Exit):
            self._hear_exit(task, message)

    def _hear_ready(self, task: Task, line: str) -> None:
        try:
            said = json.loads(line)
            version, seconds = str(said["tensorflow"])[:40], float(said["seconds"])
        except (ValueError, KeyError, TypeError):
            return
        self._ready[task.name].set()
        self._tell(task, "ready", tensorflow=version, seconds=seconds)

    def _hear_exit(self, task: Task, message: Exit) -> None:
        self._tell(
            task,
            "ended",
            exit_code=message.code if message.code is not None else -(message.signal or 0),
            lines=list(message.lines),
            asked=self._closing,
        )
        how = (
            f"exit code {message.code}"
            if message.signal is None
            else f"signal {message.signal}" + (" (out of memory?)" if message.signal == 9 else "")
        )
        self._fail(Failure(task.node, task.name, f"the task ended with {how}", message.lines))

    def _lost(self, node: str, reason: str) -> None:
        if not self._closing:
            self._recorder.record("node", node=node, state="lost", evidence=reason)
            tasks = ", ".join(task.name for task in self._tasks if task.node == node)
            self._fail(Failure(node, tasks, f"the node is lost: {reason}"))

    def _fail(self, failure: Failure) -> None:
        if not self._closing and not self.failed.done():
            self.failed.set_result(failure)

    def _named(self, node: str, name: str) -> Task | None:
        return next((t for t in self._tasks if t.node == node and t.name == name), None)

    def _tell(self, task: Task, state: str, **more: object) -> None:
        self._recorder.record(
            "task", role=task.role, index=task.index, node=task.node, state=state, **more
        )
