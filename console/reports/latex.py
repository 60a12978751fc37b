r"""Tables as LaTeX, with the rules of the package booktabs."""

from __future__ import annotations

from edgead.console.reports.cells import figure
from edgead.console.reports.compare import ComparisonTable, Row, Table

_SPECIAL = {
    "\\": r"\textbackslash{}", "{": r"\{", "}": r"\}", "$": r"\$", "&": r"\&", "#": r"\#",
    "_": r"\_", "%": r"\%", "~": r"\textasciitilde{}", "^": r"\textasciicircum{}",
    "·": r"$\cdot$", "±": r"$\pm$", "σ": r"$\sigma$", "Δ": r"$\Delta$", "×": r"$\times$",
    "−": "$-$", "—": "--", "–": "--", "°": r"$^\circ$",
}  # fmt: skip


def as_latex(comparison: ComparisonTable) -> str:
    r"""Write the tables as LaTeX; a document needs \usepackage{booktabs} for them."""
    head = "% needs \\usepackage{booktabs}\n"
    return head + "\n".join(_table(table) for table in comparison.tables)


def escape(text: str) -> str:
    """Write any text so that LaTeX prints it; a character that it may not know is left out."""
    known = (_SPECIAL.get(char, char if " " <= char <= "~" else "") for char in text)
    return "".join(known)


def _table(table: Table) -> str:
    columns = ["", "paper", *table.columns, "Δ", "verdict"]
    lines = [
        r"\begin{table}",
        rf"\caption{{{escape(table.title)}}}",
        rf"\begin{{tabular}}{{l{'r' * (len(columns) - 2)}l}}",
        r"\toprule",
        _line([escape(column) for column in columns]),
        r"\midrule",
        *(_line(_cells(row)) for row in table.rows),
        r"\bottomrule",
        r"\end{tabular}",
    ]
    if table.note:
        lines.append(rf"\par\footnotesize {escape(table.note)}")
    return "\n".join([*lines, r"\end{table}", ""])


def _cells(row: Row) -> list[str]:
    unit = f" ({row.unit})" if row.unit else ""
    measured = []
    for at, value in enumerate(row.measured):
        spread = row.spread(at)
        extra = "" if spread is None else rf" \pm {spread:.{row.digits}f}"
        text = figure(value, row.digits)
        measured.append("--" if value is None else f"${text}{extra}$")
    difference = "--" if row.difference is None else f"${row.difference:+.{row.digits}f}$"
    known = "--" if row.paper is None else f"${figure(row.paper, row.digits)}$"
    return [escape(row.label + unit), known, *measured, difference, row.verdict]


def _line(cells: list[str]) -> str:
    return " & ".join(cells) + r" \\"
