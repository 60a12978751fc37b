"""LocalSession: what the app looks at, from this machine's run store and the nodes it reaches."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from edgead.console.narration import Sentence
from edgead.console.nodes.fleet import Fleet
from edgead.console.runs.state import TrialState
from edgead.console.runs.store import Store
from edgead.console.session.local.history import LocalHistory
from edgead.console.session.local.logs import LocalLogs
from edgead.console.session.local.nodes import LocalNodes
from edgead.console.session.local.trials import LocalTrials
from edgead.models.spec import TrialSpec

REPLAY_TICK_SECONDS = 0.1

Changed = Callable[[], None]


class LocalSession:
    """Starts trials as processes of their own and follows the logs they write.

    `start` are trials to begin with at once, on nodes embedded in this machine where there is no
    cluster file.
    """

    def __init__(
        self,
        store: Store,
        cluster: Path | None,
        data: Path,
        *,
        start: Sequence[TrialSpec] = (),
        read_only: bool = False,
    ) -> None:
        self.message = ""
        self.read_only = read_only
        self._start = tuple(start)
        self._changed: Changed = lambda: None
        self.history = LocalHistory(store, self._tell)
        self.nodes = LocalNodes(cluster, self._say, self.running, read_only=read_only)
        self.trials = LocalTrials(
            store, self.nodes, self.history, data, self._say, self._tell, read_only=read_only
        )
        self.logs = LocalLogs(self.history, self.nodes)
        if start:
            self.nodes.undecided = False

    @property
    def fleet(self) -> Fleet:
        """The nodes and the latest known of each."""
        return self.nodes.fleet

    @property
    def trial(self) -> TrialState | None:
        """The trial on the plots."""
        return self.history.trial

    @property
    def reference(self) -> TrialState | None:
        """The trial laid beside it."""
        return self.history.reference

    @property
    def sentences(self) -> Sequence[Sentence]:
        """The events so far as sentences."""
        return self.history.sentences

    async def run(self, changed: Changed, fleet_changed: Changed) -> None:
        """Follow the nodes and the trials until cancelled."""
        self._changed = changed
        if self._start:
            if self.nodes.cluster is None:
                self.nodes.decide(None)
            await self.trials.start(self._start, stand_in=True)  # they are the demo's
        else:
            self.history.take_up_latest()
            self.trials.take_up(self.history.run)
            if self.running() and self.nodes.cluster is None:
                self._take_its_nodes()
        self._tell()
        await asyncio.gather(self.nodes.run(fleet_changed), self.trials.run(), self._play())

    def running(self) -> bool:
        """Whether a trial is running, or about to be."""
        return self.trials.running()

    async def close(self, *, stop: bool) -> None:
        """Leave: the running trial goes on unless it is to stop; without one, the nodes end too."""
        if stop:
            await self.trials.stop()
        self.trials.forget_queue()
        if not self.running():
            await self.nodes.close()

    def _take_its_nodes(self) -> None:
        """Watch the nodes that the running trial is on; embedded ones may serve already."""
        trial = self.trial
        path = Path(trial.cluster) if trial is not None and trial.cluster else None
        if path is not None and path.is_file():
            self.nodes.decide(path)
        elif trial is not None and trial.spec.distributed and not self.read_only:
            self.nodes.decide(None)

    async def _play(self) -> None:
        last = time.monotonic()
        while True:
            await asyncio.sleep(REPLAY_TICK_SECONDS)
            now = time.monotonic()
            self.history.pass_time(now - last)
            last = now

    def _tell(self) -> None:
        self._changed()

    def _say(self, message: str) -> None:
        self.message = message
        self._changed()
