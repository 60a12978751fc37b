"""ChecksPanel: a node's health checks, the worst first, each with its evidence and remedy."""

from __future__ import annotations

from rich.text import Text

from edgead.console.glyphs import VERDICTS
from edgead.console.narration import printable
from edgead.console.nodes.health.check import HealthCheck
from edgead.console.session.session import Session
from edgead.console.tui.widgets.ink import ink
from edgead.console.tui.widgets.text_panel import TextPanel

ORDER = ("fail", "warn", "ok")


class ChecksPanel(TextPanel):
    """The checks of a node."""

    def __init__(self, session: Session, *, id: str) -> None:  # noqa: A002
        super().__init__(id=id)
        self._session = session
        self.node = ""
        self.only_faults = False

    def checks(self) -> list[HealthCheck]:
        """Give the checks shown, the worst first."""
        status = self._session.fleet.statuses.get(self.node)
        found = sorted(
            status.checks.values() if status is not None else (),
            key=lambda check: ORDER.index(check.verdict),
        )
        return [each for each in found if each.verdict != "ok" or not self.only_faults]

    def draw(self) -> Text:
        """Write a line a check; evidence and remedy in full where it is not well."""
        found = self.checks()
        counts = [f"{VERDICTS[v][0]} {n}" for v in ORDER if (n := _count(found, v))]
        busy = "checking…" if self._session.nodes.checking else " ".join(counts)
        self.caption("Checks · faults only (f shows all)" if self.only_faults else "Checks", busy)
        if not found:
            said = "nothing is wrong" if self.only_faults else "no check has been run · r runs them"
            return Text(said, ink(self, "secondary"))
        return Text("\n").join(self._lines(check) for check in found)

    def copy_text(self) -> str:
        """Give a line a check, with the remedy."""
        return "\n".join(
            f"{each.node}\t{each.name}\t{each.verdict}\t{printable(each.evidence)}\t{each.remedy}"
            for each in self.checks()
        )

    def _lines(self, check: HealthCheck) -> Text:
        glyph, colour = VERDICTS[check.verdict]
        bad = check.verdict != "ok"
        text = Text.assemble(
            (f"{glyph} {check.verdict:<5}", ink(self, colour, bold=bad)),
            (f"{check.name:<11} ", ink(self, "foreground" if bad else "secondary")),
            (printable(check.evidence), ink(self, "foreground" if bad else "secondary")),
        )
        if check.remedy:
            text.append(f"\n       $ {printable(check.remedy)}", ink(self, "primary"))
        return text


def _count(checks: list[HealthCheck], verdict: str) -> int:
    return sum(check.verdict == verdict for check in checks)
