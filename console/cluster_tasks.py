"""A trial's parameter servers and workers on their nodes, through the agents."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from edgead.agents.commands import Commands
from edgead.agents.connection import NodeConnection, connect
from edgead.agents.errors import NodeError
from edgead.agents.launch import task_env, task_server_source
from edgead.agents.messages import Exit, Line, Message, TelemetryLine
from edgead.agents.program import Program
from edgead.agents.staging import pack
from edgead.console import output
from edgead.console.drift import describe
from edgead.console.errors import UNREACHABLE
from edgead.console.failure import Failure
from edgead.console.interpreter import interpreter, program_argv
from edgead.console.inventory import Cluster, Node
from edgead.console.node_load import load_of
from edgead.console.placement import HOST, Task
from edgead.console.power import PowerChange
from edgead.console.readying import give_back, ready_node
from edgead.console.recorder import Recorder
from edgead.console.task_lines import Ready, Usage, read_task_line
from edgead.console.wiring import Addresses, Wiring, is_open

READY_SECONDS = 180.0  # a board needs a minute to import TensorFlow from a slow disk
GIVE_BACK_SECONDS = 60.0  # for a node's power mode and clocks, when it is left
USAGE_INTERVAL = 0.25  # seconds; a task server tells it twice a second at most
LOAD_SECONDS = 1.0  # between two samples of telemetry
STAGE_INTERVAL = 0.25  # seconds between two words on how far a shard is


class ClusterTasks:
    """Tasks that run on nodes, for one trial after the other, until `aclose`.

    `failed` resolves with a Failure as soon as a task ends or a node is lost.
    """

    def __init__(self, cluster: Cluster, tasks: Sequence[Task], recorder: Recorder) -> None:
        self._cluster = cluster
        self._recorder: Recorder | None = recorder  # of the trial they are used by
        self._tasks = _served(tasks)
        self._chief = next(task for task in tasks if task.role == "chief")
        self._nodes = [task.node for task in tasks if task.node != HOST]  # a chief's first
        self._wanted = list(self._tasks)  # by that trial
        self._addresses: Addresses | None = None  # once they all serve
        self._usage: dict[Task, Usage] = {}  # the latest
        self._usage_due: dict[Task, float] = {}  # when the next is taken
        self._spoiled = False
        self.trials = 1
        self._connections: dict[str, NodeConnection] = {}
        self._commands = {name: Commands() for name in self._nodes}
        self._boards: dict[str, dict[str, Any]] = {}  # what each is
        self._power: dict[str, PowerChange] = {}  # what was changed, by node
        self._ready: dict[str, asyncio.Event] = {task.name: asyncio.Event() for task in self._tasks}
        self._closing = False
        self._connected = asyncio.Event()
        self.failed: asyncio.Future[Failure] = asyncio.get_running_loop().create_future()

    async def aclose(self) -> None:
        """End the tasks and leave the nodes."""
        self._closing = True
        if self._cluster.restore_power:
            await asyncio.gather(*(self._give_back(*each) for each in self._power.items()))
        await asyncio.gather(*(connection.close() for connection in self._connections.values()))

    async def _give_back(self, node: str, was: PowerChange) -> None:
        giving = give_back(was, self._commands[node])
        try:
            wrong = await asyncio.wait_for(giving, GIVE_BACK_SECONDS)
        except asyncio.TimeoutError:
            wrong = f"it took more than {GIVE_BACK_SECONDS:g} s"
        if wrong:
            text = f"power mode {was.before or 'and clocks'} not given back: {wrong}"
            self._record("note", level="warn", node=node, text=text)
            if self._recorder is None:  # it was kept warm: this is all that is left to tell
                output.say(f"edgead-console: {node}: {text}")

    def rest(self) -> bool:
        """Wait for a next trial; says whether they are fit for one, and what they cost a node."""
        if self._fit():
            for node in dict.fromkeys(task.node for task in self._tasks):
                size = sum(used.rss for task, used in self._usage.items() if task.node == node)
                text = f"kept warm for the next trial: {size / 1e6:.0f} MB of memory"
                self._record("note", level="info", node=node, text=text)
        self._recorder = None
        return self._fit()

    def serves(self, cluster: Cluster, tasks: Sequence[Task]) -> bool:
        """Whether all these tasks run here and are fit for a trial."""
        there = set(tasks) <= {*self._tasks, self._chief}  # its address leads to where it is
        return self._fit() and cluster == self._cluster and there

    def take_up(self, tasks: Sequence[Task], recorder: Recorder) -> None:
        """Be used by another trial, for which `serves` holds."""
        self._recorder, self.trials = recorder, self.trials + 1
        self._wanted = _served(tasks)
        for node in dict.fromkeys(task.node for task in self._wanted):
            recorder.record("node", node=node, state="up", evidence="still connected")
            if node in self._boards:
                recorder.record("board", node=node, **self._boards[node])
        for task in self._wanted:
            self._tell(task, "ready", warm=True)
            if task in self._usage:
                # Tasks tell it only when it changes.
                self._say(task, "usage", **asdict(self._usage[task]))

    def _fit(self) -> bool:
        return self._addresses is not None and not self._spoiled and not self.failed.done()

    async def start(self) -> Addresses:
        """Connect to the nodes, start the tasks, wait until each is ready; gives their addresses.

        Where they serve already there is nothing to do. Raises Failure naming the node or task
        that keeps the others waiting.
        """
        if self._addresses is None:
            self._addresses = await self._start_all()
        addresses: Addresses = {"chief": self._addresses["chief"]}
        for task in self._wanted:
            found = self._addresses[task.role][task.index]
            addresses.setdefault(task.role, []).append(found)
        return addresses

    async def _start_all(self) -> Addresses:
        names = dict.fromkeys(self._nodes)
        results = await asyncio.gather(
            *(self._connect(self._cluster.node(name)) for name in names), return_exceptions=True
        )
        for result in results:
            if isinstance(result, BaseException):
                raise result
        self._connected.set()
        wiring = Wiring(self._cluster, self._connections)
        addresses = await wiring.addresses([*self._tasks, self._chief])
        if is_open(addresses):
            self._warn_of_open_ports(addresses)
        try:
            await asyncio.gather(*(self._start(task, addresses) for task in self._tasks))
        except NodeError as error:
            raise Failure(error.node, "", error.text) from None
        await self._until_ready()
        return addresses

    async def open_program(
        self, node: str, file: str, module: str, env: Mapping[str, str]
    ) -> Program:
        """Run a module out of a staged zip on a node; raises Failure."""
        python = interpreter(self._cluster.node(node))
        try:
            return await self._connections[node].open_program(file, module, env, python)
        except NodeError as error:
            raise Failure(error.node, "", error.text) from None

    async def stage(self, files: Sequence[Path], *also: str) -> None:
        """Have these files on all nodes with a worker, and others, side by side; raises Failure."""
        try:
            for file in files:  # once, and not by every node at the same time
                await asyncio.to_thread(pack, file)
        except OSError as error:
            raise Failure(HOST, "", f"a shard can't be packed: {error}") from None
        await self._connected.wait()
        workers = [task.node for task in self._wanted if task.role == "worker"]
        names = dict.fromkeys([*workers, *also])
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
                    self._record("stage", node=node, file=file.name, done=done, total=total)

            staged = await self._connections[node].stage(file, progress)
            self._record(
                "stage",
                node=node,
                file=file.name,
                sent=staged.sent,
                seconds=time.monotonic() - began,
            )

    async def _connect(self, node: Node) -> None:
        self._record("node", node=node.name, state="connecting")
        try:
            connection = await connect(
                node, on_event=lambda message: self._hear(node.name, message)
            )
        except NodeError as error:
            self._record("node", node=node.name, state="lost", evidence=error.text)
            raise Failure(node.name, "", error.text, exit_code=UNREACHABLE) from None
        self._connections[node.name] = connection
        connection.closed.add_done_callback(lambda closed: self._lost(node.name, closed.result()))
        version = connection.hello.python
        self._record("node", node=node.name, state="up", evidence=f"Python {version}")
        await self._ready_node(node, connection)
        if not self._cluster.embedded:
            await self._describe(node)
        await self._watch_load(node.name, connection)

    async def _watch_load(self, node: str, connection: NodeConnection) -> None:
        """Have telemetry of the node; a trial goes on without."""
        try:
            await connection.telemetry(LOAD_SECONDS)
        except NodeError as error:
            self._record("note", level="warn", node=node, text=f"no telemetry: {error.text}")

    async def _ready_node(self, node: Node, connection: NodeConnection) -> None:
        def say(level: str, text: str) -> None:
            self._record("note", level=level, node=node.name, text=text)

        commands = self._commands[node.name]
        commands.use(connection)
        try:
            change = await ready_node(node, commands, say)
        except NodeError as error:
            raise Failure(node.name, "", error.text) from None
        if change is not None:
            self._power[node.name] = change

    async def _describe(self, node: Node) -> None:
        try:
            board = self._boards[node.name] = await describe(node, self._commands[node.name])
        except NodeError as error:
            raise Failure(node.name, "", error.text) from None
        self._record("board", node=node.name, **board)

    def _warn_of_open_ports(self, addresses: Addresses) -> None:
        served = (found for role, found in addresses.items() if role != "chief")
        every = ", ".join(each for found in served for each in found)
        text = (
            f"transport direct: whoever reaches {every} can run code there; transport ="
            ' "tunnel" in the cluster file closes that'
        )
        self._record("note", level="warn", node=HOST, text=text)

    async def _start(self, task: Task, addresses: Addresses) -> None:
        node = self._cluster.node(task.node)
        env = task_env(task.role, task.index, addresses, self._threads())
        await self._connections[task.node].start_task(
            task.name, program_argv(node, env), env, task_server_source()
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
        self._commands[node].hear(message)
        if isinstance(message, TelemetryLine) and (load := load_of(message)) is not None:
            self._record("telemetry", node=node, **load)
        task = self._named(node, getattr(message, "task", ""))
        if task is None:
            return
        if isinstance(message, Line):
            self._hear_line(task, message.line)
        elif isinstance(message, Exit):
            self._hear_exit(task, message)

    def _hear_line(self, task: Task, line: str) -> None:
        said = read_task_line(line)
        if isinstance(said, Ready) and not self._ready[task.name].is_set():
            self._ready[task.name].set()
            self._tell(task, "ready", **asdict(said))
        elif isinstance(said, Usage) and time.monotonic() >= self._usage_due.get(task, 0.0):
            self._usage_due[task] = time.monotonic() + USAGE_INTERVAL
            self._usage[task] = said
            self._say(task, "usage", **asdict(said))

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
        if task in self._wanted:
            self._fail(Failure(task.node, task.name, f"the task ended with {how}", message.lines))
        else:
            self._spoiled = True

    def _lost(self, node: str, reason: str) -> None:
        if not self._closing:
            self._record("node", node=node, state="lost", evidence=reason)
            tasks = ", ".join(task.name for task in self._tasks if task.node == node)
            self._fail(Failure(node, tasks, f"the node is lost: {reason}"))

    def _fail(self, failure: Failure) -> None:
        if not self._closing and not self.failed.done():
            self.failed.set_result(failure)

    def _named(self, node: str, name: str) -> Task | None:
        return next((t for t in self._tasks if t.node == node and t.name == name), None)

    def _tell(self, task: Task, state: str, **more: object) -> None:
        self._say(task, "task", state=state, **more)

    def _say(self, task: Task, kind: str, **data: object) -> None:
        """Record something of a task, unless the trial is one that does without it."""
        if task in self._wanted:
            self._record(kind, role=task.role, index=task.index, node=task.node, **data)

    def _record(self, kind: str, **data: object) -> None:
        if self._recorder is not None:
            self._recorder.record(kind, **data)


def _served(tasks: Sequence[Task]) -> list[Task]:
    """Give the tasks that are TensorFlow servers on nodes: all but the chief."""
    return [task for task in tasks if task.role != "chief"]
