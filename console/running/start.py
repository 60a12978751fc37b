"""One start of a trial: a chief and its cluster, until the chief is done or somebody gives up."""

from __future__ import annotations

import asyncio
import hashlib
import shutil
from collections.abc import Awaitable
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from edgead.agents.launch import TENSORFLOW_SETTINGS
from edgead.console.events import Event
from edgead.console.running import node_chief
from edgead.console.running.chief_process import Addresses, run_chief
from edgead.console.running.choosing import Choosing
from edgead.console.running.cluster_tasks import ClusterTasks
from edgead.console.running.failure import Failure
from edgead.console.running.node_programs import end_program, open_program
from edgead.console.running.pace import Pace
from edgead.console.running.placement import HOST, Task
from edgead.console.running.recorder import Recorder
from edgead.console.running.recovery.causes import Cause
from edgead.console.running.recovery.medic import Medic
from edgead.console.runs.store import Run
from edgead.models.spec import TrialSpec

if TYPE_CHECKING:
    from edgead.console.running.warm import Warm

LOOK_SECONDS = 1.0  # between two looks at whether the log is whole
CHECKPOINT = "checkpoint.npz"  # models/checkpoint.py, which needs TensorFlow's company
WORK = ("train", "threshold", "validation", "test")  # phases whose end is progress


class Trial(NamedTuple):
    """What all starts of a trial have in common."""

    run: Run
    spec: TrialSpec
    data: Path
    cache: Path
    recorder: Recorder
    warm: Warm | None


class Start:
    """A start; `mending` is the flag of the failure after which it was made, 0 for the first."""

    def __init__(
        self,
        trial: Trial,
        medic: Medic,
        choosing: Choosing,
        nodes: ClusterTasks | None,
        mending: int,
    ) -> None:
        self._trial, self._medic, self._choosing = trial, medic, choosing
        self._nodes, self._mending = nodes, mending
        loop = asyncio.get_running_loop()
        self._shards: asyncio.Future[list[str]] = loop.create_future()
        self._told: asyncio.Future[Addresses] = loop.create_future()
        self._pace = Pace(trial.spec.stall_seconds)
        self._chief_node = HOST
        medic.training = False

    async def run(self) -> None:
        """Run until the chief has done its work; raises Setback."""
        nodes, begin = self._nodes, asyncio.ensure_future
        self._choosing.begin()
        self._chief_node = self._choosing.chief_node
        jobs: dict[str, asyncio.Future[Any]] = {
            "late": begin(self._pace.late()),
            "log": begin(self._see_logged()),
        }
        self._pace.begin()
        if nodes is not None:
            jobs["ready"] = begin(self._make_ready(nodes))
            jobs["watch"] = begin(self._medic.watch(nodes))
        on_node = nodes is not None and self._chief_node != HOST
        jobs["chief"] = begin(
            self._run_node_chief(nodes) if on_node and nodes else self._run_chief()
        )
        try:
            await self._see_through(jobs)
        finally:
            for job in jobs.values():
                job.cancel()
            await asyncio.gather(*jobs.values(), return_exceptions=True)

    async def _see_through(self, jobs: dict[str, asyncio.Future[Any]]) -> None:
        """Wait for the first job that decides; raises Setback unless that is the chief, done."""
        pending, watch = set(jobs.values()), jobs.get("watch")
        while True:
            _, pending = await asyncio.wait(pending, return_when=asyncio.FIRST_COMPLETED)
            done = {name for name, job in jobs.items() if job.done()}
            try:
                for name in ("watch", "ready"):
                    if name in done:
                        jobs[name].result()
            except Failure as failure:
                self._medic.setback(failure)
            if "log" in done:
                self._medic.end(jobs["log"].result())
            if "chief" in done:
                try:
                    jobs["chief"].result()
                    return await self._finish()
                except Failure as failure:
                    await self._medic.judge_chief(self._nodes, failure, watch)
            if "late" in done:
                text = jobs["late"].result()
                late = Failure(self._chief_node, "chief 0", text, kind=Cause.STALLED)
                await self._medic.judge_chief(self._nodes, late, watch)

    async def _see_logged(self) -> Failure:
        """Wait until the trial's log can't be written: what is done then would be lost."""
        while (lost := self._trial.recorder.lost) is None:  # noqa: ASYNC110 (it is plain data)
            await asyncio.sleep(LOOK_SECONDS)
        text = f"{self._trial.run.events_path}: can't be written: {lost.strerror}"
        return Failure(HOST, "chief 0", text, kind=Cause.DISK_FULL)

    async def _finish(self) -> None:
        """Have flags for what has failed and did not matter any more."""
        self._medic.finished = True
        if self._nodes is not None:
            await self._nodes.watching.explained()
            await asyncio.sleep(0)  # the medic hears of it
        self._medic.flags.finish()

    # -- the cluster

    async def _make_ready(self, nodes: ClusterTasks) -> None:
        """Start the tasks while the chief loads, and stage what it says nodes are to have."""
        if not nodes.started:  # they may be warm
            await nodes.start(await self._choosing.choose(nodes))
        serving = [self._medic.see_ready(nodes, task) for task in nodes.serving]
        await together(self._stage(nodes), *serving)
        self._pace.begin()
        self._told.set_result(nodes.addresses())

    async def _stage(self, nodes: ClusterTasks) -> None:
        folder = self._trial.cache / "shards"
        await nodes.pack([folder / Path(file).name for file in await self._shards])
        workers = [task.node for task in nodes.serving if task.role == "worker"]
        names = dict.fromkeys([*workers, *({self._chief_node} - {HOST})])
        await together(*(self._medic.see_staged(nodes, name) for name in names))

    # -- the chief

    async def _run_chief(self) -> None:
        trial = self._trial
        standby = trial.warm.take_chief() if trial.warm and not self._mending else None
        self._tell_chief("starting", **({"warm": True} if standby else {}))
        cluster = asyncio.shield(self._told) if self._nodes is not None else None
        try:
            given = trial.run, trial.data, trial.cache, cluster, self._hear
            await run_chief(*given, standby, self._epochs())
        except Failure as failure:
            self._tell_chief("ended", lines=list(failure.evidence))
            raise
        self._tell_chief("ended", exit_code=0, asked=True)

    async def _run_node_chief(self, nodes: ClusterTasks) -> None:
        """Have data and code on the chief's node, then run it there."""
        trial, node = self._trial, self._chief_node
        self._tell_chief("starting")
        staged = await node_chief.prepare(trial.run, trial.data, trial.cache)
        checkpoint = await asyncio.to_thread(self._stageable_checkpoint)
        names = [*(file.name for file in staged.files), *([checkpoint] if checkpoint else [])]
        self._shards.set_result(names)
        addresses = await asyncio.shield(self._told)  # with the files there, too
        code = staged.code.name, node_chief.MODULE
        there = nodes.links, nodes.cluster.node(node)
        program = await open_program(*there, *code, TENSORFLOW_SETTINGS)
        job = staged.dataset, addresses, checkpoint, self._epochs()
        try:
            await node_chief.run_node_chief(trial.run, node, program, *job, self._hear)
        except Failure as failure:
            self._tell_chief("ended", lines=list(failure.evidence))
            await end_program(nodes.links, node)
            raise
        self._tell_chief("ended", exit_code=0, asked=True)

    def _epochs(self) -> int:
        """Say how many epochs the log has."""
        return len(self._trial.recorder.state.epochs)

    def _stageable_checkpoint(self) -> str:
        """Copy the checkpoint to where shards are, named as they are; "" where there is none."""
        path = self._trial.run.folder / CHECKPOINT
        if not path.exists():
            return ""
        name = f"{hashlib.sha256(path.read_bytes()).hexdigest()}{path.suffix}"
        shutil.copyfile(path, self._trial.cache / "shards" / name)
        return name

    def _hear(self, happened: Event) -> None:
        """Take what the chief says."""
        self._pace.seen()
        happened = self._by_index(happened)
        self._trial.recorder.take(happened)
        kind, phase = happened.kind, happened.get("phase")
        if kind == "dataset" and not self._shards.done():
            self._shards.set_result([str(file) for file in happened.get("shards", [])])
        elif kind == "stalled":
            self._hear_stalled(happened)
        ended = kind == "phase" and happened.get("state") == "end"
        if ended and phase == "connect":
            self._medic.trains()
        last = "prepare" if self._trial.spec.engine == "fast" else "start"
        if ended and phase == last and self._nodes is not None and not self._told.done():
            self._pace.pause()  # until it is told the cluster
        if kind == "epoch" or (ended and phase in WORK):
            self._medic.got_on(_point(happened))
            if self._mending:
                self._medic.flags.recovered(self._mending, "it gets on")
                self._mending = 0

    def _hear_stalled(self, happened: Event) -> None:
        """End the workers that keep the others waiting: their part goes to these, then."""
        if self._nodes is None:
            return
        numbers, seconds = happened.get("workers"), happened.get("seconds")
        if not isinstance(numbers, list) or not isinstance(seconds, (int, float)):
            return  # a chief on a node says what it likes
        for task in {task for number in numbers if (task := self._worker(number)) is not None}:
            text = f"its part of the work is not done after {seconds:.0f} s"
            self._nodes.report(Failure(task.node, task.name, text, kind=Cause.STALLED))

    def _worker(self, number: object) -> Task | None:
        """Give the worker that TensorFlow has numbered so: without gaps, whoever is left out."""
        if self._nodes is None or not isinstance(number, int):
            return None
        return self._nodes.numbered("worker", number)

    def _by_index(self, happened: Event) -> Event:
        """Have the parts of a round name workers by their index, not by TensorFlow's number."""
        parts = happened.get("parts")
        if happened.kind != "round" or not isinstance(parts, list):
            return happened
        named = []
        for part in parts:
            task = self._worker(part.get("worker")) if isinstance(part, dict) else None
            named.append({**part, "worker": task.index} if task is not None else part)
        return Event(happened.time, happened.kind, {**happened.data, "parts": named})

    def _tell_chief(self, state: str, **more: object) -> None:
        node = self._chief_node
        self._trial.recorder.record("task", role="chief", index=0, node=node, state=state, **more)


def _point(happened: Event) -> tuple[int, int]:
    """Say how far a trial is: phases done, epochs done; to compare."""
    if happened.kind != "epoch":
        return WORK.index(happened["phase"]) + 1, 0
    number = happened.get("epoch")
    return 0, number if isinstance(number, int) else 0


async def together(*jobs: Awaitable[None]) -> None:
    """Wait for all of them; when one fails the others are called off, and its error is raised."""
    tasks = [asyncio.ensure_future(job) for job in jobs]
    try:
        await asyncio.gather(*tasks)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
