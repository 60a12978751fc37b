"""A trial's parameter servers and workers on their nodes: started, watched, started again."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path

from edgead.agents.errors import NodeError
from edgead.agents.launch import task_env, task_server_source
from edgead.agents.messages import Message, TelemetryLine
from edgead.agents.staging import pack
from edgead.agents.waiting import within
from edgead.console import output
from edgead.console.nodes.interpreter import program_argv
from edgead.console.nodes.inventory import Cluster
from edgead.console.running.failure import Failure
from edgead.console.running.node_links import NodeLinks
from edgead.console.running.node_load import load_of
from edgead.console.running.placement import HOST, Task
from edgead.console.running.recorder import Recorder
from edgead.console.running.recovery.causes import Cause
from edgead.console.running.recovery.evidence import cause_of_words
from edgead.console.running.watching import Watching
from edgead.console.running.wiring import Addresses, Wiring, is_open
from edgead.models.spec import TrialSpec

STAGE_INTERVAL = 0.25  # seconds between two words on how far a shard is
STOP_SECONDS = 10.0  # for an agent to end a task


class ClusterTasks:
    """Tasks that run on nodes, for one trial after the other, until `aclose`.

    `watching` tells of every task that ends or freezes and every node that is lost.
    """

    def __init__(self, cluster: Cluster, tasks: Sequence[Task], recorder: Recorder) -> None:
        self.cluster = cluster
        self._recorder: Recorder | None = recorder  # of the trial they are used by
        self._spec: TrialSpec = recorder.state.spec
        self.links = NodeLinks(cluster, self._record, self._hear, self._lost)
        self.watching = Watching(self.links, self._say, self._spec.silence_seconds)
        self._chief = next(task for task in tasks if task.role == "chief")
        self.serving: list[Task] = []  # in TensorFlow's order: it numbers workers without gaps
        self._wanted: list[Task] = served(tasks)  # by that trial
        self.watching.wanted = {task.name for task in tasks}
        self._tasks: list[Task] = []  # that were started together
        self._wiring: Wiring | None = None
        self._addresses: Addresses | None = None
        self._files: list[Path] = []
        self._ending: set[asyncio.Task[None]] = set()
        self.trials = 1

    async def aclose(self) -> None:
        """End the tasks and leave the nodes."""
        self.watching.close()
        for job in self._ending:
            job.cancel()
        await self.links.aclose()

    # -- being used by one trial after the other

    def rest(self) -> bool:
        """Wait for a next trial; says whether they are fit for one, and what they cost a node."""
        if self._fit():
            for node in dict.fromkeys(task.node for task in self._tasks):
                size = sum(
                    used.rss for task, used in self.watching.usage.items() if task.node == node
                )
                text = f"kept warm for the next trial: {size / 1e6:.0f} MB of memory"
                self._record("note", level="info", node=node, text=text)
        self._recorder = None
        return self._fit()

    def serves(self, cluster: Cluster, tasks: Sequence[Task]) -> bool:
        """Whether all these tasks run here and are fit for a trial."""
        there = set(tasks) <= {*self._tasks, self._chief}  # its address leads to where it is
        return self._fit() and cluster == self.cluster and there

    def take_up(self, tasks: Sequence[Task], recorder: Recorder) -> None:
        """Be used by another trial, for which `serves` holds."""
        self._recorder, self.trials = recorder, self.trials + 1
        self._spec = recorder.state.spec
        self.watching.silence = self._spec.silence_seconds
        self._wanted = self.serving = served(tasks)
        self.watching.wanted = {task.name for task in tasks}
        for node in dict.fromkeys(task.node for task in self._wanted):
            recorder.record("node", node=node, state="up", evidence="still connected")
            if node in self.links.boards:
                recorder.record("board", node=node, **self.links.boards[node])
        for task in self._wanted:
            self._tell(task, "ready", warm=True)
            if task in self.watching.usage:
                # Tasks tell it only when it changes.
                self._say(task, "usage", **asdict(self.watching.usage[task]))

    def _fit(self) -> bool:
        return self._addresses is not None and not self.watching.failed.done()

    # -- starting

    @property
    def started(self) -> bool:
        """Whether they run already."""
        return self._addresses is not None

    async def start(self, tasks: Sequence[Task]) -> None:
        """Start these tasks, the chief being the other one; their nodes are up. Raises Failure."""
        self._tasks = self.serving = served(tasks)
        self.watching.begin(self._tasks)
        self._chief = next(task for task in tasks if task.role == "chief")
        self._wiring = Wiring(self.cluster, self.links.up)
        try:
            addresses = await self._wiring.addresses([*self._tasks, self._chief])
        except Failure as failure:
            if failure.node == HOST:
                raise
            raise self.on_node(failure.node, failure.cause, failure.kind) from None
        if is_open(addresses):
            self._warn_of_open_ports(addresses)
        self._addresses = addresses
        await asyncio.gather(*map(self._start, self._tasks))

    def addresses(self) -> Addresses:
        """Give the addresses of the tasks that this trial uses, and of its chief."""
        assert self._addresses is not None
        found: Addresses = {"chief": self._addresses["chief"]}
        for task in self.serving:
            found.setdefault(task.role, []).append(self._address(task))
        return found

    def _address(self, task: Task) -> str:
        assert self._addresses is not None
        return self._addresses[task.role][self._number(task)]

    def _number(self, task: Task) -> int:
        """Give TensorFlow's number of a task: its place among those that were started."""
        return [each for each in self._tasks if each.role == task.role].index(task)

    def numbered(self, role: str, number: int) -> Task | None:
        """Give the task that TensorFlow calls so."""
        found = [each for each in self.serving if each.role == role]
        return found[number] if 0 <= number < len(found) else None

    async def _start(self, task: Task) -> None:
        assert self._addresses is not None
        node = self.cluster.node(task.node)
        env = task_env(task.role, self._number(task), self._addresses, self._threads())
        self.watching.expect(task)
        link = self.links.up.get(task.node)
        try:
            if link is None:
                raise NodeError(task.node, "the node is lost")
            argv = program_argv(node, env)
            await link.start_task(task.name, argv, env, task_server_source())
        except NodeError as error:
            if task.node not in self.links.up:  # with all that is to run there
                raise self.on_node(task.node, error.text, Cause.NODE_LOST) from None
            raise Failure(task.node, task.name, error.text, kind=Cause.UNFIT) from None
        self._tell(task, "starting")

    def _threads(self) -> int | None:
        """Share this machine's cores among embedded nodes; a board's are its own."""
        if not self.cluster.embedded:
            return None
        return max(1, (os.cpu_count() or 1) // len(self.cluster.nodes))

    async def until_ready(self, task: Task) -> None:
        """Wait until a task serves; raises Failure."""
        await self.watching.until_ready(task, self._spec.ready_seconds)

    def _warn_of_open_ports(self, addresses: Addresses) -> None:
        served = (found for role, found in addresses.items() if role != "chief")
        every = ", ".join(each for found in served for each in found)
        text = (
            f"transport direct: whoever reaches {every} can run code there; transport ="
            ' "tunnel" in the cluster file closes that'
        )
        self._record("note", level="warn", node=HOST, text=text)

    # -- starting again

    async def restart(self, task: Task) -> None:
        """End a task, if it still runs, and start it again at its address; raises Failure."""
        self._tell(task, "restarting")
        await self._stop(task)
        try:
            await self.links.make_ready_again(task.node)
        except Failure as failure:
            raise failure.of(task.name) from None
        await self._start(task)
        await self.until_ready(task)

    async def bring_back(self, node: str, tasks: Iterable[Task]) -> None:
        """Connect to a lost node, and start tasks at their addresses there; raises Failure."""
        assert self._wiring is not None
        await self.links.connect(node)
        try:
            await self._wiring.restore(node)
            await self.stage_on(node)
            for task in tasks:
                await self.restart(task)
        except Failure:
            await self.links.leave(node)  # the next try is to begin anew
            raise

    async def reset(self) -> None:
        """End all tasks and forget their addresses, for a new start with others perhaps."""
        for task in self._tasks:
            self.watching.ignore(task)
        await asyncio.gather(*map(self._stop, self._tasks), return_exceptions=True)
        if self._wiring is not None:
            self._wiring.release()
        self._wiring = self._addresses = None
        self._tasks, self.serving = [], []
        self.watching.forget()

    async def _stop(self, task: Task) -> None:
        self.watching.ignore(task)
        link = self.links.up.get(task.node)
        if link is None:
            return
        with suppress(NodeError):
            try:
                await within(link.stop_task(task.name, 0), STOP_SECONDS)
            except asyncio.TimeoutError:
                link.drop(f"the agent has not ended {task.name} within {STOP_SECONDS:.0f} s")

    def leave_out(self, task: Task) -> None:
        """Do without a task from now on."""
        self.watching.ignore(task)
        ending = asyncio.ensure_future(self._stop(task))
        self._ending.add(ending)
        ending.add_done_callback(self._ending.discard)
        self._tell(task, "quarantined")

    # -- files

    async def pack(self, files: Iterable[Path]) -> None:
        """Compress files for the nodes: once, and not by every node at the same time."""
        self._files = list(files)
        try:
            for file in self._files:
                await asyncio.to_thread(pack, file)
        except OSError as error:
            raise Failure(HOST, "", f"a shard can't be packed: {error}") from None

    async def stage_on(self, node: str, *, verify: bool = False) -> None:
        """Have the packed files on a node; raises Failure."""
        try:
            for file in self._files:
                await self._stage(node, file, verify)
        except NodeError as error:
            lost = Cause.UNFIT if node in self.links.up else Cause.NODE_LOST
            kind = cause_of_words([error.text], lost)
            reading = [t for t in [self._chief, *self.serving] if t.role != "ps" and t.node == node]
            names = ", ".join(task.name for task in reading)
            raise Failure(node, names, error.text, kind=kind) from None

    async def _stage(self, node: str, file: Path, verify: bool) -> None:
        began, told = time.monotonic(), time.monotonic()
        link = self.links.up.get(node)
        if link is None:
            raise NodeError(node, "the node is lost")

        def progress(done: int, total: int) -> None:
            nonlocal told
            if time.monotonic() - told > STAGE_INTERVAL:
                told = time.monotonic()
                self._record("stage", node=node, file=file.name, done=done, total=total)

        staged = await link.stage(file, progress, verify=verify)
        seconds = time.monotonic() - began
        self._record("stage", node=node, file=file.name, sent=staged.sent, seconds=seconds)

    # -- hearing

    def _hear(self, node: str, message: Message) -> None:
        if isinstance(message, TelemetryLine) and (load := load_of(message)) is not None:
            self._record("telemetry", node=node, **load)
        self.watching.hear(node, message)

    def _lost(self, node: str, reason: str) -> None:
        self.watching.lose(node)
        self.report(self.on_node(node, f"the node is lost: {reason}", Cause.NODE_LOST))

    def on_node(self, node: str, text: str, kind: Cause) -> Failure:
        """Make a failure of a node, with all of its tasks."""
        return Failure(node, ", ".join(self.tasks_on(node)), text, kind=kind)

    def tasks_on(self, node: str) -> list[str]:
        """Give the names of the tasks that are to run on a node, the chief too."""
        tasks = [self._chief, *(self.serving or self._wanted)]
        return [task.name for task in tasks if task.node == node]

    def report(self, failure: Failure) -> None:
        """Report what has happened to some of the tasks."""
        self.watching.report(failure)

    def _tell(self, task: Task, state: str, **more: object) -> None:
        self._say(task, "task", state=state, **more)

    def _say(self, task: Task, kind: str, **data: object) -> None:
        """Record something of a task, unless the trial is one that does without it."""
        if task in self.serving:
            self._record(kind, role=task.role, index=task.index, node=task.node, **data)

    def _record(self, kind: str, **data: object) -> None:
        if self._recorder is not None:
            self._recorder.record(kind, **data)
        elif data.get("level") == "warn":  # they were kept warm: this is all that is left to tell
            output.say(f"edgead-console: {data.get('node')}: {data.get('text')}")


def served(tasks: Iterable[Task]) -> list[Task]:
    """Give the tasks that are TensorFlow servers on nodes: all but the chief."""
    return [task for task in tasks if task.role != "chief"]
