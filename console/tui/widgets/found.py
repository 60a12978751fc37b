"""FoundList: the hosts of a search: where, who, what, and how the login went."""

from __future__ import annotations

from rich.segment import Segment
from textual.content import Content

from edgead.agents.address import SSH_PORT
from edgead.console.narration import printable
from edgead.console.nodes.discovery import Found
from edgead.console.session.session import Search
from edgead.console.tui.widgets.rows import Rows, fitted

LOOKS = {
    "found": ("◌", "secondary", "asking…"),
    "identified": ("✔", "success", "logs in"),
    "refused": ("✖", "error", "refuses our key: ssh-copy-id"),
    "unknown": ("▲", "warning", "new host key"),
    "changed": ("✖", "error", "HOST KEY HAS CHANGED"),
    "failed": ("✖", "error", ""),
}


class FoundList(Rows):
    """Who was found; those that can be nodes are marked by themselves."""

    def __init__(self, *, id: str) -> None:  # noqa: A002 - Textual's name for it
        super().__init__(id=id)
        self.search: Search | None = None
        self._found: dict[str, Found] = {}
        self._seen: set[str] = set()
        self._widths = (21, 12, 22)

    def names(self) -> list[str]:
        """Give the addresses, in order."""
        found = self.search.found if self.search is not None else []
        self._found = {_place(each): each for each in found}
        for name, each in self._found.items():
            if each.state == "identified" and each.jetson and name not in self._seen:
                self.marked.add(name)
                self._seen.add(name)
        return list(self._found)

    def chosen_found(self) -> list[Found]:
        """Give the marked ones that we can log in to; without marks, all of those."""
        usable = [each for each in self._found.values() if each.state == "identified"]
        return [each for each in usable if _place(each) in self.marked] or usable

    def lay_out(self, width: int) -> bool:
        """Always draw: there are few rows, and any may have changed."""
        self._widths = (21, 12, 22) if width >= 80 else (15, 10, 16)
        return True

    def head(self) -> list[Segment]:
        """Give the columns' heads."""
        texts = fitted(("address", "name", "board"), self._widths)
        return [Segment("  ".join([*texts, "login"]), self.ink("secondary"))]

    def row(self, name: str) -> list[Segment]:
        """Give a host's row: where, who, what, and how the login went."""
        each = self._found[name]
        board = each.board
        what = f"{board.model} {board.l4t}".strip() or each.banner
        who = board.hostname or each.announced or "—"
        texts = fitted([name, printable(who), printable(what)], self._widths)
        glyph, colour, said = LOOKS.get(each.state, ("?", "warning", ""))
        if each.state == "unknown" and each.fingerprint:
            said = f"new host key {each.fingerprint} · t trusts it"
        elif each.state in ("failed", "changed"):
            said = f"{said} {each.note}".strip()
        loud = each.state == "changed"
        return [
            Segment("  ".join(texts) + "  ", self.ink("foreground")),
            Segment(f"{glyph} {printable(said)}", self.ink(colour, loud)),
        ]

    def nothing(self) -> str:
        """Say what to press."""
        return "nobody found yet · enter in a field above scans"

    def titles(self) -> tuple[Content, Content]:
        """Count them."""
        found = list(self._found.values())
        jetsons = sum(each.jetson for each in found)
        return Content("Found"), Content(f"{len(found)} SSH servers, {jetsons} Jetsons")

    def copy_text(self) -> str:
        """Give a line a host."""
        return "\n".join(f"{n}\t{f.state}\t{f.board.model}" for n, f in self._found.items())


def _place(found: Found) -> str:
    return found.host if found.port == SSH_PORT else f"{found.host}:{found.port}"
