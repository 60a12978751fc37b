"""DescribeScreen: one trial in words: spec, tasks, scores, sweep, boards."""

from __future__ import annotations

from typing import ClassVar

from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding, BindingType

from edgead.console.errors import ConsoleError
from edgead.console.narration import printable
from edgead.console.reports.describe import Section, as_plain
from edgead.console.session.actions import TRIAL_ACTIONS, Action
from edgead.console.session.session import Session
from edgead.console.tui.screens.base import PANEL_KEYS, PanelScreen
from edgead.console.tui.screens.keys import keys_for
from edgead.console.tui.widgets.header import TrialBar
from edgead.console.tui.widgets.ink import ink
from edgead.console.tui.widgets.key_bar import KeyBar
from edgead.console.tui.widgets.text_panel import TextPanel


class Described(TextPanel):
    """The sections."""

    def __init__(self, sections: list[Section], *, id: str) -> None:  # noqa: A002
        super().__init__(id=id)
        self.sections = sections

    def draw(self) -> Text:
        """Write them, names in a column."""
        wide = max((len(name) for s in self.sections for name, _ in s.lines), default=0)
        lines = []
        for section in self.sections:
            lines.append(Text(f"{section.title}", ink(self, "primary", bold=True)))
            for name, text in section.lines:
                lines.append(
                    Text.assemble(
                        (f"  {printable(name):<{wide}}  ", ink(self, "secondary")),
                        (printable(text), ink(self, "foreground")),
                    )
                )
            lines.append(Text())
        return Text("\n").join(lines)

    def copy_text(self) -> str:
        """Give them as text."""
        return as_plain(self.sections)


class DescribeScreen(PanelScreen):
    """What is known of one run."""

    VIEWS: ClassVar[tuple[str, ...]] = ("described",)
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,d", "app.back", "Back", key_display="esc"),
        *(each for each in keys_for("trial", TRIAL_ACTIONS) if each.key != "d"),  # type: ignore[union-attr]
        *PANEL_KEYS,
    ]
    DEFAULT_CSS = "DescribeScreen #described { height: 1fr; }"

    def __init__(self, session: Session, run: str) -> None:
        super().__init__(session)
        self._run = run
        self._sections: list[Section] = []

    def compose(self) -> ComposeResult:
        """Lay out the text under the trial's row."""
        yield TrialBar(self.session)
        yield Described([], id="described").add_class("panel")
        yield KeyBar()

    def update(self) -> None:
        """Describe it as it is now."""
        panel = self.query_one(Described)
        try:
            panel.sections = self.session.trials.describe(self._run)
        except ConsoleError as error:  # it was deleted, or its log can't be read
            panel.sections = [Section(str(error), ())]
        panel.caption(f"Trial {printable(self._run)}")
        panel.update()

    def update_fleet(self) -> None:
        """Nothing here is the fleet's."""

    def subject(self, kind: str = "") -> tuple[tuple[Action, ...], list[str]]:
        """Give this trial."""
        return TRIAL_ACTIONS, [self._run]
