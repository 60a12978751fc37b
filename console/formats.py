"""Tables as text, Markdown, CSV or JSON lines."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable
from typing import Any

from edgead.console.compare import ComparisonTable, Row, Table
from edgead.console.events import now

VERDICTS = {
    "within": "✔ within",
    "close": "≈ close",
    "better": "▲ better",
    "off": "✖ off",
    "new": "◇ new",
}


def figure(value: float | None, digits: int) -> str:
    """Write a figure with so many digits, or a dash."""
    return "—" if value is None else f"{value:.{digits}f}"


def signed(value: float | None, digits: int) -> str:
    """Write a difference with its sign, or a dash."""
    return "—" if value is None else f"{value:+.{digits}f}".replace("-", "−")


def cells(row: Row) -> list[str]:
    """Write a row's cells: label, paper, each measured, difference, verdict."""
    return [
        row.label,
        figure(row.paper, row.digits),
        *(figure(value, row.digits) for value in row.measured),
        signed(row.difference, row.digits),
        VERDICTS[row.verdict],
    ]


def heads(table: Table) -> list[str]:
    """Give the column heads that go with `cells`."""
    return ["", "paper", *table.columns, "Δ", ""]


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
    """Write the tables as one CSV: table, figure, source (paper or a run), value, verdict."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(["table", "figure", "source", "value", "unit", "verdict"])
    for table in comparison.tables:
        for row in table.rows:
            sources = zip(("paper", *table.columns), (row.paper, *row.measured), strict=True)
            for source, value in sources:
                if value is not None:
                    verdict = row.verdict if source == table.columns[-1] else ""
                    writer.writerow([table.title, row.label, source, value, row.unit, verdict])
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


FORMATS = {"text": as_text, "markdown": as_markdown, "csv": as_csv, "json": as_json}
