"""PlotArea: one place for several plots, one at a time."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.widgets import ContentSwitcher

from edgead.console.session import Session
from edgead.console.widgets.load import LoadPlot
from edgead.console.widgets.phases import PhasesPlot
from edgead.console.widgets.pace import PacePlot
from edgead.console.widgets.scoring import ScoringPlot
from edgead.console.widgets.seconds import SecondsPlot
from edgead.console.widgets.strips import StripView

# What can be shown, in the order of the key that goes through them.
PLOTS = {
    "seconds": SecondsPlot,
    "phases": PhasesPlot,
    "pace": PacePlot,
    "scoring": ScoringPlot,
    "load": LoadPlot,
}


class PlotArea(ContentSwitcher):
    """Holds a panel of each of PLOTS, named plot-NAME; draws the one in sight."""

    DEFAULT_CSS = "PlotArea { height: 1fr; width: 1fr; }"

    def __init__(self, session: Session, *, id: str) -> None:  # noqa: A002
        super().__init__(id=id, initial="plot-seconds")
        self._session = session

    def compose(self) -> ComposeResult:
        """Make all panels; those out of sight draw nothing."""
        for name, panel in PLOTS.items():
            yield panel(self._session, id=f"plot-{name}").add_class("panel", "plot")

    @property
    def plot(self) -> StripView:
        """The panel in sight."""
        return self.query_one(f"#{self.current}", StripView)

    def redraw(self) -> None:
        """Draw the panel in sight anew."""
        self.plot.redraw()

    def next(self, by: int = 1) -> None:
        """Show the next panel, around the ends; it takes over the focus where one had it."""
        names = list(PLOTS)
        at = names.index(str(self.current).removeprefix("plot-"))
        focused = self.plot.has_focus
        self.current = f"plot-{names[(at + by) % len(names)]}"
        if focused:
            self.plot.focus()
