"""LanesPanel: one node's telemetry, a lane a field, with its short history."""

from __future__ import annotations

import time

from rich.text import Text

from edgead.console.narration import printable
from edgead.console.nodes.fleet import NodeStatus
from edgead.console.session.session import Session
from edgead.console.tui.fleet_columns import UNKNOWN, role_of, state_of
from edgead.console.tui.lanes import Lane, lanes_of
from edgead.console.tui.widgets.ink import ink
from edgead.console.tui.widgets.text_panel import TextPanel

NARROWEST = 10  # cells of a sparkline
TWO_COLUMNS = 150  # cells of width from which lanes stand side by side


class LanesPanel(TextPanel):
    """The lanes of a node; one that is not up has none: never stale numbers."""

    def __init__(self, session: Session, *, id: str) -> None:  # noqa: A002
        super().__init__(id=id)
        self._session = session
        self.node = ""

    def draw(self) -> Text:
        """Draw the lanes, or say why there are none."""
        status = self._session.fleet.statuses.get(self.node)
        if status is None:
            self.caption("Node")
            return Text("no nodes yet · + finds and adds some", ink(self, "secondary"))
        trial = self._session.trial
        said = (status.model, status.node.host, status.mode, role_of(status, trial).text)
        place = " · ".join(each for each in said if each not in ("", UNKNOWN))
        state = state_of(status, trial).text
        self.caption(f"{printable(self.node)} · {state}", printable(place)[:80])
        lanes = lanes_of(status.history) if status.state == "up" else []
        return self._lanes(lanes) if lanes else self._silence(status)

    def copy_text(self) -> str:
        """Give the readings as tab-separated lines."""
        status = self._session.fleet.statuses.get(self.node)
        lanes = lanes_of(status.history) if status is not None else []
        return "\n".join(f"{lane.name}\t{lane.reading()}" for lane in lanes)

    def _lanes(self, lanes: list[Lane]) -> Text:
        width = self.scrollable_content_region.width
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
