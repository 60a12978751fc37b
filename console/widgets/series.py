"""Which trials are drawn, by which name and in which colour; the same in every plot."""

from __future__ import annotations

from dataclasses import dataclass

from edgead.console.session import Session
from edgead.console.state import TrialState


@dataclass(frozen=True)
class Series:
    """One trial in the plots: its name, that in few letters, its ink (a theme colour), itself."""

    name: str
    short: str
    ink: str
    trial: TrialState


def series_of(session: Session) -> list[Series]:
    """Give the reference and the trial, as far as there are any, centralised first."""
    trials = [trial for trial in (session.reference, session.trial) if trial is not None]
    kinds = [trial.spec.distributed for trial in trials]
    if len(set(kinds)) < len(kinds):
        # Two of one kind: their runs' names tell them apart.
        return [
            Series(trial.run, trial.run[-10:], ink, trial)
            for trial, ink in zip(trials, ("primary", "distributed"), strict=True)
        ]
    found = [
        Series("distributed", "distrib", "distributed", trial)
        if trial.spec.distributed
        else Series("centralised", "central", "central", trial)
        for trial in trials
    ]
    return sorted(found, key=lambda series: series.name)
