"""What is kept ready between trials: task servers on the nodes, and a chief, TensorFlow imported.

So the next trial pays neither for starting processes nor for the import. Nothing is used again
after a failure; all of it ends when nobody has used it for a while.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

from edgead.console.events import read_line
from edgead.console.nodes.inventory import Cluster
from edgead.console.running.chief_process import end_chief, job_of, next_line, start_chief
from edgead.console.running.cluster_tasks import ClusterTasks
from edgead.console.running.placement import Task
from edgead.console.running.recorder import Recorder
from edgead.console.runs.store import Run

# A server keeps some megabytes of every trial's graphs: after so many a new one is started.
MOST_TRIALS = 20


class Warm:
    """Keeps tasks and a chief for the next trial, until `aclose`.

    `gone` is set when what was kept has ended: idle for too long, or lost.
    """

    def __init__(self, idle: float) -> None:
        self._idle = idle  # seconds
        self._nodes: ClusterTasks | None = None
        self._chief: asyncio.subprocess.Process | None = None
        self._chief_told = False  # that it is ready
        self._timer: asyncio.Task[None] | None = None
        self.gone = asyncio.Event()

    @asynccontextmanager
    async def nodes(
        self, cluster: Cluster, tasks: Sequence[Task], recorder: Recorder
    ) -> AsyncIterator[ClusterTasks]:
        """Lend the tasks that are kept, or new ones; kept again unless the block fails."""
        self._stop_timer()
        nodes, self._nodes = self._nodes, None
        if nodes is not None and nodes.trials < MOST_TRIALS and nodes.serves(cluster, tasks):
            nodes.take_up(tasks, recorder)
        else:
            if nodes is not None:
                await nodes.aclose()
            nodes = ClusterTasks(cluster, tasks, recorder)
        try:
            yield nodes
            self._nodes = nodes if nodes.rest() else None
        finally:
            if self._nodes is not nodes:
                await nodes.aclose()

    def take_chief(self) -> asyncio.subprocess.Process | None:
        """Give the chief that stands by, if there is one that lives."""
        self._stop_timer()
        chief, self._chief = self._chief, None
        return chief if chief is not None and chief.returncode is None else None

    async def stand_by(self, run: Run, data: Path, cache: Path) -> None:
        """Have a chief ready for a trial like this run, and wait for one until idle too long."""
        if self._chief is None and not run.spec().chief_node:
            self._chief, self._chief_told = await start_chief(), False
            assert self._chief.stdin is not None
            job = job_of(run, data, cache, run.folder)
            self._chief.stdin.write(json.dumps({"standby": job}).encode() + b"\n")
        self._stop_timer()
        self.gone.clear()
        self._timer = asyncio.ensure_future(self._end_when_idle())

    async def ready(self) -> None:
        """Wait until the chief that stands by has done all it can do ahead."""
        while self._chief is not None and not self._chief_told:
            happened = read_line(await next_line(self._chief) or b'{"kind": "standby"}')
            self._chief_told = happened is not None and happened.kind == "standby"

    async def aclose(self) -> None:
        """End all that is kept."""
        self._stop_timer()
        await self._end()

    async def _end(self) -> None:
        nodes, self._nodes = self._nodes, None
        chief, self._chief = self._chief, None
        if chief is not None:
            await end_chief(chief)
        if nodes is not None:
            await nodes.aclose()
        self.gone.set()

    async def _end_when_idle(self) -> None:
        if self._nodes is not None:
            await asyncio.wait([self._nodes.watching.failed], timeout=self._idle)
        else:
            await asyncio.sleep(self._idle)
        self._timer = None  # from here on it is not called off: half an end helps nobody
        await self._end()

    def _stop_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
