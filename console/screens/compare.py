"""CompareScreen: the paper's tables beside the measured ones."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.content import Content
from textual.screen import Screen
from textual.widgets import Footer, Static

from edgead.console.compare import ComparisonTable
from edgead.console.formats import as_text
from edgead.console.messages import TrialChanged
from edgead.console.screens.breakpoints import HORIZONTAL
from edgead.console.session import Session
from edgead.console.widgets.header import TrialBar
from edgead.console.widgets.tables import TableView

LEGEND = (("✔ within 1 point  ▲ better  ", "$success"), ("≈ close  ", "$secondary"),
          ("✖ off  ", "$error"), ("◇ new", "$secondary"))  # fmt: skip


class CompareScreen(Screen[None]):
    """The session's comparison, kept up to date while a trial runs."""

    HORIZONTAL_BREAKPOINTS: list[tuple[int, str]] | None = HORIZONTAL
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,c", "app.pop_screen", "Back", key_display="esc"),
        Binding("y", "copy", "Copy", tooltip="all tables as text"),
    ]
    DEFAULT_CSS = """
    CompareScreen {
        #tables { height: 1fr; padding: 1 2; scrollbar-size-vertical: 1; }
        #tables:focus { background-tint: $foreground 0%; }
        #tables > * { max-width: 110; margin: 0 0 1 0; }
        #nothing { color: $secondary; }
        &.-narrow #tables { padding: 0 1; }
    }
    """

    def __init__(self, session: Session) -> None:
        super().__init__()
        self._session = session
        self._shown = ComparisonTable(())

    def compose(self) -> ComposeResult:
        """Lay out the tables under the trial's row."""
        yield TrialBar(self._session)
        with VerticalScroll(id="tables", classes="panel") as panel:
            panel.border_title = "Compare · paper and measured"
            panel.border_subtitle = Content.assemble(*LEGEND)
            yield Static("nothing to compare yet · esc, then s starts a trial", id="nothing")
        yield Footer()

    async def on_mount(self) -> None:
        """Show what there is."""
        await self._update()
        self.query_one("#tables").focus()

    async def on_trial_changed(self, _message: TrialChanged) -> None:
        """Show new figures."""
        self.query_one(TrialBar).refresh()
        await self._update()

    async def _update(self) -> None:
        found = self._session.comparison()
        if found == self._shown:
            return
        self._shown = found
        self.query_one("#nothing").display = not found.tables
        with self.app.batch_update():
            await self.query(TableView).remove()
            await self.query_one("#tables").mount(*map(TableView, found.tables))

    def action_copy(self) -> None:
        """Put all tables on the clipboard as text."""
        self.app.copy_to_clipboard(as_text(self._shown))
        self.notify(f"{len(self._shown.tables)} tables on the clipboard", markup=False)
