"""PlotArea: some plots out of all there are, chosen by tab: one where it is narrow, else two."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.containers import Container
from textual.content import Content
from textual.events import Click
from textual.widgets import Static

from edgead.console.session.session import Session
from edgead.console.tui.widgets.plots import PLOTS
from edgead.console.tui.widgets.strips import StripView

BESIDE = 2  # plots shown where there is room


class PlotTabs(Static):
    """The plots' names in a row; those shown are marked. A click shows one."""

    DEFAULT_CSS = "PlotTabs { height: 1; padding: 0 1; color: $secondary; }"

    def on_click(self, event: Click) -> None:
        """Show the plot whose name was clicked."""
        area = self.parent
        at = 0
        for plot in PLOTS:
            at += len(plot.title) + 4
            if event.x < at and isinstance(area, PlotArea):
                area.show(plot.name)
                return


class PlotArea(Container):
    """The plots of the session's trial."""

    DEFAULT_CSS = """
    PlotArea { layout: vertical; }
    PlotArea > #plots { layout: horizontal; height: 1fr; }
    PlotArea .plot { display: none; }
    PlotArea .plot.-shown { display: block; }
    """

    def __init__(self, session: Session, *, id: str) -> None:  # noqa: A002
        super().__init__(id=id)
        self._session = session
        self.current = PLOTS[0].name
        self.room = BESIDE

    def compose(self) -> ComposeResult:
        """Hold every plot; tabs only where there are more than are shown."""
        yield PlotTabs(id="tabs")
        with Container(id="plots"):
            for plot in PLOTS:
                yield plot.make(self._session).add_class("panel", "plot")

    def on_mount(self) -> None:
        """Show the first."""
        self.settle()

    def show(self, name: str) -> None:
        """Show a plot, and the next beside it where there is room."""
        self.current = name
        self.settle()
        self.call_after_refresh(self.plot.focus)

    def step(self, by: int) -> None:
        """Show the next plot, or the one before."""
        names = [plot.name for plot in PLOTS]
        self.show(names[(names.index(self.current) + by) % len(names)])

    @property
    def plot(self) -> StripView:
        """The plot that is shown, the first of two."""
        return self.query_one(f"#{self.current}", StripView)

    def redraw(self) -> None:
        """Draw those that are shown."""
        for plot in self.query(StripView):
            plot.redraw()

    def settle(self) -> None:
        """Show as many plots as there is room for."""
        names = [plot.name for plot in PLOTS]
        at = names.index(self.current)
        shown = [names[(at + n) % len(names)] for n in range(min(self.room, len(names)))]
        for name in names:
            self.query_one(f"#{name}").set_class(name in shown, "-shown")
        tabs = self.query_one(PlotTabs)
        tabs.display = len(names) > len(shown)
        parts = []
        for plot in PLOTS:
            here = plot.name in shown
            parts += [("● " if here else "○ ", "$primary" if here else "$secondary")]
            parts += [(f"{plot.title}  ", "bold $foreground" if here else "$secondary")]
        tabs.update(Content.assemble(*parts, ("[ ]", "$primary"), (" other plots", "$secondary")))
