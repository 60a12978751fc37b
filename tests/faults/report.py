"""The table of faults: fault × phase, the outcome, seconds to the flag and to getting on again.

python -m faults.report FILE prints the table of the lines that runs have appended to $FAULTS_TABLE.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from faults.case import PHASES, Outcome
from faults.catalogue import FAULTS


class Report:
    """Collects outcomes; each is appended to $FAULTS_TABLE as a line; `finish` prints all."""

    def __init__(self) -> None:
        self._cells: dict[tuple[str, str], str] = {}

    @contextmanager
    def case(self, fault: str, phase: str) -> Iterator[Callable[[Outcome], Outcome]]:
        """Take what comes of a case, a failure too."""
        cell = "FAILED"

        def tell(outcome: Outcome) -> Outcome:
            nonlocal cell
            cell = describe(outcome)
            return outcome

        try:
            yield tell
        except BaseException:
            cell = f"FAILED ({cell})"
            raise
        finally:
            self._cells[fault, phase] = cell
            self._keep(fault, phase, cell)

    def _keep(self, fault: str, phase: str, cell: str) -> None:
        target = os.environ.get("FAULTS_TABLE")
        if target:
            with Path(target).open("a", encoding="utf-8") as file:
                file.write(f"{fault}\t{phase}\t{cell}\n")

    def finish(self) -> None:
        """Print the table."""
        print("\n" + "\n".join(self.lines()))

    def lines(self) -> list[str]:
        """Give the table in Markdown: a line a fault, a column a phase."""
        return table(self._cells)


def table(cells: dict[tuple[str, str], str]) -> list[str]:
    """Give cells by fault and phase as a table in Markdown."""
    head = ["fault", *PHASES]
    faults = dict.fromkeys(fault for fault, _ in cells)
    body = [[fault, *(cells.get((fault, phase), "") for phase in PHASES)] for fault in faults]
    rows = [head, ["---"] * len(head), *body]
    return [f"| {' | '.join(row)} |" for row in rows]


def describe(outcome: Outcome) -> str:
    """Say in a few words what came of a case: how it went on, and after how many seconds."""
    flag = "–" if outcome.to_flag is None else f"{outcome.to_flag:.1f}"
    on = "–" if outcome.to_recover is None else f"{outcome.to_recover:.1f}"
    return f"{outcome.word} {flag} / {on}"


def main() -> int:
    """Print the table of a file, each cell by its latest line."""
    cells: dict[tuple[str, str], str] = {}
    for line in Path(sys.argv[1]).read_text(encoding="utf-8").splitlines():
        fault, phase, cell = line.split("\t")
        cells[fault, phase] = cell
    order = {fault.name: number for number, fault in enumerate(FAULTS)}
    print("\n".join(table(dict(sorted(cells.items(), key=lambda each: order[each[0][0]])))))
    return 0


if __name__ == "__main__":
    sys.exit(main())
