"""HealthScreen: every check of every node, with the evidence and the remedy of the chosen one."""

from __future__ import annotations

from typing import ClassVar

from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.screen import Screen
from textual.widgets import DataTable, Static

from edgead.console.glyphs import VERDICTS
from edgead.console.narration import printable
from edgead.console.nodes.health.check import HealthCheck
from edgead.console.session.actions import command
from edgead.console.session.session import Session
from edgead.console.tui.messages import FleetChanged
from edgead.console.tui.screens.breakpoints import HORIZONTAL
from edgead.console.tui.widgets.header import TrialBar
from edgead.console.tui.widgets.ink import ink
from edgead.console.tui.widgets.key_bar import KeyBar

NOTHING = "no check has been run yet · r runs them all"
NO_CELL = "·"


class HealthScreen(Screen[None]):
    """The session's checks, kept up to date; a dot is a check that a node does not have."""

    HORIZONTAL_BREAKPOINTS: list[tuple[int, str]] | None = HORIZONTAL
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,h", "app.back", "Back", key_display="esc"),
        Binding("r", "app.check_nodes", "Check", tooltip="run every check, the self-test too"),
        Binding("f", "app.mend_nodes", "Mend", tooltip="run the safe remedies, then check again"),
        Binding("y", "copy", "Copy command", tooltip="the command that mends or repeats the check"),
    ]
    DEFAULT_CSS = """
    HealthScreen {
        #checks { height: 1fr; background: $background; scrollbar-size: 1 1; }
        #checks > .datatable--header { background: $background; color: $secondary; }
        #checks > .datatable--cursor { background: $panel; text-style: bold; }
        #checks > .datatable--fixed { background: $background; }
        #said { height: auto; max-height: 8; padding: 0 1; }
    }
    """

    def __init__(self, session: Session) -> None:
        super().__init__()
        self._session = session
        self._drawn: tuple[tuple[str, ...], tuple[str, ...]] = ((), ())

    def compose(self) -> ComposeResult:
        """Lay out the matrix, and below it what the cursor is on."""
        yield TrialBar(self._session)
        table: DataTable[Text] = DataTable(id="checks", classes="panel", fixed_columns=1)
        table.border_title = "Health"
        yield table
        yield Static(id="said", classes="panel")
        yield KeyBar()

    def on_mount(self) -> None:
        """Show what is known."""
        self._update()
        self.query_one(DataTable).focus()

    def on_fleet_changed(self, _message: FleetChanged) -> None:
        """Show new verdicts."""
        self.query_one(TrialBar).refresh()
        self._update()

    def on_data_table_cell_highlighted(self, _message: DataTable.CellHighlighted) -> None:
        """Say more of the cell under the cursor."""
        self._say()

    def _update(self) -> None:
        table: DataTable[Text] = self.query_one(DataTable)
        statuses = self._session.fleet.statuses
        rows = tuple(_names([status.checks for status in statuses.values()]))
        if (rows, tuple(statuses)) != self._drawn:
            self._drawn = rows, tuple(statuses)
            self._rebuild(table)
        for name in rows:
            for node, status in statuses.items():
                cell = self._cell(status.checks.get(name))
                if table.get_cell(name, node) != cell:
                    table.update_cell(name, node, cell, update_width=True)
        busy = "checking…" if self._session.nodes.checking else ""
        table.border_subtitle = Text(busy, ink(self, "secondary")).markup
        self._say()

    def _rebuild(self, table: DataTable[Text]) -> None:
        at = table.cursor_coordinate
        table.clear(columns=True)
        names, nodes = self._drawn
        table.add_column("check", key="")
        for node in nodes:
            table.add_column(Text(printable(node)), key=node)
        for name in names:
            table.add_row(Text(name), *[Text(NO_CELL)] * len(nodes), key=name)
        table.move_cursor(row=at.row, column=max(1, at.column))

    def _cell(self, check: HealthCheck | None) -> Text:
        if check is None:
            return Text(NO_CELL, ink(self, "secondary"))
        glyph, colour = VERDICTS[check.verdict]
        return Text(f"{glyph} {check.verdict}", ink(self, colour, bold=check.verdict != "ok"))

    def _chosen(self) -> tuple[str, HealthCheck | None]:
        """Give the node and the check under the cursor; "" and None without one."""
        names, nodes = self._drawn
        at = self.query_one(DataTable).cursor_coordinate
        if not (at.row < len(names) and 0 < at.column <= len(nodes)):
            return "", None
        node = nodes[at.column - 1]
        return node, self._session.fleet.statuses[node].checks.get(names[at.row])

    def _say(self) -> None:
        node, check = self._chosen()
        said = self.query_one("#said", Static)
        if check is None:
            said.border_title = ""
            text = f"{printable(node)} has no such check" if node else NOTHING
            said.update(Text(text, ink(self, "secondary")))
            return
        glyph, colour = VERDICTS[check.verdict]
        said.border_title = Text(f"{printable(node)} · {check.name}").markup
        lines = Text.assemble((f"{glyph} ", ink(self, colour)), printable(check.evidence))
        if check.remedy:
            lines.append(f"\n$ {printable(check.remedy)}", ink(self, "primary"))
        said.update(lines)

    def action_copy(self) -> None:
        """Put the remedy on the clipboard; without one, the command that checks that node."""
        node, check = self._chosen()
        again = command(["nodes", "check", *([node] if node else [])], self._session.nodes.cluster)
        self.app.copy_to_clipboard((check.remedy if check is not None else "") or again)
        self.notify("a command is on the clipboard", markup=False)


def _names(checks: list[dict[str, HealthCheck]]) -> list[str]:
    """Give the names of all checks there are, in the order of the first that has each."""
    from edgead.console.nodes.health.run import NAMES

    return [name for name in NAMES if any(name in each for each in checks)]
