"""Tables as text, Markdown, CSV, JSON lines or LaTeX."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable
from typing import Any

from edgead.console.events import now
from edgead.console.reports.cells import cells, heads
from edgead.console.reports.compare import ComparisonTable, Table
from edgead.console.reports.latex import as_latex


def as_text(comparison: ComparisonTable) -> str:
    """Write the tables for a terminal: aligned, with a rule above, under the heads and below."""
    return "\n".join(line for table in comparison.tables for line in _text_table(table))


def _text_table(table: Table) -> Iterable[str]:
    grid = [heads(table), *(cells(row) for row in table.rows)]
    widths = [max(len(line[i]) for line in grid) for i in range(len(grid[0]))]

    def lay(line: list[str]) -> str:
        last = len(line) - 1
        parts = [
            text.ljust(width) if i in (0, last) else text.rjust(width)
            for i, (text, width) in enumerate(zip(line, widths, strict=True))
        ]
        return "  ".join(parts).rstrip()

    rule = sum(widths) + 2 * (len(widths) - 1)
    yield table.title
    yield "━" * rule
    yield lay(grid[0])
    yield "─" * rule
    yield from (lay(line) for line in grid[1:])
    yield "━" * rule
    if table.note:
        yield table.note
    yield ""


def as_markdown(comparison: ComparisonTable) -> str:
    """Write the tables in Markdown."""
    lines = []
    for table in comparison.tables:
        columns = heads(table)
        lines += [f"**{table.title}**", "", "| " + " | ".join(columns) + " |"]
        lines.append("| --- |" + " ---: |" * (len(columns) - 2) + " --- |")
        lines += ["| " + " | ".join(cells(row)) + " |" for row in table.rows]
        lines += ["", table.note, ""] if table.note else [""]
    return "\n".join(lines)


def as_csv(comparison: ComparisonTable) -> str:
    """Write the tables as one CSV: a line a figure and source (paper, a run or a mean)."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(["table", "figure", "source", "value", "unit", "verdict", "spread"])
    for table in comparison.tables:
        for row in table.rows:
            sources = zip(("paper", *table.columns), (row.paper, *row.measured), strict=True)
            for at, (source, value) in enumerate(sources, -1):
                if value is not None:
                    verdict = row.verdict if source == table.columns[-1] else ""
                    spread = row.spread(at) if at >= 0 else None
                    line = [table.title, row.label, source, value, row.unit, verdict, spread]
                    writer.writerow(line)
    return out.getvalue()


def as_objects(comparison: ComparisonTable) -> list[dict[str, Any]]:
    """Give one object a figure, of kind `comparison`."""
    return [
        {
            "time": now(),
            "kind": "comparison",
            "table": table.title,
            "figure": row.label,
            "paper": row.paper,
            "measured": dict(zip(table.columns, row.measured, strict=True)),
            "spread": {
                column: spread
                for at, column in enumerate(table.columns)
                if (spread := row.spread(at)) is not None
            },
            "difference": row.difference,
            "verdict": row.verdict,
            "unit": row.unit,
            "note": table.note,
        }
        for table in comparison.tables
        for row in table.rows
    ]


def as_json(comparison: ComparisonTable) -> str:
    """Write one JSON object a line, a line a figure."""
    return "".join(json.dumps(item, ensure_ascii=False) + "\n" for item in as_objects(comparison))


FORMATS = {
    "text": as_text,
    "markdown": as_markdown,
    "csv": as_csv,
    "json": as_json,
    "latex": as_latex,
}
