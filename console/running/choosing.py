"""Who takes part in a start of a trial: its tasks on the nodes that answer."""

from __future__ import annotations

import asyncio
import time
from dataclasses import replace

from edgead.console.errors import UNREACHABLE
from edgead.console.running.cluster_tasks import ClusterTasks
from edgead.console.running.failure import Failure
from edgead.console.running.placement import HOST, Task
from edgead.console.running.recorder import Recorder
from edgead.console.running.recovery.causes import Cause
from edgead.console.running.recovery.machine import returned, usable
from edgead.console.running.recovery.medic import Medic
from edgead.models.spec import TrialSpec

FIRST_SECONDS, LATER_SECONDS = 10.0, 4.0  # to connect; a node that is away keeps nobody for long
PAUSE = 2.0  # seconds between two tries when too few nodes answer


class Choosing:
    """Chooses the tasks of every start of a trial."""

    def __init__(
        self, spec: TrialSpec, tasks: tuple[Task, ...], medic: Medic, recorder: Recorder
    ) -> None:
        self._spec, self._medic, self._recorder = spec, medic, recorder
        self._tasks = list(tasks)
        self._gone: set[str] = set()  # nodes that are known not to answer
        self._starts = 0

    @property
    def chief_node(self) -> str:
        """Where the chief runs."""
        return next(task.node for task in self._tasks if task.role == "chief")

    def begin(self) -> None:
        """Begin another start: a chief whose node does not answer runs on this machine."""
        self._starts += 1
        old = next(task for task in self._tasks if task.role == "chief")
        if old.node in self._gone:
            self._tasks[self._tasks.index(old)] = replace(old, node=HOST)
            text = f"the chief moves from {old.node}, which does not answer, to this machine"
            self._recorder.record("note", level="warn", node=HOST, text=text)

    async def choose(self, nodes: ClusterTasks) -> list[Task]:
        """Connect to the nodes; give the tasks that this start is to have. Raises Setback.

        Workers whose node does not answer are left out of it, the parameter server moves.
        """
        deadline = time.monotonic() + (self._spec.rejoin_seconds if self._starts > 1 else 0.0)
        while True:
            await self._connect(nodes)
            chosen = [task for task in self._tasks if self._takes_part(task, nodes)]
            workers = sum(task.role == "worker" for task in chosen)
            if workers >= self._medic.state.minimum:
                break
            if time.monotonic() >= deadline:
                self._too_few(workers)
            await asyncio.sleep(PAUSE)
        self._medic.state = returned(self._medic.state, [task.name for task in chosen])
        if not any(task.role == "ps" for task in chosen):
            chosen.insert(1, self._move_ps(nodes, [task.node for task in chosen]))
        return chosen

    def _takes_part(self, task: Task, nodes: ClusterTasks) -> bool:
        if task.role == "chief":
            return True
        left_out = task.role == "worker" and task.name not in usable(self._medic.state)
        return task.node in nodes.links.up and not left_out

    async def _connect(self, nodes: ClusterTasks) -> None:
        wanted = [task for task in self._tasks if task.node != HOST]
        state = self._medic.state
        wanted = [t for t in wanted if t.role != "worker" or t.name in usable(state)]
        seconds = FIRST_SECONDS if self._starts == 1 else LATER_SECONDS
        failures = await nodes.links.connect_all([task.node for task in wanted], seconds)
        for name, failure in failures.items():
            there = [task for task in wanted if task.node == name]
            if name not in self._gone and set(map(_name, there)) - state.away:
                self._flag(name, failure, there)
        self._gone = {*self._gone, *failures} - set(nodes.links.up)

    def _flag(self, name: str, failure: Failure, there: list[Task]) -> None:
        """Flag a node that does not answer; raises Setback where that ends this start."""
        tasks = ", ".join(map(_name, there))
        failure = Failure(name, tasks, failure.cause, (), failure.exit_code, failure.kind)
        roles = {task.role for task in there}
        named = {self._spec.chief_node} if "chief" in roles else set()
        named |= {self._spec.ps_node} if "ps" in roles else set()
        first = self._starts == 1
        if first and (failure.kind is Cause.REFUSED or name in named):
            self._medic.end(failure)
        if "chief" in roles:
            self._medic.setback(failure)
        self._medic.absent(failure)

    def _too_few(self, workers: int) -> None:
        minimum = self._medic.state.minimum
        away = sorted(self._gone)
        cause = f"{workers} workers can start, {minimum} are the minimum"
        tasks = [task for task in self._tasks if task.node in away]
        names = ", ".join(map(_name, tasks))
        node = away[0] if away else HOST
        self._medic.end(Failure(node, names, cause, (), UNREACHABLE, Cause.UNREACHABLE))

    def _move_ps(self, nodes: ClusterTasks, places: list[str]) -> Task:
        """Place the parameter server on a node that answers: one that is for it, if any is."""
        up = [name for name in dict.fromkeys(places) if name in nodes.links.up]
        fit = [name for name in up if "ps" in nodes.cluster.node(name).roles]
        old = next(task for task in self._tasks if task.role == "ps")
        new = replace(old, node=(fit or up)[0])
        self._tasks[self._tasks.index(old)] = new
        text = f"{new.name} moves from {old.node}, which does not answer, to {new.node}"
        self._recorder.record("note", level="warn", node=new.node, text=text)
        return new

    def lost(self, node: str) -> None:
        """Take note that a node is known not to answer."""
        self._gone.add(node)


def _name(task: Task) -> str:
    return task.name
