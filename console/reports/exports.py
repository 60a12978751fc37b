"""A comparison as a file, in each format there is: its tables, or its loss curves as a picture."""

from __future__ import annotations

from collections.abc import Sequence

from edgead.console.reports.compare import compare
from edgead.console.reports.figure import loss_figure
from edgead.console.reports.figure_files import as_png, as_svg
from edgead.console.reports.formats import FORMATS
from edgead.console.runs.state import TrialState

PICTURES = ("svg", "png")
SUFFIXES = {"markdown": "md", "latex": "tex", "text": "txt"}  # others are their format's name
NAME_LIMIT = 80


def exported(
    states: Sequence[TrialState],
    form: str,
    *,
    with_paper: bool = True,
    means_only: bool = False,
    log: bool = True,
) -> bytes:
    """Give the bytes of a comparison in a format: one of FORMATS, or svg or png."""
    if form in PICTURES:
        figure = loss_figure(states, log=log)
        return as_png(figure) if form == "png" else as_svg(figure).encode()
    return FORMATS[form](compare(states, with_paper=with_paper, means_only=means_only)).encode()


def file_name(states: Sequence[TrialState], form: str) -> str:
    """Name a file for a comparison: comparison-T-001-T-002.md."""
    runs = "-".join(state.run for state in states)[:NAME_LIMIT]
    return f"comparison-{runs}.{SUFFIXES.get(form, form)}"
