"""RunLibrary: the stored runs, to choose from: a line each, and the states of those chosen."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from edgead.console.compare import short_name
from edgead.console.errors import UsageError
from edgead.console.state import TrialState
from edgead.console.store import Run, Store

MOST_RUNS = 500  # that are listed, the latest first


@dataclass(frozen=True)
class RunEntry:
    """One run in the list: its name, its way of training, seed, state and when it was started."""

    name: str
    what: str
    seed: int
    state: str
    when: str


class RunLibrary(Protocol):
    """Runs to choose from. Both read files: call them off the event loop."""

    def entries(self) -> list[RunEntry]:
        """Give the runs there are, the latest first."""

    def states(self, names: Sequence[str]) -> list[TrialState]:
        """Give the states of these runs, in this order; those that are gone are left out."""


class StoreLibrary:
    """The runs of a store. What is over is read once."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._entries: dict[Path, RunEntry] = {}
        self._states: dict[Path, TrialState] = {}

    def entries(self) -> list[RunEntry]:
        """Give the runs there are, the latest first; a run whose spec can't be read is left out."""
        runs = reversed(self._store.runs()[-MOST_RUNS:])
        return [entry for run in runs if (entry := self._entry(run)) is not None]

    def states(self, names: Sequence[str]) -> list[TrialState]:
        """Give the states of these runs, in this order."""
        found = []
        for name in names:
            try:
                found.append(self._state(self._store.open(name)))
            except UsageError:
                continue
        return found

    def _state(self, run: Run) -> TrialState:
        if run.folder not in self._states:
            state = run.state()
            if not state.over:
                return state
            self._states[run.folder] = state
        return self._states[run.folder]

    def _entry(self, run: Run) -> RunEntry | None:
        if run.folder in self._entries:
            return self._entries[run.folder]
        summary = _summary(run)
        try:
            spec = run.spec()
        except UsageError:
            return None
        synthetic = spec.synthetic or _field(summary, "dataset", {}).get("synthetic") is True
        what = short_name(TrialState(spec=spec, synthetic=synthetic))
        stamp = run.folder.stat().st_mtime
        entry = RunEntry(run.name, what, spec.seed, str(_field(summary, "state", "")), _when(stamp))
        if not summary:
            alive = run.supervisor() is not None
            return RunEntry(run.name, what, spec.seed, "running" if alive else "—", entry.when)
        self._entries[run.folder] = entry
        return entry


def _summary(run: Run) -> dict[str, Any]:
    """Read what a run that is over has left; empty where it is not over."""
    try:
        found = json.loads((run.folder / "summary.json").read_bytes())
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def _field(summary: dict[str, Any], name: str, default: Any) -> Any:
    found = summary.get(name, default)
    return found if isinstance(found, type(default)) else default


def _when(stamp: float) -> str:
    from datetime import datetime

    return datetime.fromtimestamp(stamp).strftime("%b %d %H:%M")
