"""Which curves are drawn, by which name and in which colour; the same in every plot."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from edgead.console.runs.state import TrialState
from edgead.console.session.session import Session

# Theme colours of curves that are neither centralised nor distributed; they repeat.
INKS = tuple(f"series-{number}" for number in range(6))
MOST_CURVES = 6  # of workers or nodes that can be told apart; more are drawn as their range


@dataclass(frozen=True)
class Series:
    """One trial in the plots: its name, that in few letters, its ink (a theme colour), itself."""

    name: str
    short: str
    ink: str
    trial: TrialState


def series_of(session: Session) -> list[Series]:
    """Give the reference and the trial, as far as there are any, centralised first."""
    return series_of_trials([t for t in (session.reference, session.trial) if t is not None])


def series_of_trials(trials: Sequence[TrialState]) -> list[Series]:
    """Name and colour some trials: by their way of training, by run where that says too little."""
    kinds = [trial.spec.distributed for trial in trials]
    if len(set(kinds)) < len(kinds):
        # Two of one kind: their runs' names tell them apart.
        inks = ("primary", "distributed", *INKS)
        return [
            Series(trial.run, trial.run[-10:], inks[at % len(inks)], trial)
            for at, trial in enumerate(trials)
        ]
    found = [
        Series("distributed", "distrib", "distributed", trial)
        if trial.spec.distributed
        else Series("centralised", "central", "central", trial)
        for trial in trials
    ]
    return sorted(found, key=lambda series: series.name)


def worker_name(trial: TrialState, index: int) -> str:
    """Name a worker by its node, or by its number where nodes have several."""
    task = trial.tasks.get(f"worker {index}")
    if task is None or not task.node:
        return f"worker {index}"
    same = [each for each in trial.tasks.values() if each.role == "worker"]
    shared = sum(each.node == task.node for each in same) > 1
    return f"{task.node} w{index}" if shared else task.node


def worker_gone(trial: TrialState, index: int) -> bool:
    """Whether a worker ended, or its node was lost, before the trial was over."""
    task = trial.tasks.get(f"worker {index}")
    if task is None:
        return False
    flags = (flag for flag in trial.flags if flag.recovered is None)
    flagged = any(task.node and flag.node == task.node for flag in flags)
    return (
        trial.nodes.get(task.node) == "lost"
        or flagged
        or task.state == "quarantined"
        or (task.state == "ended" and not trial.over)
    )
