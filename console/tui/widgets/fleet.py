"""FleetTable: a row a node; only rows that changed are painted again."""

from __future__ import annotations

from rich.segment import Segment
from textual.content import Content

from edgead.console.narration import printable
from edgead.console.nodes.fleet import NodeStatus
from edgead.console.session.session import Session
from edgead.console.tui.fleet_columns import (
    GAP,
    HOT_C,
    Cell,
    Column,
    Grid,
    cpu_meter,
    lay_out,
    load_of,
)
from edgead.console.tui.widgets.rows import Rows


class FleetTable(Rows):
    """The session's fleet. A node that is not up shows dashes: never stale numbers."""

    def __init__(self, session: Session, *, id: str) -> None:  # noqa: A002
        super().__init__(id=id)
        self._session = session
        self._grid = Grid((), (), 0, ())
        self._cells: dict[str, tuple[Cell, ...]] = {}

    def names(self) -> list[str]:
        """Give the nodes, in the cluster file's order."""
        return list(self._session.fleet.statuses)

    def faulty(self, name: str) -> bool:
        """Whether a node is lost, too hot, or has a check that is not well."""
        status = self._session.fleet.statuses[name]
        hottest = status.telemetry.hottest if status.telemetry else None
        hot = hottest is not None and hottest[1] >= HOT_C
        bad = any(check.verdict != "ok" for check in status.checks.values())
        return status.state == "lost" or hot or bad

    def lay_out(self, width: int) -> bool:
        """Choose the columns, and paint the rows that differ.

        A hundred rows twice a second would cost a third of a core.
        """
        statuses = [self._session.fleet.statuses[name] for name in self._names]
        grid = lay_out(statuses, self._session.trial, width)
        same = (grid.columns, grid.widths) == (self._grid.columns, self._grid.widths)
        before, self._grid = self._cells, grid
        self._cells = dict(zip(self._names, grid.rows, strict=True))
        if same:
            for name, cells in self._cells.items():
                if before.get(name) != cells:
                    self.refresh_row(name)
        return not same

    def copy_text(self) -> str:
        """Give all columns as tab-separated lines."""
        statuses = list(self._session.fleet.statuses.values())
        grid = lay_out(statuses, self._session.trial, 10_000)
        heads = "\t".join(column.head for column in grid.columns)
        return "\n".join([heads, *("\t".join(cell.text for cell in row) for row in grid.rows)])

    def titles(self) -> tuple[Content, Content]:
        """Say how many are up, and whose they are."""
        fleet = self._session.fleet
        up = f" · {fleet.up}/{len(fleet.statuses)} up" if fleet.statuses else ""
        note = "embedded in this machine" if fleet.embedded else printable(fleet.name)
        return Content(f"Fleet{up}"), Content.styled(note if fleet.statuses else "", "$secondary")

    def nothing(self) -> str:
        """Say what goes on, or how to get nodes."""
        return printable(self._session.message) or "no nodes yet · + finds and adds some"

    def head(self) -> list[Segment]:
        """Give the columns' heads: CPU's over its meter, other numbers' over their last digits."""
        texts = [
            column.head.rjust(width)
            if column.right and column.head != "CPU"
            else column.head.ljust(width)
            for column, width in zip(self._grid.columns, self._grid.widths, strict=True)
        ]
        return [Segment((" " * GAP).join(texts), self.ink("secondary"))]

    def row(self, name: str) -> list[Segment]:
        """Give a node's row."""
        status, cells = self._session.fleet.statuses.get(name), self._cells.get(name)
        if status is None or cells is None:
            return []
        segments: list[Segment] = []
        grid = self._grid
        for column, width, cell in zip(grid.columns, grid.widths, cells, strict=True):
            segments += self._cell(status, column, width, cell)
            segments.append(Segment(" " * GAP, self.ink("")))
        return segments[:-1]

    def _cell(self, status: NodeStatus, column: Column, width: int, cell: Cell) -> list[Segment]:
        lost = status.state == "lost" and cell.ink == "foreground"
        style = self.ink("secondary" if lost else cell.ink, cell.bold)
        if column.head == "CPU":
            bar = Segment(cpu_meter(load_of(status), self._grid.meter), self.ink("primary"))
            return [bar, Segment(cell.text.rjust(width - self._grid.meter), style)]
        text = cell.text[:width]
        return [Segment(text.rjust(width) if column.right else text.ljust(width), style)]
