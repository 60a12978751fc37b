"""NodeScreen: one node's telemetry, a lane a field, with its short history."""

from __future__ import annotations

import time
from typing import ClassVar

from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.screen import Screen
from textual.widgets import Footer, Static

from edgead.console.fleet import NodeStatus
from edgead.console.fleet_columns import UNKNOWN, role_of, state_of
from edgead.console.lanes import Lane, lanes_of
from edgead.console.messages import FleetChanged
from edgead.console.narration import printable
from edgead.console.screens.breakpoints import HORIZONTAL
from edgead.console.session import Session
from edgead.console.widgets.header import TrialBar
from edgead.console.widgets.ink import ink

NARROWEST = 10  # cells of a sparkline
TWO_COLUMNS = 150  # cells of width from which lanes stand side by side


class NodeScreen(Screen[None]):
    """The lanes of the chosen node; a node that is not up has none: never stale numbers."""

    HORIZONTAL_BREAKPOINTS: list[tuple[int, str]] | None = HORIZONTAL
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,n", "app.pop_screen", "Back", key_display="esc"),
        Binding("left_square_bracket,left", "step(-1)", "Previous node", key_display="["),
        Binding("right_square_bracket,right", "step(1)", "Next node", key_display="]"),
        Binding("y", "copy", "Copy", tooltip="the readings as text"),
    ]
    DEFAULT_CSS = """
    NodeScreen {
        #node { height: 1fr; scrollbar-size-vertical: 1; }
        #node:focus { background-tint: $foreground 0%; }
        #lanes { width: 100%; height: auto; }
    }
    """

    def __init__(self, session: Session, name: str = "") -> None:
        super().__init__()
        self._session = session
        self._chosen = name

    def compose(self) -> ComposeResult:
        """Lay out the lanes under the trial's row."""
        yield TrialBar(self._session)
        with VerticalScroll(id="node", classes="panel"):
            yield Static(id="lanes")
        yield Footer()

    def on_mount(self) -> None:
        """Show the node as it is."""
        self.query_one("#node").focus()
        self.call_after_refresh(self._update)

    def on_resize(self) -> None:
        """Draw to the new width."""
        self.call_after_refresh(self._update)

    def on_fleet_changed(self, _message: FleetChanged) -> None:
        """Show the latest sample."""
        self.query_one(TrialBar).refresh()
        self._update()

    def action_step(self, by: int) -> None:
        """Go to another node of the fleet, around its ends."""
        names = list(self._session.fleet.statuses)
        if names:
            at = names.index(self._chosen) if self._chosen in names else 0
            self._chosen = names[(at + by) % len(names)]
            self._update()

    def action_copy(self) -> None:
        """Put the readings on the clipboard."""
        status = self._status()
        lanes = lanes_of(status.history) if status is not None else []
        text = "\n".join(f"{lane.name}\t{lane.reading()}" for lane in lanes)
        self.app.copy_to_clipboard(text)
        self.notify(f"{len(lanes)} readings on the clipboard", markup=False)

    def _status(self) -> NodeStatus | None:
        statuses = self._session.fleet.statuses
        if self._chosen not in statuses and statuses:
            self._chosen = next(iter(statuses))
        return statuses.get(self._chosen)

    def _update(self) -> None:
        panel, body = self.query_one("#node"), self.query_one("#lanes", Static)
        status = self._status()
        if status is None:
            panel.border_title = "No nodes yet"
            body.update(Text("esc goes back", ink(self, "secondary")))
            return
        trial = self._session.trial
        title = f"{status.node.name} · {state_of(status, trial).text}"
        panel.border_title = Text(printable(title)).markup
        said = (status.model, status.node.host, status.mode, role_of(status, trial).text)
        place = " · ".join(each for each in said if each not in ("", UNKNOWN))
        panel.border_subtitle = Text(printable(place)[:80]).markup
        body.update(self._drawn(status))

    def _drawn(self, status: NodeStatus) -> Text:
        lanes = lanes_of(status.history) if status.state == "up" else []
        if not lanes:
            return self._silence(status)
        width = self.query_one("#lanes").size.width
        columns = 2 if width >= TWO_COLUMNS else 1
        rows = -(-len(lanes) // columns)
        each = width // columns - 2 * (columns - 1)
        names = max(len(lane.name) for lane in lanes)
        readings = max(len(lane.reading()) for lane in lanes)
        lines = []
        for row in range(rows):
            parts = [self._lane(lane, names, readings, each) for lane in lanes[row::rows]]
            lines.append(Text("    ").join(parts))
        return Text("\n").join(lines)

    def _lane(self, lane: Lane, names: int, readings: int, width: int) -> Text:
        colour = "warning" if lane.hot else "secondary" if lane.flat else "primary"
        spark = max(NARROWEST, width - names - readings - 4)
        return Text.assemble(
            (f"{lane.name:<{names}}  ", ink(self, "secondary")),
            (lane.sparkline(spark), ink(self, colour)),
            (f"  {lane.reading():<{readings}}", ink(self, "warning" if lane.hot else "foreground")),
        )

    def _silence(self, status: NodeStatus) -> Text:
        """Say why there is nothing to see, and what to do."""
        if status.state == "lost":
            since = f" for {time.monotonic() - status.since:.0f} s" if status.since else ""
            said = f"lost{since}: {printable(status.error) or 'no answer'}"
            help_ = "it is tried again by itself · h shows its checks and how to mend it"
            return Text.assemble(
                (f"✖ {said}\n", ink(self, "error")), (help_, ink(self, "secondary"))
            )
        return Text(f"{status.state}: no telemetry yet", ink(self, "secondary"))
