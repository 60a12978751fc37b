"""The supervisor of one trial: starts its tasks and its chief, writes its log, ends it whole."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Coroutine
from contextlib import aclosing
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any

from edgead.agents.launch import TENSORFLOW_SETTINGS
from edgead.console.chief_process import Addresses, run_chief
from edgead.console.errors import DONE, INTERRUPTED
from edgead.console.events import Event
from edgead.console.failure import Failure
from edgead.console.inventory import Cluster
from edgead.console.placement import HOST, Task, place
from edgead.console.recorder import Listener, Recorder
from edgead.console.result import result_of
from edgead.console.store import Log, Run

if TYPE_CHECKING:
    from edgead.console.cluster_tasks import ClusterTasks
    from edgead.console.warm import Warm

# After the chief fails, how long a node may take to own up: its task's end is the better cause.
BLAME_SECONDS = 3.0


async def supervise(
    run: Run,
    cluster: Cluster | None,
    data: Path,
    cache: Path,
    listener: Listener,
    warm: Warm | None = None,
) -> int:
    """Run a trial to its end and give the exit code.

    With `warm` it uses what is kept ready, and leaves what the next trial can use.

    Whatever happens, the log ends with a `result`, summary.json stands, and nothing that was
    started is left running. Cancelling this stops the trial.
    """
    spec = run.spec()
    tasks = place(spec, cluster)
    with run.supervised():
        log = Log(run)
        recorder = Recorder(log, listener)
        recorder.record(
            "started",
            run=run.name,
            spec=spec.to_mapping(),
            tasks=[{"role": t.role, "index": t.index, "node": t.node} for t in tasks],
            cluster=str(cluster.path.absolute()) if cluster and spec.distributed else None,
            version=metadata.version("edgead-console"),
        )
        trial = _Trial(run, cluster, tasks, data, cache, recorder, warm)
        try:
            outcome, code = await trial.run()
            _finish(run, recorder, outcome)
        finally:
            log.close()
    if warm is not None and code == DONE:
        await warm.stand_by(run, data, cache)
    return code


def _finish(run: Run, recorder: Recorder, outcome: str) -> None:
    result = result_of(recorder.state, outcome)
    recorder.record("result", **result)
    run.finish(result)


class _Trial:
    """One trial while it runs."""

    def __init__(
        self,
        run: Run,
        cluster: Cluster | None,
        tasks: tuple[Task, ...],
        data: Path,
        cache: Path,
        recorder: Recorder,
        warm: Warm | None,
    ) -> None:
        self._warm = warm
        self._run, self._cluster, self._tasks = run, cluster, tasks
        self._data, self._cache, self._recorder = data, cache, recorder
        self._chief_node = next(task.node for task in tasks if task.role == "chief")
        self._shards: asyncio.Future[list[str]] = asyncio.get_running_loop().create_future()

    async def run(self) -> tuple[str, int]:
        """Run to the end; gives the outcome and the exit code."""
        try:
            if any(task.node != HOST for task in self._tasks):
                await self._distributed()
            else:
                await self._chief(None)
        except Failure as failure:
            self._recorder.record(
                "flag",
                node=failure.node,
                task=failure.task,
                cause=failure.cause,
                evidence=list(failure.evidence),
                action="the trial was ended",
            )
            return "failed", failure.exit_code
        except asyncio.CancelledError:
            return "stopped", INTERRUPTED
        return "finished", DONE

    async def _distributed(self) -> None:
        from edgead.console.cluster_tasks import ClusterTasks

        assert self._cluster is not None
        given = self._cluster, self._tasks, self._recorder
        lent = self._warm.nodes(*given) if self._warm else aclosing(ClusterTasks(*given))
        async with lent as nodes:
            ready = asyncio.ensure_future(self._ready(nodes))
            on_node = self._chief_node != HOST
            chief = self._run_node_chief(nodes, ready) if on_node else self._chief(ready)
            try:
                await _with_watch(chief, ready, nodes.failed)
            finally:
                ready.cancel()
                await asyncio.gather(ready, return_exceptions=True)

    async def _ready(self, nodes: ClusterTasks) -> Addresses:
        """Start the tasks while the chief loads, and stage what it says nodes are to have."""

        async def stage() -> None:
            folder = self._cache / "shards"
            files = [folder / Path(file).name for file in await self._shards]
            await nodes.stage(files, *({self._chief_node} - {HOST}))

        starting, staging = asyncio.ensure_future(nodes.start()), asyncio.ensure_future(stage())
        try:
            addresses, _ = await asyncio.gather(starting, staging)
            return addresses
        finally:
            starting.cancel()
            staging.cancel()

    async def _chief(self, cluster: Awaitable[Addresses] | None) -> None:
        standby = self._warm.take_chief() if self._warm else None
        self._tell_chief("starting", **({"warm": True} if standby else {}))
        given = self._run, self._data, self._cache
        try:
            await run_chief(*given, cluster, self._hear, standby)
        except Failure as failure:
            self._tell_chief("ended", lines=list(failure.evidence))
            raise
        self._tell_chief("ended", exit_code=0, asked=True)

    async def _run_node_chief(self, nodes: ClusterTasks, ready: Awaitable[Addresses]) -> None:
        """Have data and code on the chief's node, then run it there."""
        from edgead.console import node_chief

        run, node = self._run, self._chief_node
        self._tell_chief("starting")
        staged = await node_chief.prepare(run, self._data, self._cache)
        self._shards.set_result([file.name for file in staged.files])
        addresses = await ready  # with the files there, too
        code = staged.code.name, node_chief.MODULE
        program = await nodes.open_program(node, *code, TENSORFLOW_SETTINGS)
        job = staged.dataset, addresses
        try:
            await node_chief.run_node_chief(run, node, program, *job, self._hear)
        except Failure as failure:
            self._tell_chief("ended", lines=list(failure.evidence))
            raise
        self._tell_chief("ended", exit_code=0, asked=True)

    def _hear(self, happened: Event) -> None:
        if happened.kind == "dataset" and not self._shards.done():
            self._shards.set_result([str(file) for file in happened.get("shards", [])])
        self._recorder.take(happened)

    def _tell_chief(self, state: str, **more: object) -> None:
        self._recorder.record(
            "task", role="chief", index=0, node=self._chief_node, state=state, **more
        )


async def _with_watch(
    chief: Coroutine[Any, Any, None],
    ready: asyncio.Future[Addresses],
    failed: asyncio.Future[Failure],
) -> None:
    """Run the chief while nothing else fails; what failed first on a node is the cause."""
    work = asyncio.ensure_future(chief)
    either: set[asyncio.Future[Any]] = {work, failed}
    try:
        await asyncio.wait({*either, ready}, return_when=asyncio.FIRST_COMPLETED)
        if ready.done() and not failed.done():
            ready.result()  # raises what kept the tasks from starting
            await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
        if work.done() and work.exception() is not None:
            await asyncio.wait({failed}, timeout=BLAME_SECONDS)
        if failed.done():
            raise failed.result()
        await work
    finally:
        work.cancel()
        await asyncio.wait({work})
