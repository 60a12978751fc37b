"""A comparison's cells as text: figures, differences and verdicts, the same in every format."""

from __future__ import annotations

from edgead.console.reports.compare import Row, Table

# A glyph is never without its word but where there is no room.
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


def with_spread(row: Row, at: int) -> str:
    """Write a measured figure, with its standard deviation where it is a mean."""
    spread, text = row.spread(at), figure(row.measured[at], row.digits)
    return text if spread is None else f"{text} ±{spread:.{row.digits}f}"


def signed(value: float | None, digits: int) -> str:
    """Write a difference with its sign, or a dash."""
    return "—" if value is None else f"{value:+.{digits}f}".replace("-", "−")


def cells(row: Row) -> list[str]:
    """Write a row's cells: label, paper, each measured, difference, verdict."""
    return [
        row.label,
        figure(row.paper, row.digits),
        *(with_spread(row, at) for at in range(len(row.measured))),
        signed(row.difference, row.digits),
        VERDICTS[row.verdict],
    ]


def heads(table: Table) -> list[str]:
    """Give the column heads that go with `cells`."""
    return ["", "paper", *table.columns, "Δ", ""]
