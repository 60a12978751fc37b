"""LocalSession: what the app looks at, from this machine's run store and the nodes it reaches."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from edgead.console import detached, paths
from edgead.console.data import ensure
from edgead.console.errors import ConsoleError, UnreachableError, UsageError
from edgead.console.events import Event
from edgead.console.fleet import Fleet
from edgead.console.inventory import read_cluster
from edgead.console.library import StoreLibrary
from edgead.console.narration import Sentence, narrate
from edgead.console.placement import place
from edgead.console.state import TrialState, apply
from edgead.console.store import Run, Store, Tail
from edgead.models.spec import TrialSpec

if TYPE_CHECKING:
    from edgead.console.health_watch import HealthWatch

POLL_SECONDS = 0.2
STARTING_POLL_SECONDS = 0.02
SENTENCES = 2000
STOP_SECONDS = 20.0

Changed = Callable[[], None]


class LocalSession:
    """Starts trials as processes of their own and follows the logs they write.

    `specs` are what the start key runs, one after the other; with `autostart` they start at once.
    """

    def __init__(
        self,
        store: Store,
        cluster: Path | None,
        specs: Sequence[TrialSpec],
        data: Path,
        *,
        autostart: bool = False,
    ) -> None:
        self.fleet = Fleet("no nodes yet")
        self.trial: TrialState | None = None
        self.reference: TrialState | None = None
        self.sentences: deque[Sentence] = deque(maxlen=SENTENCES)
        self.message = ""
        self.library = StoreLibrary(store)
        self._store, self._cluster, self._data = store, cluster, data
        self._specs, self._queue = tuple(specs), list(specs) if autostart else []
        self._run: Run | None = None
        self._tail: Tail | None = None
        self._changed: Changed = lambda: None
        self._fleet_changed: Changed = lambda: None
        self._nodes_ready = asyncio.Event()
        self._asked = asyncio.Event()  # to start a trial, which waits for no poll
        self._health: HealthWatch | None = None
        self._nodes_process: subprocess.Popen[bytes] | None = None

    async def run(self, changed: Changed, fleet_changed: Changed) -> None:
        """Follow the nodes and the trials until cancelled."""
        self._changed, self._fleet_changed = changed, fleet_changed
        self._take_up_latest()
        await asyncio.gather(self._watch_nodes(), self._follow_trials())

    def running(self) -> bool:
        """Whether a trial is running, or about to be."""
        return bool(self._queue) or (self._run is not None and self._run.supervisor() is not None)

    async def start_trial(self) -> str:
        """Start the session's trials."""
        if self.running():
            raise UsageError("a trial is running: stop it first (x)")
        self._queue = list(self._specs)
        self._asked.set()
        return f"starting {len(self._queue)} trial" + "s" * (len(self._queue) > 1)

    async def stop_trial(self) -> str:
        """Stop the running trial, and what was to come after it."""
        self._queue.clear()
        pid = self._run.supervisor() if self._run else None
        if self._run is None or pid is None:
            return "no trial is running"
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGTERM)
        for _ in range(int(STOP_SECONDS / POLL_SECONDS)):
            if self._run.supervisor() is None:
                return f"{self._run.name} stopped"
            await asyncio.sleep(POLL_SECONDS)
        raise UnreachableError(f"{self._run.name} has not stopped within {STOP_SECONDS:.0f} s")

    @property
    def checking(self) -> bool:
        """Whether health checks are running."""
        return self._health is not None and self._health.busy

    async def check_nodes(self) -> str:
        """Run every health check."""
        return await self._checked().check(self_test=True)

    async def mend_nodes(self) -> str:
        """Run the safe remedies and check again."""
        return await self._checked().mend()

    def _checked(self) -> HealthWatch:
        if self._health is None:
            raise UsageError("there are no nodes yet")
        return self._health

    async def close(self, *, stop: bool) -> None:
        """Leave: the running trial goes on unless it is to stop; without one, the nodes end too."""
        if stop:
            await self.stop_trial()
        self._queue.clear()
        if self._nodes_process is not None and not self.running():
            self._nodes_process.terminate()
            await asyncio.to_thread(self._nodes_process.wait)

    # -- nodes

    async def _watch_nodes(self) -> None:
        from edgead.console.health_watch import HealthWatch
        from edgead.console.node_watch import watch_fleet

        path = self._cluster or self._cluster_of_running()
        try:
            if path is None:
                self._say("starting three nodes on this machine…")
                folder = paths.embedded_folder()
                path, self._nodes_process = await detached.start_embedded_nodes(folder)
            cluster = read_cluster(path)
        except ConsoleError as error:
            self._say(str(error))
            return
        self._cluster = path
        self.fleet = Fleet.of(cluster.name, cluster.nodes, embedded=cluster.embedded)
        self._nodes_ready.set()
        self._say("")
        self._health = HealthWatch(cluster, self.fleet, self._fleet_changed)
        watching = [watch_fleet(self.fleet, self._fleet_changed)]
        if not cluster.embedded:
            watching.append(self._health.run(self.running))
        await asyncio.gather(*watching)

    def _cluster_of_running(self) -> Path | None:
        if self._run is None or self.trial is None or not self.trial.cluster:
            return None
        path = Path(self.trial.cluster)
        return path if path.is_file() and self._run.supervisor() is not None else None

    # -- trials

    def _take_up_latest(self) -> None:
        """Show what there is: the running or latest run, beside the latest centralised one."""
        if self._queue:
            return
        for run in reversed(self._store.runs()):
            try:
                state = run.state()
            except UsageError:
                continue
            if self._run is None:
                self._follow(run)
            elif self.reference is None and not state.spec.distributed and state.over:
                self.reference = state
                break
        if self.trial is not None and not self.trial.spec.distributed:
            self.reference = None

    async def _follow_trials(self) -> None:
        while True:
            self._read_tail()
            if self._queue and (self._run is None or self._run.supervisor() is None):
                await self._start_next()
            with suppress(asyncio.TimeoutError):
                await asyncio.wait_for(self._asked.wait(), POLL_SECONDS)
            self._asked.clear()

    def _read_tail(self) -> None:
        if self._run is None or self._tail is None or self.trial is None or self.trial.over:
            return
        alive = self._run.supervisor() is not None  # before reading: its last words count
        for happened in self._tail.read():
            self._take(happened)
        if not alive and not self.trial.over and self.trial.started:
            self.trial.state = "interrupted"
            self._changed()

    def _take(self, happened: Event) -> None:
        assert self.trial is not None
        apply(self.trial, happened)
        said = narrate(happened)
        if said is not None:
            self.sentences.append(said)
        self._changed()

    async def _start_next(self) -> None:
        spec = self._queue.pop(0)
        try:
            if spec.distributed:
                self._say("waiting for the nodes…")
                await self._nodes_ready.wait()
                assert self._cluster is not None
                cluster = read_cluster(self._cluster)
                place(spec, cluster)  # a wrong placement makes no run
            spec = await self._with_data(spec)
            run = self._store.create(spec)
            file = self._cluster if spec.distributed else None
            await asyncio.to_thread(detached.start_supervisor, run, file, self._data)
            await _until_supervised(run)
        except ConsoleError as error:
            self._queue.clear()
            self._say(str(error))
            return
        self._say("")
        self._follow(run)

    def _follow(self, run: Run) -> None:
        """Put a run on the main plots; a centralised one before it stays beside it."""
        if self.trial is not None and not self.trial.spec.distributed:
            self.reference = self.trial
        self._run, self._tail = run, Tail(run)
        self.trial = TrialState(run=run.name, spec=run.spec())
        self._read_tail()
        self._changed()

    async def _with_data(self, spec: TrialSpec) -> TrialSpec:
        """Have the spec's data; where it can't be had, take the labelled stand-in."""
        if spec.synthetic:
            return spec
        self._say(f"looking for the data set {spec.dataset}…")
        loop = asyncio.get_running_loop()

        def progress(name: str, done: int, total: int) -> None:
            share = f" {done / total:.0%}" if total else ""
            loop.call_soon_threadsafe(self._say, f"downloading {name}{share}")

        try:
            await asyncio.to_thread(ensure, spec.dataset, self._data, progress)
        except UnreachableError:
            self._say("the data set can't be had: going on with SYNTHETIC data")
            return replace(spec, synthetic=True)
        return spec

    def _say(self, message: str) -> None:
        self.message = message
        self._changed()


async def _until_supervised(run: Run) -> None:
    """Wait until a new run's supervisor has taken it up, or has said why not."""
    for _ in range(int(STOP_SECONDS / STARTING_POLL_SECONDS)):
        if run.supervisor() is not None or run.events_path.exists():
            return
        await asyncio.sleep(STARTING_POLL_SECONDS)
    said = run.log_path.read_text(errors="replace").strip().splitlines()
    why = said[-1] if said else "no word from it"
    raise UnreachableError(f"{run.name}: the supervisor did not start: {why}")
