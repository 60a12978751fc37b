"""RunList: the stored trials, newest first, those that wait for their turn among them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from rich.segment import Segment
from textual.content import Content

from edgead.console.glyphs import STATES
from edgead.console.narration import printable
from edgead.console.runs.run_lines import RunLine, waiting
from edgead.console.session.session import Session
from edgead.console.tui.widgets.rows import Rows, fitted

GAP = 2
NOTE_WIDTH = 16  # at least, where some run has a name or a note
FAULTS = ("failed", "interrupted")


@dataclass(frozen=True)
class RunColumn:
    """A column: head, width, rank (the highest leaves first where it is narrow), its text."""

    head: str
    width: int
    rank: int
    text: Callable[[RunLine], str]


def _number(value: float | None, digits: int) -> str:
    return "—" if value is None else f"{value:.{digits}f}"


def _epochs(line: RunLine) -> str:
    return f"{line.epochs}/{line.spec.epochs}"


def _title(line: RunLine) -> str:
    spec = line.spec
    shape = f"{spec.engine} · {spec.workers}" if spec.distributed else "central"
    return f"{shape} ▲ synthetic" if line.synthetic else shape


COLUMNS = (
    RunColumn("trial", 8, 0, lambda line: line.run),
    RunColumn("state", 13, 0, lambda line: f"{STATES.get(line.state, ('?', ''))[0]} {line.state}"),
    RunColumn("what", 11, 1, _title),
    RunColumn("seed", 5, 5, lambda line: str(line.spec.seed)),
    RunColumn("epochs", 7, 2, _epochs),
    RunColumn("test", 6, 3, lambda line: _number(line.test_accuracy, 4)),
    RunColumn("seconds", 7, 4, lambda line: _number(line.seconds, 1)),
    RunColumn("preset", 11, 6, lambda line: line.spec.preset or line.spec.dataset),
    RunColumn("started", 16, 7, lambda line: line.started[:16].replace("T", " ")),
)


class RunList(Rows):
    """The session's runs. The one on the plots is bold."""

    def __init__(self, session: Session, *, id: str) -> None:  # noqa: A002
        super().__init__(id=id)
        self._session = session
        self._columns: tuple[RunColumn, ...] = ()
        self._note = 0
        self._known: dict[str, RunLine] = {}
        self._lines: dict[str, RunLine] = {}  # as they are painted
        self._shown = ""
        self._followed = ""  # the run on the plots that the cursor was last with

    def update(self) -> None:
        """Take up the runs; the cursor goes along with the plots, unless it was moved away."""
        super().update()
        if self._shown != self._followed and self._shown in self._names:
            if self.chosen == self._followed or not self._followed:
                self.choose(self._shown)
            self._followed = self._shown

    def names(self) -> list[str]:
        """Give the runs' numbers, newest first."""
        self._known = {line.run: line for line in self._session.trials.lines}
        return list(self._known)

    def faulty(self, name: str) -> bool:
        """Whether a run failed, broke off or collapsed."""
        line = self._known.get(name)
        return line is not None and (line.state in FAULTS or line.collapsed or line.flags > 0)

    def lay_out(self, width: int) -> bool:
        """Keep as many columns as there is room for; the rest is for name and note."""
        before, lines = (self._columns, self._note, self._shown), self._lines
        kept = list(COLUMNS)

        def taken() -> int:
            return sum(column.width + GAP for column in kept) - GAP

        said = any(any(line.about) for line in self._session.trials.lines)
        while taken() + said * (NOTE_WIDTH + GAP) > width and len(kept) > 3:
            kept.remove(max(kept, key=lambda column: column.rank))
        self._columns = tuple(kept)
        self._note = max(0, width - taken() - GAP)
        self._lines = self._known
        trial = self._session.trial
        self._shown = trial.run if trial is not None else ""
        return before != (self._columns, self._note, self._shown) or lines != self._lines

    def titles(self) -> tuple[Content, Content]:
        """Say how many there are, and how many wait."""
        lines = self._session.trials.lines
        queue = len(waiting(lines))
        title = Content(f"Trials · {len(lines)}" if lines else "Trials")
        return title, Content.styled(f"{queue} waiting" if queue else "", "$secondary")

    def nothing(self) -> str:
        """Say how to get one."""
        return "no trial yet · s starts one"

    def head(self) -> list[Segment]:
        """Give the columns' heads."""
        texts = fitted([c.head for c in self._columns], [c.width for c in self._columns])
        name = "name and note" if self._note >= len("name and note") else ""
        return [Segment((" " * GAP).join([*texts, name]), self.ink("secondary"))]

    def row(self, name: str) -> list[Segment]:
        """Give a run's row."""
        line = self._lines.get(name)
        if line is None:
            return []
        colour = STATES.get(line.state, ("?", "warning"))[1]
        quiet = line.state == "waiting"
        texts = fitted([c.text(line) for c in self._columns], [c.width for c in self._columns])
        segments = []
        for column, text in zip(self._columns, texts, strict=True):
            loud = column.head == "trial" and name == self._shown
            ink = colour if column.head == "state" else "secondary" if quiet else "foreground"
            segments += [Segment(text, self.ink(ink, loud)), Segment(" " * GAP, self.ink(""))]
        said = " · ".join(part for part in map(printable, line.about) if part)
        return [*segments, Segment(said[: self._note], self.ink("secondary"))]

    def copy_text(self) -> str:
        """Give all columns as tab-separated lines."""
        heads = [*(column.head for column in COLUMNS), "name", "note"]
        rows = [
            [*(column.text(line) for column in COLUMNS), *map(printable, line.about)]
            for line in self._session.trials.lines
        ]
        return "\n".join("\t".join(row) for row in [heads, *rows])
