"""LogsScreen: the area of the logs: which there are, one of them, and a search in it."""

from __future__ import annotations

import asyncio
from typing import ClassVar

from textual import work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.content import Content
from textual.widgets import Input, OptionList
from textual.widgets.option_list import Option

from edgead.console.errors import ConsoleError
from edgead.console.glyphs import of_level
from edgead.console.narration import printable
from edgead.console.session.session import LogSource
from edgead.console.tui.screens.base import PANEL_KEYS, PanelScreen
from edgead.console.tui.widgets.header import TrialBar
from edgead.console.tui.widgets.key_bar import KeyBar
from edgead.console.tui.widgets.log_view import LogView

TOLD = LogSource("told", "what happened")  # the sentences: all that was told of the trial
AGAIN_SECONDS = 2.0  # after which the log on screen is read again
SLOW_SECONDS = 15.0  # the same of a log that a node must be asked for


class LogsScreen(PanelScreen):
    """The logs of the trial on the plots, of its nodes' containers, and of this machine."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("slash", "search", "Search", key_display="/", tooltip="in the log that is shown"),
        Binding("n", "hit(1)", "Next hit", show=False),
        Binding("N", "hit(-1)", "Hit before", show=False),
        Binding("r", "again", "Read again", tooltip="now; it is read again by itself, too"),
        Binding("escape", "leave", "Leave search", show=False),
        *PANEL_KEYS,
    ]
    HELP = "Up and down choose a log; tab goes into it; / searches, n and N go to the hits."
    DEFAULT_CSS = """
    LogsScreen {
        #body { height: 1fr; }
        #sources { width: 30; height: 1fr; }
        #sources > .option-list--option-highlighted { background: $panel; }
        #search { display: none; height: 1; border: none; padding: 0 1; background: $surface; }
        &.-searching #search { display: block; }
        &.-narrow #body { layout: vertical; }
        &.-narrow #sources { width: 1fr; height: auto; max-height: 5; }
    }
    """

    def compose(self) -> ComposeResult:
        """Lay out the list beside the log; below it on a narrow screen."""
        yield TrialBar(self.session)
        with Horizontal(id="body"):
            sources = OptionList(id="sources", classes="panel", compact=True)
            sources.border_title = "Logs"
            yield sources
            yield LogView(id="log").add_class("panel")
        yield Input(id="search", placeholder="search · enter finds, esc leaves", compact=True)
        yield KeyBar()

    def on_mount(self) -> None:
        """List the logs, and read the one on screen again now and then."""
        self._sources: list[LogSource] = []
        super().on_mount()
        self._read()

    def update(self) -> None:
        """List the logs there are now; what is told of the trial is here at once."""
        sources = [TOLD, *self.session.logs.sources()]
        options = self.query_one(OptionList)
        if sources != self._sources:
            key = self._source().key
            self._sources = sources
            options.clear_options()
            options.add_options(
                [
                    Option(Content(printable(each.title)), id=f"o{n}")
                    for n, each in enumerate(sources)
                ]
            )
            keys = [each.key for each in sources]
            options.highlighted = keys.index(key) if key in keys else 0
        if self._source() == TOLD:
            self._show_told()

    def update_fleet(self) -> None:
        """Nothing here is the fleet's."""

    def on_screen_resume(self) -> None:
        """Read the log anew."""
        super().on_screen_resume()
        self._read()

    def on_option_list_option_highlighted(self, _message: OptionList.OptionHighlighted) -> None:
        """Show another log."""
        self._read()

    def _source(self) -> LogSource:
        at = self.query_one(OptionList).highlighted
        return self._sources[at] if at is not None and at < len(self._sources) else TOLD

    def _show_told(self) -> None:
        lines = [
            f"{one.time[11:19]} {of_level(one.level)} {one.who:<10} {printable(one.text)}"
            for one in self.session.sentences
        ]
        nothing = "nothing has happened yet · s starts a trial"
        self.query_one(LogView).show(TOLD.title, lines, empty=nothing)

    @work(exclusive=True, group="log")
    async def _read(self) -> None:
        """Read the chosen log, again and again while it is on screen."""
        source = self._source()
        while source != TOLD and self.is_current:
            lines, nothing = [], "it is empty"
            try:
                lines = await self.session.logs.read(source.key)
            except ConsoleError as error:
                nothing = f"✖ {printable(str(error))}"
            self.query_one(LogView).show(printable(source.title), lines, empty=nothing)
            slow = source.key.startswith("container:")
            await asyncio.sleep(SLOW_SECONDS if slow else AGAIN_SECONDS)
        if source == TOLD:
            self._show_told()

    # -- keys

    def action_again(self) -> None:
        """Read the log now."""
        self._read()

    def action_search(self) -> None:
        """Ask what to look for."""
        self.add_class("-searching")
        self.query_one("#search").focus()

    def action_hit(self, by: int) -> None:
        """Go to another hit."""
        self.query_one(LogView).step(by)

    def action_leave(self) -> None:
        """End the search."""
        self.remove_class("-searching")
        self.query_one(Input).value = ""
        self.query_one(LogView).seek("")
        self.query_one(LogView).focus()

    def on_input_changed(self, message: Input.Changed) -> None:
        """Find while it is typed."""
        self.query_one(LogView).seek(message.value)

    def on_input_submitted(self, _message: Input.Submitted) -> None:
        """Go to the log, the hits stay."""
        self.query_one(LogView).focus()
