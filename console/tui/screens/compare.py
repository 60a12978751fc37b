"""CompareScreen: the paper's tables beside any runs, their loss curves overlaid, and export."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import ClassVar

from textual import work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Container, VerticalScroll
from textual.content import Content
from textual.widgets import Static

from edgead.console.errors import ConsoleError
from edgead.console.files import write_whole
from edgead.console.narration import printable
from edgead.console.reports.compare import ComparisonTable, compare
from edgead.console.reports.exports import exported, file_name
from edgead.console.reports.formats import as_text
from edgead.console.runs.run_lines import RunLine
from edgead.console.runs.state import TrialState
from edgead.console.session.session import Session
from edgead.console.tui.screens.base import PanelScreen
from edgead.console.tui.screens.question import Choice, Question
from edgead.console.tui.widgets.header import TrialBar
from edgead.console.tui.widgets.key_bar import KeyBar
from edgead.console.tui.widgets.loss import LossPlot
from edgead.console.tui.widgets.rows import Rows
from edgead.console.tui.widgets.run_list import RunList
from edgead.console.tui.widgets.tables import TableView

LEGEND = (("✔ within 1 point  ▲ better  ", "$success"), ("≈ close  ", "$secondary"),
          ("✖ off  ", "$error"), ("◇ new", "$secondary"))  # fmt: skip
FORMS = (
    Choice("m", "markdown", "Markdown"),
    Choice("c", "csv", "CSV"),
    Choice("j", "json", "JSON, a line a figure"),
    Choice("t", "latex", "LaTeX, with booktabs"),
    Choice("s", "svg", "the loss curves, as SVG"),
    Choice("p", "png", "the loss curves, as PNG"),
)


class CompareScreen(PanelScreen):
    """At first the session's trials; then whichever are marked in the list. Kept up to date."""

    VIEWS: ClassVar[tuple[str, ...]] = ("tables", "curves", "runs")
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "app.pop_screen", "Back", key_display="esc"),
        Binding("r", "view('runs')", "Runs", tooltip="choose what is compared: space marks"),
        Binding("v", "next_view", "Tables/curves", tooltip="tables, loss curves, or the runs"),
        Binding("b", "means", "Means", tooltip="only the means of runs that differ in the seed"),
        Binding("l", "log", "Log/lin", show=False, tooltip="the other axis of the curves"),
        Binding("e", "export", "Export", tooltip="Markdown, CSV, JSON, LaTeX, SVG or PNG"),
        Binding("m", "zoom", "Maximise", show=False, tooltip="the panel in focus fills the screen"),
        Binding("y", "copy", "Copy", tooltip="all tables as text"),
    ]
    HELP = "Mark trials in the list (space) to lay them beside the paper and each other."
    DEFAULT_CSS = """
    CompareScreen {
        #body { layout: grid; grid-size: 2; grid-columns: 36 1fr; height: 1fr; }
        #runs { height: 1fr; max-height: 100%; }
        #tables { height: 1fr; padding: 0 2; scrollbar-size-vertical: 1; }
        #tables:focus { background-tint: $foreground 0%; }
        #tables > * { max-width: 120; margin: 0 0 1 0; }
        #nothing { color: $secondary; }
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
        super().__init__(session)
        self._shown = ComparisonTable(())
        self._chosen: list[TrialState] = []  # none: the session's own
        self._asked: list[str] = []  # their names
        self._lines: list[RunLine] = []  # and what the list said of them then
        self._means = False

    def compose(self) -> ComposeResult:
        """Lay out the runs beside the tables and the curves, under the trial's row."""
        yield TrialBar(self.session)
        with Container(id="body"):
            yield RunList(self.session, id="runs").add_class("panel")
            with Tables(id="tables", classes="panel") as panel:
                panel.border_subtitle = Content.assemble(*LEGEND)
                yield Static("nothing to compare yet · s starts a trial", id="nothing")
            yield LossPlot(self.session, id="curves").add_class("panel", "plot")
        yield KeyBar()

    def on_mount(self) -> None:
        """Begin at the tables."""
        super().on_mount()
        self.query_one("#tables").focus()

    def on_rows_marked(self, message: Rows.Marked) -> None:
        """Compare other runs, in the order in which they were made."""
        message.stop()
        self._read(sorted(message.rows.marked, key=lambda name: (len(name), name)))

    def on_rows_opened(self, message: Rows.Opened) -> None:
        """Mark what enter or a second click is on, or take the mark off."""
        message.stop()
        message.rows.action_mark()

    @work(group="read", exclusive=True)
    async def _read(self, names: list[str]) -> None:
        self._asked, self._lines = names, self._lines_of(names)
        self._chosen = await self.session.trials.states(names)
        self.update()

    def _lines_of(self, names: Sequence[str]) -> list[RunLine]:
        return [line for line in self.session.trials.lines if line.run in names]

    def _states(self) -> list[TrialState]:
        """Give what is compared; the session's own trials as they are this moment."""
        own = [t for t in (self.session.reference, self.session.trial) if t is not None]
        live = {state.run: state for state in own}
        return [live.get(state.run, state) for state in self._chosen] or own

    def update(self) -> None:
        """Show the runs, and the figures of those that are compared."""
        if self._lines_of(self._asked) != self._lines:  # one of them has got on
            self._read(self._asked)
        states = self._states()
        self.query_one(RunList).update()
        curves = self.query_one(LossPlot)
        curves.overlaid = tuple(states)
        curves.redraw()
        found = compare(states, means_only=self._means) if states else ComparisonTable(())
        if found == self._shown:
            return
        self._shown = found
        runs = ", ".join(state.run for state in states[:4]) + (" …" if len(states) > 4 else "")
        tables = self.query_one(Tables)
        tables.border_title = Content(f"Paper ↔ {printable(runs) or 'measured'}")
        self._fill(tables, found)

    @work(group="show", exclusive=True)
    async def _fill(self, tables: Tables, found: ComparisonTable) -> None:
        await tables.show(found)

    # -- what keys ask for

    def action_means(self) -> None:
        """Show only means where there are several seeds, or each run."""
        self._means = not self._means
        self.update()

    def action_log(self) -> None:
        """Change the curves' axis."""
        plot = self.query_one(LossPlot)
        plot.logarithmic = not plot.logarithmic

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Offer no file on this machine to who may only look."""
        if action == "export" and self.session.read_only:
            return None
        return super().check_action(action, parameters)

    @work(group="export", exclusive=True)
    async def action_export(self) -> None:
        """Ask for a format and write the file into the working folder."""
        states = self._states()
        if not states:
            self.notify("nothing to export yet: s starts a trial", severity="warning", markup=False)
            return
        where = f"written to {printable(str(Path.cwd()))}"
        form = await self.app.push_screen_wait(Question("Export", where, FORMS))
        if form is None:
            return
        path = Path.cwd() / file_name(states, form)
        log, means = self.query_one(LossPlot).logarithmic, self._means
        try:
            content = await asyncio.to_thread(exported, states, form, log=log, means_only=means)
            await asyncio.to_thread(write_whole, path, content)
        except ConsoleError as error:
            self.notify(printable(str(error)), severity="error", timeout=10, markup=False)
        else:
            self.notify(f"{printable(path.name)} written", markup=False)


class Tables(VerticalScroll):
    """The tables, one under the other."""

    def __init__(self, *, id: str, classes: str) -> None:  # noqa: A002
        super().__init__(id=id, classes=classes)
        self._shown = ComparisonTable(())

    async def show(self, found: ComparisonTable) -> None:
        """Show other tables."""
        self._shown = found
        self.query_one("#nothing").display = not found.tables
        with self.app.batch_update():
            await self.query(TableView).remove()
            await self.mount(*map(TableView, found.tables))

    def copy_text(self) -> str:
        """Give all tables as text."""
        return as_text(self._shown)
