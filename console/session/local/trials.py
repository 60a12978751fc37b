"""LocalTrials: the queue of trials, each started as a process of its own, and the stored runs."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from edgead.agents.waiting import within
from edgead.console import paths
from edgead.console.errors import ConsoleError, UnreachableError, UsageError
from edgead.console.nodes.inventory import Cluster, read_cluster
from edgead.console.reports.describe import Section, describe_run
from edgead.console.running.placement import place
from edgead.console.running.plan import EMBEDDED, Plan, make_plan
from edgead.console.running.stopping import stop_run
from edgead.console.runs.about import write_about
from edgead.console.runs.run_lines import RunIndex, RunLine
from edgead.console.runs.state import TrialState
from edgead.console.runs.store import Run, Store
from edgead.console.session.local.guard import refuse
from edgead.console.session.local.history import LocalHistory
from edgead.console.session.local.nodes import LocalNodes
from edgead.models.spec import TrialSpec

POLL_SECONDS = 0.2
REFRESH_SECONDS = 1.0
STARTING_POLL_SECONDS = 0.02
BEGIN_SECONDS = 20.0  # for a supervisor to take its run up


class LocalTrials:
    """Starts what waits, one after the other, and knows every stored run.

    The queue is on the disk: runs that wait. Those of an earlier app are held until somebody
    starts something, so that opening the app starts nothing.
    """

    def __init__(
        self,
        store: Store,
        nodes: LocalNodes,
        history: LocalHistory,
        data: Path,
        say: Callable[[str], None],
        changed: Callable[[], None],
        *,
        read_only: bool = False,
    ) -> None:
        self._store, self._nodes, self._history, self._data = store, nodes, history, data
        self._say, self._changed, self._read_only = say, changed, read_only
        self._index = RunIndex(store)
        self._reading = asyncio.Lock()  # the index: by one at a time
        self._states: dict[str, TrialState] = {}  # of runs that are over and were compared
        self._queue: list[Run] = []
        self._may_stand_in: set[str] = set()  # the runs that may have made-up data
        self._running: Run | None = None
        self._starting: asyncio.Task[None] | None = None
        self._launching = False  # the one that starts has a process already
        self._asked = asyncio.Event()  # to start a trial, which waits for no poll

    @property
    def lines(self) -> Sequence[RunLine]:
        """The stored runs, newest first."""
        return self._index.lines

    def running(self) -> bool:
        """Whether a trial is running, or about to be."""
        return bool(self._queue) or self._starting is not None or self._active() is not None

    def take_up(self, run: Run | None) -> None:
        """Take a run for the running one, if it runs."""
        if run is not None and run.supervisor() is not None:
            self._running = run

    # -- asked for

    async def states(self, names: Sequence[str]) -> list[TrialState]:
        """Read these runs, in this order, off the event loop: a log may be long."""
        return await asyncio.to_thread(lambda: [s for n in names if (s := self._read(n))])

    def _read(self, name: str) -> TrialState | None:
        """Read a run; what is over is read once."""
        try:
            run = self._store.open(name)
            found = self._states.get(run.name) or run.state()
        except UsageError:
            return None
        if found.over:
            self._states[run.name] = found
        return found

    def plan(self, spec: TrialSpec) -> Plan:
        """Say what would happen if this were started."""
        cluster: Cluster | None = None
        with suppress(UsageError):
            file = self._nodes.cluster
            cluster = read_cluster(file) if file is not None else EMBEDDED
        shards = paths.cache_folder() / "shards"
        statuses = self._nodes.fleet.statuses
        return make_plan(spec, cluster, statuses, self._data, shards, self.lines)

    def describe(self, name: str) -> list[Section]:
        """Say everything known of a run; of the one on the plots as it is there."""
        shown = self._history.trial
        line = next((each for each in self.lines if each.run == name), None)
        state = shown if shown is not None and shown.run == name else self._read(name)
        if state is None:
            raise UsageError(f"{name} is gone, or its log can't be read")
        return describe_run(state, line, self.lines)

    async def start(self, specs: Sequence[TrialSpec], *, stand_in: bool = False) -> str:
        """Put trials at the end of the queue.

        With `stand_in`, as the demo's, they go on with labelled synthetic data where the real
        can't be had.
        """
        refuse(self._read_only)
        held = [run for run in self._store.runs() if run.queued and run not in self._queue]
        known = {run.name for run in self._queue}
        self._queue += [run for run in held if run.name not in known]
        for spec in specs:
            run = self._store.create(spec)
            run.queue(True)
            self._queue.append(run)
            if stand_in:
                self._may_stand_in.add(run.name)
        await self._refresh()
        self._asked.set()
        self._changed()
        count = len(self._queue)
        return "starting" if count == 1 and not self._busy() else f"{count} trials wait their turn"

    async def rerun(self, names: Sequence[str]) -> str:
        """Queue the same trials again."""
        return await self.start([self._store.open(name).spec() for name in names])

    async def stop(self, name: str = "") -> str:
        """Stop a running trial, else the one that runs, and hold back what waits after it."""
        refuse(self._read_only)
        run = self._store.open(name) if name else self._active()
        if run is None and self._starting is not None:
            if not self._launching:
                return self._give_up(self._starting)
            await asyncio.wait({self._starting})
            run = self._active()
        if name and run is not None and run.supervisor() is None:
            raise UsageError(f"{run.name}: is not running; D deletes it")
        held, self._queue = len(self._queue), []
        note = f"; {held} held back, s starts them again" if held else ""
        pid = run.supervisor() if run else None
        if run is None or pid is None:
            return "no trial is running" + note
        await stop_run(run, pid)
        return f"{run.name} stopped" + note

    def _give_up(self, starting: asyncio.Task[None]) -> str:
        starting.cancel()
        self._queue = []
        self._say("")
        return "not started; s starts what waits"

    async def rename(self, name: str, label: str) -> str:
        """Give a run a name of one's own."""
        refuse(self._read_only)
        run = self._store.open(name)
        self._store.rename(run, label)
        await self._refresh()
        return f"{run.name} is named {label}" if label else f"{run.name} has no other name"

    async def annotate(self, name: str, note: str) -> str:
        """Put a note on a run."""
        refuse(self._read_only)
        run = self._store.open(name)
        self._store.annotate(run, note)
        await self._refresh()
        return f"{run.name}: the note is kept"

    async def delete(self, names: Sequence[str]) -> str:
        """Delete runs, with everything in their folders."""
        refuse(self._read_only)
        for run in [self._store.open(name) for name in names]:
            self._queue = [each for each in self._queue if each.name != run.name]
            await asyncio.to_thread(self._store.delete, run)
            await self._forget(run)
            self._history.let_go(run.name)
        await self._refresh()
        return f"deleted {', '.join(names)}"

    def forget_queue(self) -> None:
        """Start nothing more; what waits stays on the disk."""
        self._queue = []

    # -- goes on by itself

    async def run(self) -> None:
        """Start what waits, and keep the list of runs up to date, until cancelled."""
        await asyncio.gather(self._start_all(), self._keep_list())

    async def _keep_list(self) -> None:
        while True:
            await self._refresh()
            await asyncio.sleep(REFRESH_SECONDS)

    async def _refresh(self) -> None:
        async with self._reading:
            changed = await asyncio.to_thread(self._index.refresh)
        if changed:
            self._changed()

    async def _forget(self, run: Run) -> None:
        """Keep nothing of a run that is deleted: its number may come again."""
        self._states.pop(run.name, None)
        async with self._reading:
            self._index.forget(run.name)

    async def _start_all(self) -> None:
        while True:
            self._history.read_on()
            if self._queue and not self._busy():
                await self._start_next()
            with suppress(asyncio.TimeoutError):
                await within(self._asked.wait(), POLL_SECONDS)
            self._asked.clear()

    def _busy(self) -> bool:
        return self._active() is not None

    def _active(self) -> Run | None:
        """Give the trial that runs: ours, the one on the plots, or one of another terminal."""
        known = [run for run in (self._running, self._history.run) if run is not None]
        alive = ("starting", "running")
        lines = (line for line in self.lines if line.state in alive)
        others = (Run(self._store.root / line.run) for line in lines)
        return next((run for run in (*known, *others) if run.supervisor() is not None), None)

    async def _start_next(self) -> None:
        starting = self._starting = asyncio.ensure_future(self._start(self._queue.pop(0)))
        try:
            await asyncio.wait({starting})
            if not starting.cancelled():
                starting.result()
        except ConsoleError as error:
            self._queue.clear()  # what waits would fail as well; `s` starts it again
            self._say(str(error))
        finally:
            starting.cancel()
            self._starting = None

    async def _start(self, run: Run) -> None:
        from edgead.console.session import detached

        spec = run.spec()
        if spec.distributed:
            if self._nodes.undecided or self._nodes.failed is not None:
                self._nodes.decide(self._nodes.cluster)  # again: its file may be mended by now
            self._say("waiting for the nodes…")
            await self._nodes.ready.wait()
            if self._nodes.failed is not None:
                raise self._nodes.failed
            assert self._nodes.cluster is not None
            place(spec, read_cluster(self._nodes.cluster))  # a wrong placement starts nothing
        if not await self._have_data(spec, run.name in self._may_stand_in):
            run = await self._stand_in(run, spec)
        file = self._nodes.cluster if spec.distributed else None
        run.queue(False)
        self._running, self._launching = run, True
        try:
            await asyncio.to_thread(detached.start_supervisor, run, file, self._data)
            await _until_supervised(run)
        except ConsoleError:
            run.queue(True)  # it waits again, until `s`
            raise
        finally:
            self._launching = False
        self._say("")
        self._history.follow(run)

    async def _stand_in(self, run: Run, spec: TrialSpec) -> Run:
        """Replace a run whose data can't be had by one on the labelled stand-in."""
        about = run.about
        self._store.delete(run)
        await self._forget(run)
        stand_in = self._store.create(replace(spec, synthetic=True))
        write_about(stand_in.folder, about)
        return stand_in

    async def _have_data(self, spec: TrialSpec, may_stand_in: bool) -> bool:
        """Have the spec's data; False where it can't be had and a stand-in will do."""
        from edgead.console.data import ensure

        if spec.synthetic:
            return True
        self._say(f"looking for the data set {spec.dataset}…")
        loop = asyncio.get_running_loop()

        def progress(name: str, done: int, total: int) -> None:
            share = f" {done / total:.0%}" if total else ""
            loop.call_soon_threadsafe(self._say, f"downloading {name}{share}")

        try:
            await asyncio.to_thread(ensure, spec.dataset, self._data, progress)
        except UnreachableError:
            if not may_stand_in:
                raise
            self._say("the data set can't be had: going on with SYNTHETIC data")
            return False
        return True


async def _until_supervised(run: Run) -> None:
    """Wait until a new run's supervisor has taken it up, or has said why not."""
    for _ in range(int(BEGIN_SECONDS / STARTING_POLL_SECONDS)):
        if run.supervisor() is not None or run.events_path.exists():
            return
        await asyncio.sleep(STARTING_POLL_SECONDS)
    said = run.log_path.read_text(errors="replace").strip().splitlines()
    why = said[-1] if said else "no word from it"
    raise UnreachableError(f"{run.name}: the supervisor did not start: {why}")
