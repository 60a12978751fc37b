"""CompareScreen: the paper's tables beside any runs, their loss curves overlaid, and export."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import ClassVar

from textual import work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Container, VerticalScroll
from textual.content import Content
from textual.screen import Screen
from textual.widgets import Footer, Static

from edgead.console.compare import ComparisonTable, compare
from edgead.console.errors import ConsoleError
from edgead.console.exports import exported, file_name, write_file
from edgead.console.formats import as_text
from edgead.console.messages import TrialChanged
from edgead.console.narration import printable
from edgead.console.screens.breakpoints import HORIZONTAL
from edgead.console.screens.question import Choice, Question
from edgead.console.session import Session
from edgead.console.state import TrialState
from edgead.console.widgets.chooser import RunChooser
from edgead.console.widgets.header import TrialBar
from edgead.console.widgets.loss import LossPlot
from edgead.console.widgets.tables import TableView

LEGEND = (("✔ within 1 point  ▲ better  ", "$success"), ("≈ close  ", "$secondary"),
          ("✖ off  ", "$error"), ("◇ new", "$secondary"))  # fmt: skip
VIEWS = ("runs", "tables", "curves")
FORMS = (
    Choice("m", "markdown", "Markdown"),
    Choice("c", "csv", "CSV"),
    Choice("j", "json", "JSON, a line a figure"),
    Choice("t", "latex", "LaTeX, with booktabs"),
    Choice("s", "svg", "the loss curves, as SVG"),
    Choice("p", "png", "the loss curves, as PNG"),
)
REFRESH_SECONDS = 2.0  # between two looks for runs that came or went


class CompareScreen(Screen[None]):
    """At first the session's trials; then whichever runs are chosen. Kept up to date."""

    HORIZONTAL_BREAKPOINTS: list[tuple[int, str]] | None = HORIZONTAL
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,c", "app.pop_screen", "Back", key_display="esc"),
        Binding("r", "view('runs')", "Runs", tooltip="choose what is compared"),
        Binding("v", "curves", "Tables/curves", tooltip="the tables, or the loss curves overlaid"),
        Binding("g", "means", "Means", tooltip="only the means of runs that differ in the seed"),
        Binding("l", "log", "Log/lin", show=False, tooltip="the other axis of the curves"),
        Binding("e", "export", "Export", tooltip="Markdown, CSV, JSON, LaTeX, SVG or PNG"),
        Binding("y", "copy", "Copy", tooltip="all tables as text"),
    ]
    DEFAULT_CSS = """
    CompareScreen {
        #body { layout: grid; grid-size: 2; grid-columns: 34 1fr; height: 1fr; }
        #tables { height: 1fr; padding: 0 2; scrollbar-size-vertical: 1; }
        #tables:focus { background-tint: $foreground 0%; }
        #tables > * { max-width: 120; margin: 0 0 1 0; }
        #nothing { color: $secondary; }
        #runs { height: 1fr; }
        #curves { display: none; }
        &.-curves #curves { display: block; }
        &.-curves #tables { display: none; }
        &.-wide #body { grid-size: 3; grid-columns: 48 3fr 2fr; }
        &.-wide #curves, &.-wide #tables { display: block; }
        &.-narrow #body { layout: vertical; }
        &.-narrow #tables { padding: 0 1; }
        &.-narrow #runs { display: none; }
        &.-narrow.-runs #runs { display: block; }
        &.-narrow.-runs #tables, &.-narrow.-runs #curves { display: none; }
    }
    """

    def __init__(self, session: Session) -> None:
        super().__init__(classes="-tables")
        self._session = session
        self._shown = ComparisonTable(())
        self._chosen: list[TrialState] | None = None  # None: the session's own
        self._means = False
        self._mounting = asyncio.Lock()

    def compose(self) -> ComposeResult:
        """Lay out the runs beside the tables and the curves, under the trial's row."""
        yield TrialBar(self._session)
        with Container(id="body"):
            runs = RunChooser(id="runs")
            runs.border_title, runs.border_subtitle = "Runs", "space chooses"
            yield runs.add_class("panel")
            with VerticalScroll(id="tables", classes="panel") as panel:
                panel.border_title = "Paper and measured"
                panel.border_subtitle = Content.assemble(*LEGEND)
                text = "nothing to compare yet · r chooses runs · esc, then s starts a trial"
                yield Static(text, id="nothing")
            yield LossPlot(self._session, id="curves").add_class("panel", "plot")
        yield Footer()

    async def on_mount(self) -> None:
        """Show what there is."""
        await self._update()
        self.query_one("#tables").focus()
        self.set_interval(REFRESH_SECONDS, self._list)
        self._list()

    async def on_trial_changed(self, _message: TrialChanged) -> None:
        """Show new figures."""
        self.query_one(TrialBar).refresh()
        await self._update()

    async def on_run_chooser_chosen(self, message: RunChooser.Chosen) -> None:
        """Compare other runs."""
        self._read(message.names)

    @work(group="list", exclusive=True)
    async def _list(self) -> None:
        """Look for runs that came or went."""
        entries = await asyncio.to_thread(self._session.library.entries)
        chooser = self.query_one(RunChooser)
        chooser.show(entries)
        if self._chosen is None and not chooser.chosen:
            chooser.choose([state.run for state in self._states()])

    @work(group="read", exclusive=True)
    async def _read(self, names: tuple[str, ...]) -> None:
        """Read the chosen runs' logs, off the event loop: one may be long."""
        self._chosen = await asyncio.to_thread(self._session.library.states, names)
        await self._update()

    def _states(self) -> list[TrialState]:
        """Give what is compared; the session's own trials as they are this moment."""
        own = [t for t in (self._session.reference, self._session.trial) if t is not None]
        if self._chosen is None:
            return own
        live = {state.run: state for state in own}
        return [live.get(state.run, state) for state in self._chosen]

    async def _update(self) -> None:
        states = self._states()
        curves = self.query_one(LossPlot)
        curves.overlaid = tuple(states)
        curves.redraw()
        runs = ", ".join(state.run for state in states[:4]) + (" …" if len(states) > 4 else "")
        self.query_one("#tables").border_title = Content(f"Paper ↔ {printable(runs) or 'measured'}")
        found = compare(states, means_only=self._means) if states else ComparisonTable(())
        if found == self._shown:
            return
        async with self._mounting:
            self._shown = found
            self.query_one("#nothing").display = not found.tables
            with self.app.batch_update():
                await self.query(TableView).remove()
                await self.query_one("#tables").mount(*map(TableView, found.tables))

    # -- what keys ask for

    def action_view(self, view: str) -> None:
        """Show and focus one of VIEWS."""
        for name in VIEWS:
            self.set_class(name == view, f"-{name}")
        self.call_after_refresh(self.query_one(f"#{view}").focus)

    def action_curves(self) -> None:
        """Show the curves, or the tables again."""
        self.action_view("tables" if self.has_class("-curves") else "curves")

    async def action_means(self) -> None:
        """Show only means where there are several seeds, or each run."""
        self._means = not self._means
        await self._update()

    def action_log(self) -> None:
        """Change the curves' axis."""
        plot = self.query_one(LossPlot)
        plot.logarithmic = not plot.logarithmic

    @work(group="export", exclusive=True)
    async def action_export(self) -> None:
        """Ask for a format and write the file into the working folder."""
        states = self._states()
        if not states:
            self.notify("nothing to export yet: r chooses runs", severity="warning", markup=False)
            return
        where = f"written to {printable(str(Path.cwd()))}"
        form = await self.app.push_screen_wait(Question("Export", where, FORMS))
        if form is None:
            return
        path = Path.cwd() / file_name(states, form)
        log, means = self.query_one(LossPlot).logarithmic, self._means
        try:
            content = await asyncio.to_thread(exported, states, form, log=log, means_only=means)
            await asyncio.to_thread(write_file, path, content)
        except ConsoleError as error:
            self.notify(printable(str(error)), severity="error", timeout=10, markup=False)
        else:
            self.notify(f"{printable(path.name)} written", markup=False)

    def action_copy(self) -> None:
        """Put all tables on the clipboard as text."""
        self.app.copy_to_clipboard(as_text(self._shown))
        self.notify(f"{len(self._shown.tables)} tables on the clipboard", markup=False)
