"""FleetTable: a row a node, drawn in whole lines; only rows that changed are painted again."""

from __future__ import annotations

from rich.segment import Segment
from rich.style import Style
from textual.content import Content
from textual.events import Resize
from textual.geometry import Size
from textual.scroll_view import ScrollView
from textual.strip import Strip

from edgead.console.fleet import NodeStatus
from edgead.console.fleet_columns import GAP, Cell, Column, Grid, cpu_meter, lay_out, load_of
from edgead.console.narration import printable
from edgead.console.session import Session
from edgead.console.widgets.ink import ink


class FleetTable(ScrollView, can_focus=True):
    """The session's fleet. A node that is not up shows dashes: never stale numbers."""

    DEFAULT_CSS = """
    FleetTable { height: auto; overflow-x: hidden; overflow-y: auto; scrollbar-size-vertical: 1; }
    FleetTable:focus { background-tint: $foreground 0%; }
    """

    def __init__(self, session: Session, *, id: str) -> None:  # noqa: A002
        super().__init__(id=id)
        self._session = session
        self._grid = Grid((), (), 0, ())
        self._statuses: list[NodeStatus] = []
        self._inks: dict[tuple[str, bool], Style] = {}  # the theme's, each worked out once
        self._caption: tuple[Content, Content] | None = None

    def update(self) -> None:
        """Take up the fleet's present state; only rows in sight are drawn, when they are asked for.

        A hundred rows twice a second would cost a third of a core.
        """
        width = self.scrollable_content_region.width
        statuses = list(self._session.fleet.statuses.values())
        grid = lay_out(statuses, self._session.trial, width)
        same_columns = (grid.columns, grid.widths) == (self._grid.columns, self._grid.widths)
        before, self._grid, self._statuses = self._grid.rows, grid, statuses
        self._caption_fleet()
        if len(before) != len(grid.rows) or not same_columns or not statuses:
            self.virtual_size = Size(width, len(statuses) + 1)
            self._inks.clear()
            self.refresh(layout=len(before) != len(grid.rows))
            return
        for y, (old, new) in enumerate(zip(before, grid.rows, strict=True), 1):
            if old != new:
                self.refresh_line(y)

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        """Ask for the head and a row a node."""
        return max(2, len(self._session.fleet.statuses) + 1)

    def on_mount(self) -> None:
        """Show what is known."""
        self.update()

    def on_resize(self, _event: Resize) -> None:
        """Choose the columns anew."""
        self.update()
        self.refresh()

    def notify_style_update(self) -> None:
        """Paint anew in the new colours."""
        super().notify_style_update()
        self._inks.clear()
        self.call_after_refresh(self.update)

    def render_line(self, y: int) -> Strip:
        """Give a row of what is in sight."""
        at = y + self.scroll_offset.y
        if not self._statuses:
            strip = self._none() if at == 0 else Strip([])
        elif at == 0:
            strip = self._head(self._grid)
        elif at <= len(self._statuses):
            strip = self._row(self._statuses[at - 1], self._grid.rows[at - 1], self._grid)
        else:
            strip = Strip([])
        return strip.adjust_cell_length(self.scrollable_content_region.width, self._ink(""))

    def copy_text(self) -> str:
        """Give all columns as tab-separated lines."""
        statuses = list(self._session.fleet.statuses.values())
        grid = lay_out(statuses, self._session.trial, 10_000)
        heads = "\t".join(column.head for column in grid.columns)
        return "\n".join([heads, *("\t".join(cell.text for cell in row) for row in grid.rows)])

    def _caption_fleet(self) -> None:
        fleet = self._session.fleet
        up = f" · {fleet.up}/{len(fleet.statuses)} up" if fleet.statuses else ""
        title = Content(f"Fleet{up}")
        note = "embedded in this machine" if fleet.embedded else printable(fleet.name)
        subtitle = Content.styled(note if fleet.statuses else "", "$secondary")
        if self._caption != (title, subtitle):
            self._caption = (title, subtitle)
            self.border_title, self.border_subtitle = title, subtitle

    def _none(self) -> Strip:
        text = printable(self._session.message) or "no nodes yet"
        return Strip([Segment(text, self._ink("secondary"))])

    def _head(self, grid: Grid) -> Strip:
        texts = [
            # CPU stands over its meter, other numbers' heads over their last digits.
            column.head.rjust(width)
            if column.right and column.head != "CPU"
            else column.head.ljust(width)
            for column, width in zip(grid.columns, grid.widths, strict=True)
        ]
        return Strip([Segment((" " * GAP).join(texts), self._ink("secondary"))])

    def _row(self, status: NodeStatus, cells: tuple[Cell, ...], grid: Grid) -> Strip:
        segments: list[Segment] = []
        for column, width, cell in zip(grid.columns, grid.widths, cells, strict=True):
            segments += self._cell(status, column, width, cell, grid.meter)
            segments.append(Segment(" " * GAP, self._ink("")))
        return Strip(segments[:-1])

    def _cell(
        self, status: NodeStatus, column: Column, width: int, cell: Cell, meter: int
    ) -> list[Segment]:
        lost = status.state == "lost" and cell.ink == "foreground"
        style = self._ink("secondary" if lost else cell.ink, cell.bold)
        if column.head == "CPU":
            load = load_of(status)
            bar = Segment(cpu_meter(load, meter), self._ink("primary"))
            return [bar, Segment(cell.text.rjust(width - meter), style)]
        text = cell.text[:width]
        return [Segment(text.rjust(width) if column.right else text.ljust(width), style)]

    def _ink(self, name: str, bold: bool = False) -> Style:
        """Give the widget's own style, in the theme's colour of that name."""
        found = self._inks.get((name, bold))
        if found is None:
            colour = ink(self, name, bold=bold) if name else Style()
            found = self._inks[name, bold] = self.rich_style + colour
        return found
