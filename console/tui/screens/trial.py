"""TrialScreen: the area of the trials: all of them, the plots of one, its nodes and its events."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Container
from textual.events import Resize
from textual.widget import Widget

from edgead.console.runs.playback import faster
from edgead.console.session.actions import NODE_ACTIONS, TRIAL_ACTIONS, Action, named
from edgead.console.session.session import Session
from edgead.console.tui.messages import Act
from edgead.console.tui.screens.base import PANEL_KEYS, PanelScreen
from edgead.console.tui.screens.breakpoints import HORIZONTAL
from edgead.console.tui.screens.keys import keys_for
from edgead.console.tui.widgets.events import EventLog
from edgead.console.tui.widgets.fleet import FleetTable
from edgead.console.tui.widgets.header import TrialBar
from edgead.console.tui.widgets.key_bar import KeyBar
from edgead.console.tui.widgets.plot_area import PlotArea
from edgead.console.tui.widgets.rows import Rows
from edgead.console.tui.widgets.run_list import RunList
from edgead.console.tui.widgets.strips import StripView

TWO_PLOTS = HORIZONTAL[1][0]  # cells of width


class TrialScreen(PanelScreen):
    """The trial on the plots. Narrow screens show plot, trials or events under the fleet."""

    VIEWS: ClassVar[tuple[str, ...]] = ("area", "trials", "events")
    BINDINGS: ClassVar[list[BindingType]] = [
        *keys_for("trial", TRIAL_ACTIONS),
        Binding("left_square_bracket", "plot(-1)", "Plot before", show=False, key_display="["),
        Binding("right_square_bracket", "plot(1)", "Next plot", show=False, key_display="]"),
        Binding("l", "log", "Log/lin", show=False, tooltip="the other axis, of the plot in focus"),
        Binding("p", "pause", "Pause", tooltip="hold a replay, or let it go on"),
        Binding("less_than_sign", "pace(-1)", "Slower", key_display="<"),
        Binding("greater_than_sign", "pace(1)", "Faster", key_display=">"),
        Binding("comma", "step(-1)", "Event back", show=False, tooltip="in a replay"),
        Binding("full_stop", "step(1)", "Event on", show=False, tooltip="in a replay",
                key_display="."),
        Binding("escape", "leave", "Live", show=False, tooltip="leave a replay or a marking"),
        *PANEL_KEYS,
    ]  # fmt: skip
    HELP = "Enter puts a trial on the plots: live, as it ended, or replayed from its log (r)."
    DEFAULT_CSS = """
    TrialScreen {
        #body { layout: vertical; height: 1fr; }
        #top { layout: horizontal; height: auto; }
        #trials, #fleet { width: 1fr; min-height: 7; height: auto; max-height: 9; }
        #area { height: 1fr; }
        #events { height: 9; }
        &.-wide #body { layout: grid; grid-size: 2; grid-columns: 9fr 11fr; grid-rows: 1fr 1fr; }
        &.-wide #top { layout: vertical; height: 1fr; }
        &.-wide #trials { height: 1fr; max-height: 100%; }
        &.-wide #fleet { max-height: 16; }
        &.-wide #area { row-span: 2; }
        &.-wide #events { height: 1fr; }
        &.-wide #plots { layout: vertical; }
        &.-narrow #top { layout: vertical; }
        &.-narrow #fleet { min-height: 3; max-height: 8; }
        &.-narrow #trials, &.-narrow #area { display: none; height: 1fr; max-height: 100%; }
        &.-narrow #events { height: 5; }
        &.-narrow.-tall #events { height: 10; }
        &.-narrow.-area #area, &.-narrow.-trials #trials { display: block; }
        &.-narrow.-trials #top { height: 1fr; }
        &.-narrow.-events #events { height: 1fr; }
    }
    """

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self._offered = (False, False)

    def compose(self) -> ComposeResult:
        """Lay out the panels in the order in which the widest grid fills in."""
        yield TrialBar(self.session)
        with Container(id="body"):
            with Container(id="top"):
                yield RunList(self.session, id="trials").add_class("panel")
                yield FleetTable(self.session, id="fleet").add_class("panel")
            yield PlotArea(self.session, id="area")
            yield EventLog(self.session, id="events").add_class("panel")
        yield KeyBar()

    def on_resize(self, event: Resize) -> None:
        """Show two plots where there is room for two."""
        for area in self.query(PlotArea):
            area.room = 2 if event.size.width >= TWO_PLOTS else 1
            area.settle()

    def update(self) -> None:
        """Show the trials and the one on the plots."""
        self.query_one(RunList).update()
        self.query_one(PlotArea).redraw()
        self.query_one(EventLog).update()
        self.update_fleet()
        offered = self.session.running(), self.session.history.playing is not None
        if offered != self._offered:
            self._offered = offered
            self.refresh_bindings()  # it has the footer made anew

    def update_fleet(self) -> None:
        """Show the nodes."""
        self.query_one(FleetTable).update()

    def panel_of(self, view: str) -> Widget:
        """Give the panel of a view: of the plots the one that is shown."""
        return self.query_one(PlotArea).plot if view == "area" else super().panel_of(view)

    def subject(self, kind: str = "") -> tuple[tuple[Action, ...], list[str]]:
        """Give the nodes where the fleet is in focus; else the marked trials, the one under the
        cursor, or the one on the plots."""
        fleet, trials = self.query_one(FleetTable), self.query_one(RunList)
        if kind == "node" or (not kind and self.focused is fleet):
            return NODE_ACTIONS, fleet.meant
        trial = self.session.trial
        shown = [trial.run] if trial is not None and trial.run else []
        chosen = self.focused is trials or trials.marked
        return TRIAL_ACTIONS, trials.meant if chosen else shown

    def on_rows_opened(self, message: Rows.Opened) -> None:
        """Open a node, or put a trial on the plots."""
        if isinstance(message.rows, FleetTable):
            self.post_message(Act(named(NODE_ACTIONS, "node"), [message.name]))
        else:
            self.post_message(Act(named(TRIAL_ACTIONS, "show"), [message.name]))

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Offer a replay's keys while there is one."""
        if action in ("pause", "pace", "step"):
            return self.session.history.playing is not None
        return super().check_action(action, parameters)

    # -- plots and replays

    def action_plot(self, by: int) -> None:
        """Show another plot."""
        self.set_view("area")
        self.query_one(PlotArea).step(by)

    def action_log(self) -> None:
        """Change the axis of the plot in focus, else of the one that is shown."""
        plot = self.query_one(PlotArea).plot
        if isinstance(self.focused, StripView):
            plot = self.focused
        if hasattr(plot, "logarithmic"):
            plot.logarithmic = not plot.logarithmic

    def action_pause(self) -> None:
        """Hold a replay, or let it go on."""
        self.session.history.pause()

    def action_pace(self, by: int) -> None:
        """Let a replay run faster or slower."""
        playing = self.session.history.playing
        if playing is not None:
            self.session.history.pace(faster(playing.speed, by))

    def action_step(self, by: int) -> None:
        """Go an event on or back in a replay."""
        self.session.history.step(by)

    def action_leave(self) -> None:
        """Undo what was begun: a maximised panel, marks, a replay."""
        trials, trial = self.query_one(RunList), self.session.trial
        if self.maximized is not None:
            self.minimize()
        elif trials.marked:
            trials.marked = set()
            trials.refresh()
            self.update()
        elif self.session.history.playing is not None and trial is not None:
            self.post_message(Act(named(TRIAL_ACTIONS, "show"), [trial.run]))
