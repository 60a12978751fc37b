"""AddNodes: finds boards on the network, says what each is, and puts the chosen into the file."""

from __future__ import annotations

from pathlib import Path
from typing import ClassVar

from rich.segment import Segment
from textual import work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Input, Label, ProgressBar, Static

from edgead.console import networks
from edgead.console.actions import command
from edgead.console.discovery import SSH_PORT, Found, Wanted
from edgead.console.errors import ConsoleError, UsageError
from edgead.console.inventory import Node
from edgead.console.narration import printable
from edgead.console.screens.breakpoints import HORIZONTAL
from edgead.console.screens.question import Choice, Question
from edgead.console.session import Search, Session
from edgead.console.widgets.rows import Rows, fitted

SHOW_SECONDS = 0.1
HOW = (
    "enter scans: a connection to each address, and a listen for announcements (mDNS); no"
    " password is ever sent"
)
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


class AddNodes(ModalScreen[tuple[list[Found], Wanted, Path] | None]):
    """Gives who becomes a node, how they were logged in to, and the file they go into."""

    HORIZONTAL_BREAKPOINTS: list[tuple[int, str]] | None = HORIZONTAL
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+s", "add", "Add", priority=True),
        Binding("ctrl+y", "command", "Copy as command", priority=True),
        Binding("ctrl+r", "scan", "Scan", priority=True),
        Binding("t", "accept", "Accept host keys", show=False),
        Binding("escape", "cancel", "Cancel"),
    ]
    DEFAULT_CSS = """
    AddNodes {
        .box { width: 100%; max-width: 130; height: 90%; max-height: 34; padding: 0 1; }
        .field { height: 1; width: 1fr; padding: 0 2 0 0; }
        .field Label { width: 10; color: $secondary; }
        .field Input { width: 1fr; background: $panel; }
        .field Input:focus { background: $primary 30%; }
        .row { height: 1; }
        ProgressBar { margin: 1 0 0 0; width: 100%; }
        #scanned { height: 1; width: 100%; color: $secondary; }
        #hosts { height: 1fr; margin: 1 0 0 0; background: $surface; }
        #keys { height: 1; width: 100%; color: $secondary; }
        &.-narrow .box { height: 100%; max-height: 100%; border: none; padding: 0 1; }
        &.-narrow #network { width: 1fr; }
    }
    """

    def __init__(self, session: Session, file: Path) -> None:
        super().__init__()
        self._session, self._file = session, file
        self._search: Search | None = None
        self._wanted: Wanted | None = None
        self._scanning = False

    def compose(self) -> ComposeResult:
        """Lay out the fields, the progress, and who was found."""
        own = ", ".join(map(str, networks.own_networks()[:4]))
        like = self._like()
        with Vertical(classes="box") as box:
            box.border_title = "Add nodes"
            with Horizontal(classes="row"):
                yield self._field("network", own, "such as 192.168.1.0/24, or addresses")
                yield self._field("user", like.user, "login name; empty is ssh's own")
            with Horizontal(classes="row"):
                yield self._field("key", str(like.key or ""), "private key; empty is ssh's own")
                yield self._field("port", str(SSH_PORT), "SSH's")
            yield self._field("file", str(self._file), "the cluster file to write them into")
            yield ProgressBar(total=1, show_eta=False, id="progress")
            yield Static(HOW, id="scanned")
            yield FoundList(id="hosts")
            yield Static(
                Content.from_markup(
                    "[$primary b]enter[/] scan  [$primary b]space[/] mark  [$primary b]t[/] trust"
                    " new host keys  [$primary b]^s[/] add to the file  [$primary b]^y[/] copy as"
                    " command  [$primary b]esc[/] stop, close"
                ),
                id="keys",
            )

    def _field(self, name: str, value: str, help_: str) -> Horizontal:
        entry = Input(value, placeholder=help_, compact=True, id=name)
        entry.tooltip = help_
        return Horizontal(Label(name), entry, classes="field")

    def _like(self) -> Node:
        """Give the first node there is: who is added is mostly logged in to like it."""
        statuses = self._session.fleet.statuses.values()
        node = next((status.node for status in statuses), None)
        return Node("", "") if node is None or self._session.fleet.embedded else node

    def on_mount(self) -> None:
        """Show progress while there is some."""
        self.set_interval(SHOW_SECONDS, self._show)

    def on_input_submitted(self, _message: Input.Submitted) -> None:
        """Scan."""
        self.action_scan()

    # -- searching

    def _read(self) -> Wanted:
        """Read the fields. Raises UsageError."""
        said = self.query_one("#network", Input).value.replace(",", " ").split()
        port = self.query_one("#port", Input).value.strip()
        if not port.isdecimal() or not 0 < int(port) < 65536:
            raise UsageError(f"port: expected 1 to 65535, got {port!r}")
        if not said:
            raise UsageError("network: expected one such as 192.168.1.0/24, or an address")
        wanted = networks.parse_networks(said)
        user = self.query_one("#user", Input).value.strip()
        key = self.query_one("#key", Input).value.strip()
        like = self._like()
        return Wanted(
            networks=wanted,
            port=int(port),
            user=user,
            key=Path(key).expanduser() if key else None,
            known_hosts=like.known_hosts,
            ssh_config=like.ssh_config,
        )

    def action_scan(self) -> None:
        """Search for nodes, from the beginning."""
        try:
            self._wanted = self._read()
        except ConsoleError as error:
            self._tell(error)
            return
        self._scan(self._wanted)

    @work(exclusive=True, group="search")
    async def _scan(self, wanted: Wanted) -> None:
        hosts = self.query_one(FoundList)
        self._search = hosts.search = self._session.nodes.search(wanted, lambda: None)
        self._scanning = True
        hosts.focus()
        try:
            await self._search.run()
        except ConsoleError as error:
            self._tell(error)
        finally:
            self._scanning = False

    def _show(self) -> None:
        search = self._search
        if search is None:
            return
        self.query_one(ProgressBar).update(total=search.total, progress=search.tried)
        how = "scanning · esc stops it" if self._scanning else "done"
        text = f"{search.tried:,} of {search.total:,} addresses tried, {how}"
        scanned = self.query_one("#scanned", Static)
        if str(scanned.content) != text:
            scanned.update(text)
        self.query_one(FoundList).update()

    # -- host keys

    @work(exclusive=True, group="accept")
    async def action_accept(self) -> None:
        """Show the new host keys, and keep them if they are accepted."""
        search = self._search
        if search is None or not search.offers:
            self.notify("no new host key is waiting", markup=False)
            return
        lines = [f"{each.target}  {each.fingerprint}" for each in search.offers.values()]
        answer = await self.app.push_screen_wait(
            Question(
                "Trust these host keys?",
                "Compare each fingerprint with the board's own before you do.\n\n"
                + "\n".join(map(printable, lines)),
                (Choice("t", "accept", "trust and keep them"),),
            )
        )
        if answer != "accept":
            return
        places = list(search.offers)
        try:
            for place in places:
                await self._session.nodes.accept(search.offers.pop(place))
        except ConsoleError as error:
            self._tell(error)
        await search.identify_again([f for f in search.found if (f.host, f.port) in places])

    # -- the end

    def action_add(self) -> None:
        """Hand over who becomes a node."""
        chosen = self.query_one(FoundList).chosen_found()
        if self._wanted is None or not chosen:
            self.notify("nobody here can be logged in to yet", severity="warning", markup=False)
            return
        file = self.query_one("#file", Input).value.strip()
        self.dismiss((chosen, self._wanted, Path(file or "cluster.toml").expanduser()))

    def action_command(self) -> None:
        """Put the command that finds and writes the same on the clipboard."""
        said = self.query_one("#network", Input).value.replace(",", " ").split()
        user = self.query_one("#user", Input).value.strip()
        file = self.query_one("#file", Input).value.strip()
        key = self.query_one("#key", Input).value.strip()
        words = ["init", *said, "--out", file, *(["--user", user] if user else [])]
        words += ["--key", key] if key else []
        self.app.copy_to_clipboard(command(words))
        self.notify("the command is on the clipboard", markup=False)

    def action_cancel(self) -> None:
        """Stop the search; without one, close."""
        if self._scanning:
            for worker in self.workers:
                if worker.group == "search":
                    worker.cancel()
            return
        self.dismiss(None)

    def _tell(self, error: ConsoleError) -> None:
        self.notify(printable(str(error)), severity="error", timeout=10, markup=False)


def _place(found: Found) -> str:
    return found.host if found.port == SSH_PORT else f"{found.host}:{found.port}"
