"""LocalHistory: which run is on the plots: the one that runs, one that is over, or a replay."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable
from contextlib import suppress

from edgead.console.errors import UsageError
from edgead.console.events import Event, now
from edgead.console.narration import Sentence, narrate, printable
from edgead.console.runs.playback import Playback, checked_speed
from edgead.console.runs.state import TrialState, apply
from edgead.console.runs.store import Run, Store, Tail
from edgead.console.session.session import Playing

SENTENCES = 2000

Changed = Callable[[], None]


class LocalHistory:
    """Follows one run of the store: folds its events and says them."""

    def __init__(self, store: Store, changed: Changed) -> None:
        self.trial: TrialState | None = None
        self.reference: TrialState | None = None
        self.sentences: deque[Sentence] = deque(maxlen=SENTENCES)
        self.run: Run | None = None
        self._store, self._changed = store, changed
        self._tail: Tail | None = None
        self._playback: Playback | None = None

    @property
    def playing(self) -> Playing | None:
        """The replay that is on."""
        it = self._playback
        return None if it is None else Playing(it.at, it.length, it.speed, it.paused or it.over)

    def take_up_latest(self) -> None:
        """Show the running or latest run, beside the latest centralised one before it."""
        for run in reversed(self._store.runs()):
            with suppress(UsageError):
                if run.queued:
                    continue
                self.follow(run)
                self.reference = self._latest_central(run)
                return

    def follow(self, run: Run) -> None:
        """Put a run on the plots; a centralised one before it stays beside it."""
        if self.trial is not None and not self.trial.spec.distributed:
            self.reference = self.trial
        self._begin(run)
        self._tail = Tail(run)
        self.read_on()

    def read_on(self) -> None:
        """Take up what the run has said since; a run whose supervisor is gone is interrupted."""
        if self.run is None or self._tail is None or self.trial is None or self.trial.over:
            return
        alive = self.run.supervisor() is not None  # before reading: its last words count
        try:
            self._take(self._tail.read())
        except UsageError as error:
            self._tail = None
            self.sentences.append(Sentence(now(), "error", self.run.name, printable(str(error))))
            self._changed()
            return
        if not alive and not self.trial.over and self.trial.started:
            self.trial.state = "interrupted"
            self._changed()

    # -- another run, or the same again

    async def show(self, name: str) -> str:
        """Put a run on the plots; one that runs is followed."""
        run = self._store.open(name)
        self._begin(run)
        self._tail = Tail(run)
        self.read_on()
        self.reference = self._latest_central(run)
        return f"{run.name} is on the plots"

    async def lay_beside(self, name: str) -> str:
        """Lay a run beside the one on the plots; none with an empty name."""
        if not name:
            self.reference = None
            self._changed()
            return "nothing is laid beside it"
        self.reference = self._store.open(name).state()
        self._changed()
        return f"{self.reference.run} is laid beside it"

    async def replay(self, name: str, speed: float) -> str:
        """Play a run's log from its start."""
        run = self._store.open(name)
        if run.supervisor() is not None:
            raise UsageError(f"{run.name} is running: it can be replayed once it is over")
        events = list(run.events())
        if not events:
            raise UsageError(f"{run.name} has no events to replay")
        self._begin(run)
        self._playback = Playback(events, checked_speed(speed))
        return f"replaying {run.name}"

    def pace(self, speed: float) -> None:
        """Change a replay's speed."""
        if self._playback is not None:
            self._playback.speed = checked_speed(speed)
            self._changed()

    def pause(self) -> None:
        """Hold a replay, or let it go on; one that is at its end begins again."""
        if self._playback is None or self.run is None:
            return
        if self._playback.over:
            speed = self._playback.speed
            events = self._playback.events
            self._again()
            self._playback = Playback(events, speed or 1.0)
        else:
            self._playback.paused = not self._playback.paused
        self._changed()

    def step(self, by: int) -> None:
        """Go some events on, or back, in a replay."""
        if self._playback is None or self.run is None:
            return
        if by < 0:
            playback = self._playback
            self._again()
            self._playback = playback
        self._take(self._playback.step(by))
        self._changed()

    def pass_time(self, seconds: float) -> None:
        """Let a replay go on for so long."""
        if self._playback is not None and not self._playback.over and not self._playback.paused:
            self._take(self._playback.pass_time(seconds))
            self._changed()

    def let_go(self, name: str) -> None:
        """Take a run that is deleted off the plots."""
        if self.reference is not None and self.reference.run == name:
            self.reference = None
        if self.run is not None and self.run.name == name:
            self.run = self.trial = self._tail = self._playback = None
            self.sentences.clear()
            self.take_up_latest()
        self._changed()

    def _begin(self, run: Run) -> None:
        trial = TrialState(run=run.name, spec=run.spec())  # raises before anything has changed
        self.run, self._tail, self._playback, self.trial = run, None, None, trial
        self.sentences.clear()
        self._changed()

    def _again(self) -> None:
        """Begin the run on the plots again, which may be gone from the disk by now."""
        if self.trial is not None:
            self.trial = TrialState(run=self.trial.run, spec=self.trial.spec)
        self.sentences.clear()
        self._changed()

    def _take(self, events: Iterable[Event]) -> None:
        assert self.trial is not None
        for happened in events:
            apply(self.trial, happened)
            said = narrate(happened)
            if said is not None:
                self.sentences.append(said)
            self._changed()

    def _latest_central(self, shown: Run) -> TrialState | None:
        """Give the latest centralised run that is over, to lay beside a distributed one."""
        if self.trial is None or not self.trial.spec.distributed:
            return None
        for run in reversed(self._store.runs()):
            with suppress(UsageError):
                if run.name == shown.name or run.spec().distributed:
                    continue
                state = run.state()
                if state.over and state.spec.dataset == self.trial.spec.dataset:
                    return state
        return None
