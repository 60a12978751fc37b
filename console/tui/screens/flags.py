"""FlagsScreen: what failed in a trial: evidence, what was done, what to do."""

from __future__ import annotations

from typing import ClassVar

from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding, BindingType

from edgead.console.narration import printable
from edgead.console.runs.state import Flag, TrialState
from edgead.console.session.actions import command
from edgead.console.session.advice import Advice, advice_for
from edgead.console.session.session import Session
from edgead.console.tui.screens.base import PANEL_KEYS, PanelScreen
from edgead.console.tui.widgets.events import clock
from edgead.console.tui.widgets.header import TrialBar
from edgead.console.tui.widgets.ink import ink
from edgead.console.tui.widgets.key_bar import KeyBar
from edgead.console.tui.widgets.text_panel import TextPanel


class FlagPanel(TextPanel):
    """One flag of the trial on the plots."""

    def __init__(self, session: Session, *, id: str) -> None:  # noqa: A002
        super().__init__(id=id)
        self._session = session
        self.at = 0

    def flags(self) -> list[Flag]:
        """Give the trial's flags, the latest last."""
        trial = self._session.trial
        return list(trial.flags) if trial is not None else []

    def draw(self) -> Text:
        """Write who, what, evidence, what was done and what to do."""
        flags = self.flags()
        if not flags:
            self.caption("Flags")
            trial: TrialState | None = self._session.trial
            name = f"{printable(trial.run)}: " if trial is not None else ""
            said = f"✔ {name}nothing has failed · esc goes back"
            return Text(said, ink(self, "secondary"))
        self.at = min(self.at, len(flags) - 1)
        flag = flags[self.at]
        many = "[ ] other flags" if len(flags) > 1 else ""
        self.caption(f"Flag {self.at + 1} of {len(flags)}", many)
        advice = advice_for(flag)
        lines = [
            self._pair("who", f"{flag.node} {flag.task}".strip() or "the trial"),
            self._pair("when", clock(flag.time)),
            self._pair("cause", f"✖ {flag.cause}", "error"),
            self._pair("done", flag.done or "—"),
            self._pair("do", advice.text, "success"),
        ]
        if advice.words:
            lines.append(self._pair("", f"$ {self.command()}", "primary"))
        lines.append(Text("\nevidence, the last lines", ink(self, "secondary")))
        shown = flag.evidence or ("there is none: see its log (4)",)
        lines += [Text(f"  {printable(line)}", ink(self, "foreground")) for line in shown]
        return Text("\n").join(lines)

    def command(self) -> str:
        """Give the command line of the advice; "" where it has none."""
        flags = self.flags()
        advice = advice_for(flags[min(self.at, len(flags) - 1)]) if flags else Advice("")
        return command(advice.words, self._session.nodes.cluster) if advice.words else ""

    def _pair(self, name: str, text: str, colour: str = "foreground") -> Text:
        return Text.assemble(
            (f"{name:<6} ", ink(self, "secondary")),
            (printable(text), ink(self, colour, bold=colour == "error")),
        )


class FlagsScreen(PanelScreen):
    """The flags of the trial on the plots, one at a time."""

    VIEWS: ClassVar[tuple[str, ...]] = ("flag",)
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,F", "app.back", "Back", key_display="esc"),
        Binding("left_square_bracket,left", "flag(-1)", "Flag before", key_display="["),
        Binding("right_square_bracket,right", "flag(1)", "Next flag", key_display="]"),
        Binding("c", "command", "Copy command", tooltip="of what to do"),
        *PANEL_KEYS,
    ]
    DEFAULT_CSS = "FlagsScreen #flag { height: 1fr; }"

    def compose(self) -> ComposeResult:
        """Lay out the flag under the trial's row."""
        yield TrialBar(self.session)
        yield FlagPanel(self.session, id="flag").add_class("panel")
        yield KeyBar()

    def on_mount(self) -> None:
        """Begin with the latest."""
        panel = self.query_one(FlagPanel)
        panel.at = max(0, len(panel.flags()) - 1)
        super().on_mount()

    def update(self) -> None:
        """Show it as it is now."""
        self.query_one(FlagPanel).update()

    def action_flag(self, by: int) -> None:
        """Go to another flag."""
        panel = self.query_one(FlagPanel)
        if count := len(panel.flags()):
            panel.at = (panel.at + by) % count
            panel.update()

    def action_command(self) -> None:
        """Put the command of what to do on the clipboard."""
        if said := self.query_one(FlagPanel).command():
            self.app.copy_to_clipboard(said)
            self.notify("the command is on the clipboard", markup=False)
