"""AddNodes: finds boards on the network, says what each is, and puts the chosen into the file."""

from __future__ import annotations

from pathlib import Path
from typing import ClassVar

from textual import work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Input, Label, ProgressBar, Static

from edgead.agents.address import SSH_PORT
from edgead.console import paths
from edgead.console.errors import ConsoleError, UsageError
from edgead.console.narration import printable
from edgead.console.nodes import networks
from edgead.console.nodes.discovery import Found, Wanted
from edgead.console.nodes.inventory import Node
from edgead.console.session.actions import command
from edgead.console.session.session import Search, Session
from edgead.console.tui.screens.breakpoints import HORIZONTAL
from edgead.console.tui.screens.question import Choice, Question
from edgead.console.tui.widgets.found import FoundList

SHOW_SECONDS = 0.1
HOW = (
    "enter scans: a connection to each address, and a listen for announcements (mDNS); no"
    " password is ever sent"
)


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
            key=paths.expanded(key) if key else None,
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
        search = self._session.nodes.search(wanted, lambda: None)
        self._search = hosts.search = search
        self._scanning = True
        hosts.focus()
        try:
            await search.run()
        except ConsoleError as error:
            self._tell(error)
        finally:
            if self._search is search:  # else another one has begun
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
        # Those that are shown, in the list's order; the search may find more meanwhile.
        places = [(each.host, each.port) for each in search.found]
        offers = {place: search.offers[place] for place in places if place in search.offers}
        lines = [f"{each.target}  {each.fingerprint}" for each in offers.values()]
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
        try:
            for place, offer in offers.items():
                await self._session.nodes.accept(offer)
                if search.offers.get(place) is offer:
                    del search.offers[place]
        except ConsoleError as error:
            self._tell(error)
        await search.identify_again([f for f in search.found if (f.host, f.port) in offers])

    # -- the end

    def action_add(self) -> None:
        """Hand over who becomes a node."""
        chosen = self.query_one(FoundList).chosen_found()
        if self._wanted is None or not chosen:
            self.notify("nobody here can be logged in to yet", severity="warning", markup=False)
            return
        file = self.query_one("#file", Input).value.strip()
        path = paths.expanded(file or "cluster.toml")
        self.dismiss((chosen, self._wanted, path))

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
