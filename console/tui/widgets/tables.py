"""TableView: one comparison table between rules, numbers to the right, verdicts in words."""

from __future__ import annotations

from rich.text import Text
from textual.widget import Widget

from edgead.console.narration import printable
from edgead.console.reports.cells import VERDICTS, cells, heads
from edgead.console.reports.compare import Row, Table
from edgead.console.tui.widgets.ink import ink

INKS = {
    "within": "success",
    "better": "success",
    "close": "secondary",
    "off": "error",
    "new": "secondary",
}
GAP = 3
LABEL_WIDTH = 34


class TableView(Widget):
    """A table. Where it is too wide, earlier runs leave, and then the verdict's word."""

    DEFAULT_CSS = "TableView { height: auto; }"

    def __init__(self, table: Table) -> None:
        super().__init__()
        self._table = table

    def render(self) -> Text:
        """Give the table's lines."""
        table, width = self._table, self.size.width
        kept, widths, worded = fit(table, width)
        total = sum(widths) + GAP * (len(kept) - 1)
        quiet, rule = ink(self, "secondary"), ink(self, "rule")
        lines = [
            Text(printable(table.title), ink(self, "foreground", bold=True)),
            Text("━" * total, rule),
            *(Text(_lay(head, widths), quiet) for head in _head_lines(table, kept)),
            Text("─" * total, rule),
            *(self._row(row, kept, widths, worded) for row in table.rows),
            Text("━" * total, rule),
        ]
        if table.note:
            lines.append(Text(printable(table.note), ink(self, "warning")))
        return Text("\n").join(lines)

    def _row(self, row: Row, kept: list[int], widths: list[int], worded: bool) -> Text:
        texts = _texts(row, kept, worded)
        name = INKS.get(row.verdict, "secondary")
        body = Text(_lay(texts[:-1], widths[:-1]), ink(self, "foreground"))
        if row.verdict == "off":
            body.stylize(ink(self, "error", bold=True))
        verdict = texts[-1].ljust(widths[-1])
        return body.append(" " * GAP).append(verdict, ink(self, name, bold=row.verdict == "off"))


def fit(table: Table, width: int) -> tuple[list[int], list[int], bool]:
    """Choose columns for a width: which, how wide each, and whether verdicts have their word.

    The label, the paper's figure, the last run's, the difference and the verdict's glyph stay.
    """
    count = len(heads(table))
    kept = list(range(count))
    last_run = count - 3
    worded = True

    def widths() -> list[int]:
        lines = [*_head_lines(table, kept), *(_texts(row, kept, worded) for row in table.rows)]
        return [max(len(line[at]) for line in lines) for at in range(len(kept))]

    def total() -> int:
        return sum(widths()) + GAP * (len(kept) - 1)

    # A run whose mean stands beside it is missed least.
    runs = sorted(range(2, last_run), key=lambda at: _is_mean(table, at))
    for column in runs:
        if total() > width:
            kept.remove(column)
    if total() > width:
        worded = False
    found = widths()
    found[0] += max(0, min(width - total(), LABEL_WIDTH - found[0]))
    return kept, found, worded


def _is_mean(table: Table, column: int) -> bool:
    return any(row.spread(column - 2) is not None for row in table.rows)


def _head_lines(table: Table, kept: list[int]) -> list[list[str]]:
    """Give the heads in two lines where a run's name has a part to put under it."""
    names = [heads(table)[at] for at in kept]
    parts = [printable(name).partition(" ") for name in names]
    upper = [first if rest else "" for first, _, rest in parts]
    lower = [rest or first for first, _, rest in parts]
    return [upper, lower] if any(upper) else [lower]


def _texts(row: Row, kept: list[int], worded: bool) -> list[str]:
    texts = cells(row)
    texts[0] = printable(f"{row.label} ({row.unit})" if row.unit else row.label)
    texts[-1] = VERDICTS[row.verdict] if worded else VERDICTS[row.verdict][0]
    return [texts[at] for at in kept]


def _lay(texts: list[str], widths: list[int]) -> str:
    """Set texts in columns: the first to the left, the others to the right."""
    laid = [
        text.rjust(width) if at else text.ljust(width)
        for at, (text, width) in enumerate(zip(texts, widths, strict=False))
    ]
    return (" " * GAP).join(laid)
