"""The medic of a trial: raises flags, decides by the state machine, carries decisions out."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Coroutine
from math import inf
from typing import Any, NoReturn

from edgead.console.running.cluster_tasks import ClusterTasks
from edgead.console.running.failure import Failure
from edgead.console.running.placement import HOST, Task
from edgead.console.running.recorder import Recorder
from edgead.console.running.recovery.blame import attribute
from edgead.console.running.recovery.causes import Action, Cause
from edgead.console.running.recovery.checkup import failing
from edgead.console.running.recovery.flags import Flags
from edgead.console.running.recovery.machine import (
    Decision,
    Recovery,
    absent,
    decide,
    overdue,
    progressed,
    returned,
    steady,
)
from edgead.models.spec import TrialSpec

STEADY_SECONDS = 60.0  # of serving after which a worker's tries count anew
# After the chief fails, how long a node or task may take to own up, by the chief's cause.
OWN_UP = {Cause.LOST_TOUCH: 8.0, Cause.STEP_ERROR: 2.0, Cause.ENDED: 1.0}
RECENT = 60.0  # seconds for which a failure may be what the chief's own comes from
LONGEST_PAUSE = 8.0  # seconds between two tries to reach a node


class Setback(Exception):  # noqa: N818 (it is no error but a turn of events)
    """This start of the trial is over; its decision says whether another one follows."""

    def __init__(self, failure: Failure, decision: Decision, flag: int) -> None:
        super().__init__(f"{failure}; {decision.text}")
        self.failure, self.decision, self.flag = failure, decision, flag

    @property
    def final(self) -> bool:
        """Whether the trial is over."""
        return self.decision.action is Action.END


class Medic:
    """Treats what fails, for one trial through all of its starts.

    `training` is to be set once the chief has connected: then the others train on without a worker.
    `finished` is to be set once it has done its work: then nothing is treated any more, only told.
    """

    def __init__(self, spec: TrialSpec, tasks: tuple[Task, ...], recorder: Recorder) -> None:
        workers = frozenset(task.name for task in tasks if task.role == "worker")
        self.state = Recovery(spec.retries, spec.minimum_workers, workers)
        self.flags = Flags(recorder)
        self.training = self.finished = False
        self._spec = spec
        self._jobs: set[asyncio.Task[None]] = set()
        self._suspects: dict[str, str] = {}  # an error of a step, and the worker that had it first
        self._furthest = (0, 0)  # that any start has got
        self._settling: dict[str, asyncio.Task[None]] = {}  # till tries are forgotten

    async def aclose(self) -> None:
        """Leave off what is still being done."""
        for job in self._jobs:
            job.cancel()
        await asyncio.gather(*self._jobs, return_exceptions=True)

    # -- deciding

    def take(self, failure: Failure) -> tuple[int, Decision]:
        """Decide on a failure and raise its flag; gives the flag's number, too."""
        for name in failure.tasks:
            if name in self._settling:
                self._settling.pop(name).cancel()
        self.state, decision = decide(self.state, failure, training=self.training)
        return self.flags.raise_flag(failure, decision.text), decision

    def setback(self, failure: Failure) -> NoReturn:
        """Flag what this start does not survive; raises Setback."""
        number, decision = self.take(failure)
        if decision.action not in (Action.END, Action.RESUME):
            decision = decision._replace(action=Action.RESUME)
        raise Setback(failure, decision, number)

    def absent(self, failure: Failure) -> None:
        """Flag a node without which a start is made."""
        self.state, decision = absent(self.state, failure)
        self.flags.raise_flag(failure, decision.text)

    def end(self, failure: Failure) -> NoReturn:
        """Flag what no start would survive; raises Setback."""
        text = "the trial was ended"
        number = self.flags.raise_flag(failure, text)
        raise Setback(failure, Decision(Action.END, failure.tasks, 0.0, text), number)

    def got_on(self, point: tuple[int, int]) -> None:
        """Take note of how far the trial is: phases done, epochs. What is done again is no gain."""
        if point > self._furthest:
            self._furthest = point
            self._suspects.clear()
            self.state = progressed(self.state)

    def trains(self) -> None:
        """Take note that the chief has connected."""
        self.training = True
        for name in self.state.tries:
            self._settle(name)

    async def judge_chief(
        self, nodes: ClusterTasks | None, failure: Failure, watch: asyncio.Future[None] | None
    ) -> NoReturn:
        """Join what the chief said with what is known of nodes and tasks; raises Setback."""
        found = (
            attribute(failure, nodes.numbered)
            if nodes is not None
            else attribute(failure, lambda role, number: None)
        )
        if watch is not None and found.kind in OWN_UP:
            await asyncio.wait({watch}, timeout=OWN_UP[found.kind])
            if watch.done():
                watch.result()
            # Without any worker the chief waits for long before it complains.
            open_ = self.flags.still_open(inf if self.state.away else RECENT)
            if open_ and found.kind is Cause.LOST_TOUCH:
                self._resume_for(open_[-1], found)
        if found.kind is Cause.STEP_ERROR:
            found = self._doubted(found)
        if nodes is not None:
            self.check_up(nodes, found, self.flags.next)
        self.setback(found)

    def _resume_for(self, number: int, failure: Failure) -> NoReturn:
        """Resume because of a failure that is flagged already."""
        self.state, decision = decide(self.state, failure, training=self.training)
        self.flags.update(number, decision.text)
        raise Setback(failure, decision, number)

    def _doubted(self, failure: Failure) -> Failure:
        """Acquit a worker whose error another one had, too: it is the program's, or the data's."""
        first = self._suspects.setdefault(failure.cause, failure.task)
        if first == failure.task:
            return failure
        text = f"{failure.cause} (on {first} and on {failure.task}: not theirs)"
        return Failure(HOST, "chief 0", text, failure.evidence, kind=Cause.PROGRAM)

    # -- doing

    async def see_ready(self, nodes: ClusterTasks, task: Task) -> None:
        """Wait until a task serves, starting it again where that may help; raises Setback."""
        try:
            await nodes.until_ready(task)
        except Failure as failure:
            await self._treat(nodes, failure)

    async def see_staged(self, nodes: ClusterTasks, node: str) -> None:
        """Have the data on a node, trying again where that may help; raises Setback."""
        number = 0
        while (failure := await self._stage(nodes, node)) is not None:
            if failure.kind is Cause.NODE_LOST:  # whoever watches the node says it better
                await asyncio.sleep(OWN_UP[Cause.STEP_ERROR])
            number, decision = self.take(failure)
            self.check_up(nodes, failure, number)
            if decision.action is not Action.RESTART:
                raise Setback(failure, decision, number)
            await asyncio.sleep(decision.wait)
        self.flags.recovered(number, "the data is there")

    async def _stage(self, nodes: ClusterTasks, node: str) -> Failure | None:
        try:
            await nodes.stage_on(node, verify=self._doubts(nodes, node))
        except Failure as failure:
            return failure
        return None

    def _doubts(self, nodes: ClusterTasks, node: str) -> bool:
        """Tell whether a worker there has failed: then its data is read before it is used."""
        return any(self.state.tries.get(name) for name in nodes.tasks_on(node))

    async def watch(self, nodes: ClusterTasks) -> None:
        """Treat what goes wrong, one beside the other, until something ends this start.

        Raises Setback; never returns.
        """
        treating: set[asyncio.Future[None]] = set()
        hearing: asyncio.Future[Failure] | None = None
        try:
            while True:
                hearing = hearing or asyncio.ensure_future(nodes.watching.troubles.get())
                either: set[asyncio.Future[Any]] = {hearing, *treating}
                done, _ = await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
                for job in treating & done:
                    treating.discard(job)
                    job.result()
                if hearing.done():
                    failure, hearing = hearing.result(), None
                    treating.add(asyncio.ensure_future(self._treat(nodes, failure)))
        finally:
            for job in treating:
                job.cancel()
            if hearing is not None:
                hearing.cancel()
            await asyncio.gather(*treating, return_exceptions=True)

    async def _treat(self, nodes: ClusterTasks, failure: Failure) -> None:
        """Do what is decided about a failure until it is over; raises Setback."""
        again: Failure | None = failure
        while again is not None:
            failure = again
            if failure.tasks and set(failure.tasks) <= self.state.left_out:
                return
            lost = failure.kind is Cause.NODE_LOST
            if lost and set(failure.tasks) <= self.state.away | self.state.left_out:
                return  # it was lost again while it came back
            if self.finished:
                self.flags.raise_flag(failure, "the trial was finished without it")
                return
            number, decision = self.take(failure)
            if not failure.killed:
                self.check_up(nodes, failure, number)
            if decision.action in (Action.END, Action.RESUME):
                raise Setback(failure, decision, number)
            tasks = [task for task in nodes.serving if task.name in decision.tasks]
            again = None
            if decision.action is Action.AWAIT:
                await self._await_node(nodes, failure.node, tasks, number)
            elif decision.action is Action.LEAVE_OUT:
                self.flags.given_up(number)
                self._leave_out(nodes, tasks)
            else:
                await asyncio.sleep(decision.wait)
                again = await self._restart(nodes, tasks, number)

    async def _restart(self, nodes: ClusterTasks, tasks: list[Task], number: int) -> Failure | None:
        """Start workers again; gives what keeps them from serving."""
        try:
            for task in tasks:
                await nodes.restart(task)
        except Failure as failure:
            self.flags.given_up(number)
            if failure.kind is Cause.NODE_LOST:  # nobody else tells: it was not serving
                self.flags.update(number, "its node is lost, too")
                return nodes.on_node(failure.node, failure.cause, Cause.NODE_LOST)
            return failure
        names = " and ".join(task.name for task in tasks)
        self.flags.recovered(number, f"{names} serves")
        for task in tasks:
            self._settle(task.name)
        return None

    async def _await_node(
        self, nodes: ClusterTasks, node: str, tasks: list[Task], number: int
    ) -> None:
        """Reach for a lost node until its workers serve again, or for too long; raises Setback."""
        names = [task.name for task in tasks]
        deadline, pause, why = time.monotonic() + self._spec.rejoin_seconds, 1.0, ""
        while time.monotonic() < deadline:
            await asyncio.sleep(pause)
            pause = min(2 * pause, LONGEST_PAUSE)
            try:
                await nodes.bring_back(node, tasks)
            except Failure as failure:
                why = failure.cause
                continue
            self.state = returned(self.state, names)
            for name in names:
                self._settle(name)
            self.flags.recovered(number, f"it is back, and {' and '.join(names)} serves")
            return
        self.state, decision = overdue(self.state, names)
        self.flags.update(number, f"it has not come back: {decision.text}")
        self.flags.add(number, [why])
        self.flags.given_up(number)
        if decision.action is Action.END:
            text = f"the node has not come back within {self._spec.rejoin_seconds:.0f} s"
            raise Setback(Failure(node, ", ".join(names), text), decision, number)
        self._leave_out(nodes, tasks)

    def _leave_out(self, nodes: ClusterTasks, tasks: list[Task]) -> None:
        for task in tasks:
            nodes.leave_out(task)

    def _settle(self, name: str) -> None:
        """Forget the tries of a worker that is here once it has done well for a while from now."""
        here = name not in self.state.away | self.state.left_out
        if here and name in self.state.tries and name not in self._settling:
            self._settling[name] = self._later(self._steady(name))

    async def _steady(self, name: str) -> None:
        await asyncio.sleep(STEADY_SECONDS)
        self.state = steady(self.state, name)
        del self._settling[name]

    # -- looking closer

    def check_up(self, nodes: ClusterTasks, failure: Failure, number: int) -> None:
        """Add the health checks that fail on a node to a flag, when they are done."""
        commands = nodes.links.commands(failure.node)
        if commands is not None:
            node = nodes.cluster.node(failure.node)
            self._later(self._check_up(node, commands, failure.kind, number))

    async def _check_up(self, *given: Any) -> None:
        node, commands, kind, number = given
        self.flags.add(number, await failing(node, commands, kind))

    def _later(self, job: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        task = asyncio.get_running_loop().create_task(job)
        self._jobs.add(task)
        task.add_done_callback(self._jobs.discard)
        return task
