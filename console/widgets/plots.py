"""The plots there are, by name, in the order of their tabs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from edgead.console.session import Session
from edgead.console.widgets.loss import LossPlot
from edgead.console.widgets.seconds import SecondsPlot
from edgead.console.widgets.strips import StripView


@dataclass(frozen=True)
class PlotKind:
    """A plot: its id, what its tab says, and how to make it."""

    name: str
    title: str
    make: Callable[[Session], StripView]


PLOTS = (
    PlotKind("loss", "Loss", lambda session: LossPlot(session, id="loss")),
    PlotKind("seconds", "Seconds", lambda session: SecondsPlot(session, id="seconds")),
)
