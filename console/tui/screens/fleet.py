"""FleetScreen: the area of the nodes: all of them, and the chosen one's lanes and checks."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Container

from edgead.console.session.actions import NODE_ACTIONS, Action, named
from edgead.console.tui.messages import Act
from edgead.console.tui.screens.base import PANEL_KEYS, PanelScreen
from edgead.console.tui.screens.keys import keys_for
from edgead.console.tui.widgets.checks import ChecksPanel
from edgead.console.tui.widgets.events import EventLog
from edgead.console.tui.widgets.fleet import FleetTable
from edgead.console.tui.widgets.header import TrialBar
from edgead.console.tui.widgets.key_bar import KeyBar
from edgead.console.tui.widgets.lanes import LanesPanel
from edgead.console.tui.widgets.rows import Rows


class FleetScreen(PanelScreen):
    """The nodes; below them what is known of the one under the cursor."""

    VIEWS: ClassVar[tuple[str, ...]] = ("lanes", "checks", "events")
    BINDINGS: ClassVar[list[BindingType]] = [
        *keys_for("node", NODE_ACTIONS),
        Binding("plus", "app.add_nodes", "Add", key_display="+", tooltip="find nodes and add them"),
        Binding("E", "app.edit_cluster", "Edit file", show=False, tooltip="the cluster file"),
        *PANEL_KEYS,
    ]
    HELP = "Every node of the cluster file. Enter opens one; space marks several for `a`."
    DEFAULT_CSS = """
    FleetScreen {
        #body { layout: grid; grid-size: 2; grid-rows: auto 1fr 9; height: 1fr; }
        #fleet { column-span: 2; max-height: 16; }
        #events { column-span: 2; }
        &.-wide #body { grid-rows: auto 1fr 14; grid-columns: 11fr 9fr; }
        &.-wide #fleet { column-span: 1; max-height: 28; }
        &.-wide #lanes { row-span: 2; }
        &.-narrow #body { layout: vertical; }
        &.-narrow #fleet { max-height: 10; }
        &.-narrow #lanes, &.-narrow #checks, &.-narrow #events { display: none; height: 1fr; }
        &.-narrow.-lanes #lanes, &.-narrow.-checks #checks, &.-narrow.-events #events {
            display: block;
        }
    }
    """

    def compose(self) -> ComposeResult:
        """Lay out the panels in the order in which the grid fills in."""
        yield TrialBar(self.session)
        with Container(id="body"):
            yield FleetTable(self.session, id="fleet").add_class("panel")
            yield LanesPanel(self.session, id="lanes").add_class("panel")
            yield ChecksPanel(self.session, id="checks").add_class("panel")
            yield EventLog(self.session, id="events").add_class("panel")
        yield KeyBar()

    def update(self) -> None:
        """Show nodes and events."""
        self.query_one(EventLog).update()
        self.update_fleet()

    def update_fleet(self) -> None:
        """Show the nodes, and the one under the cursor."""
        table = self.query_one(FleetTable)
        table.update()
        for panel in (self.query_one(LanesPanel), self.query_one(ChecksPanel)):
            panel.node = table.chosen
            panel.update()

    def on_rows_highlighted(self, _message: Rows.Highlighted) -> None:
        """Show another node's lanes and checks."""
        self.update_fleet()

    def on_rows_opened(self, message: Rows.Opened) -> None:
        """Open a node."""
        self.post_message(Act(named(NODE_ACTIONS, "node"), [message.name]))

    def subject(self, kind: str = "") -> tuple[tuple[Action, ...], list[str]]:
        """Give the marked nodes, else the one under the cursor."""
        return NODE_ACTIONS, self.query_one(FleetTable).meant
