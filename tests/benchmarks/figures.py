"""A benchmark's figures beside their targets: printed, and kept as a section of a page."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from edgead.console.reports.bench_report import machine


@dataclass(frozen=True)
class Target:
    """A figure; with a target it must stay below it."""

    text: str
    value: float
    below: float | None = None

    @property
    def missed(self) -> bool:
        return self.below is not None and self.value >= self.below

    @property
    def line(self) -> str:
        target = "" if self.below is None else f"below {self.below:g}"
        return f"| {self.text} | {self.value:.2f} | {target} |"


def write_report(path: Path | None, title: str, said: str, targets: Sequence[Target]) -> int:
    """Print the figures, write them into the page if there is one; 1 where a target is missed."""
    lines = ["| | measured | target |", "|---|---:|---|", *(each.line for each in targets)]
    print("\n".join(lines))
    if path is not None:
        _write_section(path, title, "\n".join([said, f"Machine: {machine()}.", "", *lines]))
    return int(any(each.missed for each in targets))


def _write_section(path: Path, title: str, text: str) -> None:
    """Put a section into a page of sections, in place of one of the same title."""
    page = path.read_text() if path.exists() else "# What the console costs\n"
    section = f"## {title}\n\n{text}\n"
    pattern = re.compile(rf"## {re.escape(title)}\n.*?(?=\n## |\Z)", re.DOTALL)
    found = pattern.sub(lambda _: section, page) if pattern.search(page) else f"{page}\n{section}"
    path.write_text(found.rstrip() + "\n")


def processor_seconds(pid: int) -> float:
    """Give the seconds of processor that a process has used, in user and kernel mode."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
