"""The plots there are, by name, in the order of their tabs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from edgead.console.session.session import Session
from edgead.console.tui.widgets.load import LoadPlot
from edgead.console.tui.widgets.loss import LossPlot
from edgead.console.tui.widgets.pace import PacePlot
from edgead.console.tui.widgets.phases import PhasesPlot
from edgead.console.tui.widgets.scoring import ScoringPlot
from edgead.console.tui.widgets.seconds import SecondsPlot
from edgead.console.tui.widgets.strips import StripView


@dataclass(frozen=True)
class PlotKind:
    """A plot: its id, what its tab says, and how to make it."""

    name: str
    title: str
    make: Callable[[Session], StripView]


PLOTS = (
    PlotKind("loss", "Loss", lambda session: LossPlot(session, id="loss")),
    PlotKind("seconds", "Seconds", lambda session: SecondsPlot(session, id="seconds")),
    PlotKind("phases", "Phases", lambda session: PhasesPlot(session, id="phases")),
    PlotKind("pace", "Rows/s", lambda session: PacePlot(session, id="pace")),
    PlotKind("load", "Load", lambda session: LoadPlot(session, id="load")),
    PlotKind("scoring", "Prediction", lambda session: ScoringPlot(session, id="scoring")),
)
