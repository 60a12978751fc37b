"""The stored runs as lines of a list, kept up to date without reading any log twice."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from edgead.console.errors import UsageError
from edgead.console.runs.about import About
from edgead.console.runs.state import TrialState, apply
from edgead.console.runs.store import Run, Store, Tail
from edgead.models.spec import TrialSpec


@dataclass(frozen=True)
class RunLine:
    """One run in a list. Figures are None until they are known.

    Attributes:
        run: its number, such as T-001; `about` has its own name and note.
        state: waiting (for its turn), starting, running, finished, failed, stopped, interrupted.
        title: its way of training in a few words.
        epochs: done so far, of `spec.epochs`.
        loss: of the latest epoch.
        seconds: of connecting and training.
        flags: how many failures were told.
        shards: the data's files, by sha256.
    """

    run: str
    spec: TrialSpec
    about: About = field(default_factory=About)
    state: str = "waiting"
    started: str = ""
    title: str = ""
    synthetic: bool = False
    collapsed: bool = False
    epochs: int = 0
    loss: float | None = None
    seconds: float | None = None
    validation_accuracy: float | None = None
    test_accuracy: float | None = None
    flags: int = 0
    shards: tuple[str, ...] = ()

    @property
    def number(self) -> int:
        """The run's number."""
        return int(self.run.rpartition("-")[2])

    @property
    def name(self) -> str:
        """The name it goes by: its own, else its number."""
        return self.about.name or self.run


def line_of(run: str, state: TrialState, about: About) -> RunLine:
    """Make a run's line from its state."""
    return RunLine(
        run=run,
        spec=state.spec,
        about=about,
        state=state.state,
        started=state.started,
        title=state.title,
        synthetic=state.synthetic,
        collapsed=state.collapsed,
        epochs=len(state.epochs),
        loss=state.epochs[-1].loss if state.epochs else None,
        seconds=state.training_seconds,
        validation_accuracy=state.scores.get("validation", {}).get("accuracy"),
        test_accuracy=state.scores.get("test", {}).get("accuracy"),
        flags=len(state.flags),
        shards=tuple(state.shards),
    )


class RunIndex:
    """The lines of a store's runs, newest first."""

    def __init__(self, store: Store) -> None:
        self.lines: tuple[RunLine, ...] = ()
        self._store = store
        self._open: dict[str, tuple[Tail, TrialState]] = {}  # logs that may grow
        self._over: dict[str, RunLine] = {}

    def refresh(self) -> bool:
        """Read on; whether anything has changed. Blocks for as long as the reading takes."""
        runs = self._store.runs()
        lines = tuple(line for run in reversed(runs) if (line := self._line(run)) is not None)
        for name in (*self._over, *self._open):
            if not any(run.name == name for run in runs):
                self.forget(name)
        changed = lines != self.lines
        self.lines = lines
        return changed

    def forget(self, name: str) -> None:
        """Keep nothing of a run that is deleted: its number may come again."""
        self._over.pop(name, None)
        self._open.pop(name, None)

    def _line(self, run: Run) -> RunLine | None:
        about = run.about
        if run.name in self._over:
            return self._said(self._over[run.name], about)
        try:
            tail, state = self._open.get(run.name) or (Tail(run), TrialState(spec=run.spec()))
            self._open[run.name] = tail, state
            alive = run.supervisor() is not None  # before reading: its last words count
            for event in tail.read():
                apply(state, event)
        except UsageError:
            return None  # it can't be read: `trial list` says so
        line = line_of(run.name, state, about)
        if state.over:
            del self._open[run.name]
            self._over[run.name] = line
        elif not alive:
            said = "interrupted" if state.started else "waiting" if run.queued else "starting"
            return replace(line, state=said)
        return line

    def _said(self, line: RunLine, about: About) -> RunLine:
        if line.about != about:
            line = self._over[line.run] = replace(line, about=about)
        return line


def waiting(lines: Sequence[RunLine]) -> list[RunLine]:
    """Give the runs that wait for their turn, in the order in which they will get it."""
    return [line for line in reversed(lines) if line.state == "waiting"]
