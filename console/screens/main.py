"""MainScreen: fleet, loss, seconds per epoch and events of the session, on one screen."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar, cast

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Container
from textual.screen import Screen
from textual.widget import Widget
from textual.widgets import Footer

from edgead.console.messages import FleetChanged, TrialChanged
from edgead.console.screens.breakpoints import HORIZONTAL, VERTICAL
from edgead.console.session import Session
from edgead.console.widgets.events import EventLog
from edgead.console.widgets.fleet import FleetTable
from edgead.console.widgets.header import TrialBar
from edgead.console.widgets.loss import LossPlot
from edgead.console.widgets.plot_area import PlotArea
from edgead.console.widgets.seconds import SecondsPlot
from edgead.console.widgets.strips import StripView

if TYPE_CHECKING:
    Panel = FleetTable | StripView | EventLog

VIEWS = ("loss", "seconds", "events")
VIEW_KEYS = Binding.Group("View", compact=True)
NODE_KEYS = Binding.Group("Nodes", compact=True)


class MainScreen(Screen[None]):
    """Everything at a glance. Narrow screens show one of `VIEWS` under the fleet."""

    HORIZONTAL_BREAKPOINTS: list[tuple[int, str]] | None = HORIZONTAL
    VERTICAL_BREAKPOINTS: list[tuple[int, str]] | None = VERTICAL
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding(
            "1", "view('loss')", "Loss", group=VIEW_KEYS, tooltip="show or focus the loss plot"
        ),
        Binding(
            "2",
            "view('seconds')",
            "Seconds per epoch",
            group=VIEW_KEYS,
            tooltip="show or focus the bars, or what p put there",
        ),
        Binding(
            "p",
            "next_plot",
            "Next plot",
            group=VIEW_KEYS,
            tooltip="seconds, phases, rows a second, prediction, load: in turn",
        ),
        Binding(
            "3", "view('events')", "Events", group=VIEW_KEYS, tooltip="show or focus what happened"
        ),
        Binding("s", "app.start_trial", "Start", tooltip="start a trial"),
        Binding("x", "app.stop_trial", "Stop", tooltip="stop the running trial; asks first"),
        Binding("c", "app.compare", "Compare", tooltip="the paper's tables beside the measured"),
        Binding(
            "h",
            "app.health",
            "Health",
            group=NODE_KEYS,
            tooltip="every check of every node, and what mends it",
        ),
        Binding(
            "n", "app.node", "Node", group=NODE_KEYS, tooltip="one node's telemetry, a lane a field"
        ),
        Binding("f", "faults", "Faults", tooltip="only warnings and errors among the events"),
        Binding("l", "log", "Log/lin", show=False, tooltip="the other axis, of the plot in focus"),
        Binding("m", "zoom", "Maximise", tooltip="the panel in focus fills the screen"),
        Binding("y", "copy", "Copy", show=False, tooltip="the text of the panel in focus"),
    ]
    DEFAULT_CSS = """
    MainScreen {
        #body { layout: grid; grid-size: 2; grid-rows: auto 1fr; height: 1fr; }
        #fleet { column-span: 2; max-height: 12; }
        #events { dock: bottom; height: 28%; }
        &.-wide #body { grid-rows: auto 1fr 1fr; }
        &.-wide #fleet { column-span: 1; max-height: 24; }
        &.-wide #loss { row-span: 2; }
        &.-wide #events { dock: none; row-span: 2; height: 1fr; }
        &.-narrow #body { layout: vertical; }
        &.-narrow #fleet { max-height: 8; }
        &.-narrow #events { height: 5; }
        &.-narrow.-tall #events { height: 10; }
        &.-narrow #loss, &.-narrow #seconds { display: none; }
        &.-narrow.-loss #loss, &.-narrow.-seconds #seconds { display: block; }
        &.-narrow.-events #events { dock: none; height: 1fr; }
    }
    """

    def __init__(self, session: Session) -> None:
        super().__init__(classes="-loss")
        self._session = session
        self._view = "loss"
        self._was_running: bool | None = None

    def compose(self) -> ComposeResult:
        """Lay out the panels; the order is the one that the widest layout's grid fills in."""
        yield TrialBar(self._session)
        with Container(id="body"):
            yield FleetTable(self._session, id="fleet").add_class("panel")
            yield LossPlot(self._session, id="loss").add_class("panel", "plot")
            yield EventLog(self._session, id="events").add_class("panel")
            yield PlotArea(self._session, id="seconds")
        yield Footer()

    def on_trial_changed(self, _message: TrialChanged) -> None:
        """Show the trial, its plots and its sentences as they are now."""
        self.query_one(TrialBar).refresh()
        self.query_one(LossPlot).redraw()
        self.query_one(PlotArea).redraw()
        self.query_one(EventLog).update()
        self.query_one(FleetTable).update()
        if self._was_running != (running := self._session.running()):
            self._was_running = running
            self.refresh_bindings()  # start or stop; it has the footer made anew

    def on_fleet_changed(self, _message: FleetChanged) -> None:
        """Show the fleet as it is now."""
        self.query_one(FleetTable).update()

    def action_view(self, view: str) -> None:
        """Show and focus a panel; one that fills the screen gives way to it."""
        self._view = view
        for name in VIEWS:
            self.set_class(name == view, f"-{name}")
        panel = self._panel(view)
        if self.maximized is not None:
            self.minimize()
            self.call_after_refresh(self.maximize, panel)
        self.call_after_refresh(panel.focus)

    def action_faults(self) -> None:
        """Show only faults among the events, or all."""
        log = self.query_one(EventLog)
        log.only_faults = not log.only_faults

    def action_log(self) -> None:
        """Change the focused plot's axis; without one, that of the plot last shown."""
        seconds, loss = self.query_one(PlotArea).plot, self.query_one(LossPlot)
        of_seconds = self.focused is seconds or (
            self.focused is not loss and self._view == "seconds"
        )
        plot = seconds if of_seconds and isinstance(seconds, SecondsPlot) else loss
        plot.logarithmic = not plot.logarithmic

    def action_next_plot(self) -> None:
        """Show the next of the plots that share one place."""
        area = self.query_one(PlotArea)
        maximized = self.maximized
        area.next()
        if maximized is not None or self._view != "seconds":
            self.action_view("seconds")

    def action_zoom(self) -> None:
        """Let the focused panel, else the one last shown, fill the screen; or undo that."""
        if self.maximized is not None:
            self.minimize()
            return
        panel = self._focused_panel() or self._panel(self._view)
        panel.focus()
        self.maximize(panel, container=False)

    def action_copy(self) -> None:
        """Put the text of the focused panel, else of the events, on the clipboard."""
        panel = self._focused_panel() or self.query_one(EventLog)
        text = panel.copy_text()
        self.app.copy_to_clipboard(text)
        lines = text.count("\n") + 1 if text else 0
        self.notify(f"{panel.id}: {lines} lines on the clipboard", markup=False)

    def _panel(self, view: str) -> Widget:
        return self.query_one(PlotArea).plot if view == "seconds" else self.query_one(f"#{view}")

    def _focused_panel(self) -> Panel | None:
        panels: Sequence[Panel] = [cast("Panel", p) for p in self.query(".panel")]
        return next((panel for panel in panels if panel is self.focused), None)
