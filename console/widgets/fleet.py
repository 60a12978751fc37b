"""FleetTable: a row a node, drawn in whole lines; only rows that changed are painted again."""

from __future__ import annotations

from rich.segment import Segment
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
        self._strips: list[Strip] = []
        self._caption: tuple[Content, Content] | None = None

    def update(self) -> None:
        """Take up the fleet's present state."""
        width = self.scrollable_content_region.width
        statuses = list(self._session.fleet.statuses.values())
        grid = lay_out(statuses, self._session.trial, width)
        drawn = [self._head(grid), *map(self._row, statuses, grid.rows, [grid] * len(statuses))]
        if not statuses:
            drawn = [self._none()]
        before, self._strips = self._strips, drawn
        self._caption_fleet()
        if len(before) != len(drawn):
            self.virtual_size = Size(width, len(drawn))
            self.refresh(layout=True)
            return
        for y, (old, new) in enumerate(zip(before, drawn, strict=True)):
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
        self.call_after_refresh(self.update)

    def render_line(self, y: int) -> Strip:
        """Give a row of what is in sight."""
        at, base = y + self.scroll_offset.y, self.rich_style
        strip = self._strips[at] if at < len(self._strips) else Strip([])
        return strip.adjust_cell_length(self.scrollable_content_region.width, base)

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
        return Strip([Segment(text, self.rich_style + ink(self, "secondary"))])

    def _head(self, grid: Grid) -> Strip:
        texts = [
            # CPU stands over its meter, other numbers' heads over their last digits.
            column.head.rjust(width)
            if column.right and column.head != "CPU"
            else column.head.ljust(width)
            for column, width in zip(grid.columns, grid.widths, strict=True)
        ]
        return Strip([Segment((" " * GAP).join(texts), self.rich_style + ink(self, "secondary"))])

    def _row(self, status: NodeStatus, cells: tuple[Cell, ...], grid: Grid) -> Strip:
        segments: list[Segment] = []
        for column, width, cell in zip(grid.columns, grid.widths, cells, strict=True):
            segments += self._cell(status, column, width, cell, grid.meter)
            segments.append(Segment(" " * GAP, self.rich_style))
        return Strip(segments[:-1])

    def _cell(
        self, status: NodeStatus, column: Column, width: int, cell: Cell, meter: int
    ) -> list[Segment]:
        base = self.rich_style
        lost = status.state == "lost" and cell.ink == "foreground"
        style = base + ink(self, "secondary" if lost else cell.ink, bold=cell.bold)
        if column.head == "CPU":
            load = load_of(status)
            bar = Segment(cpu_meter(load, meter), base + ink(self, "primary"))
            return [bar, Segment(cell.text.rjust(width - meter), style)]
        text = cell.text[:width]
        return [Segment(text.rjust(width) if column.right else text.ljust(width), style)]
