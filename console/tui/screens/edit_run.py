"""EditRun: a run's own name and note."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widgets import Input, Label, Static

from edgead.console.runs.about import NOTE_LIMIT, About


class EditRun(ModalScreen[About | None]):
    """Gives name and note as they are to be; None where they stay."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+s", "keep", "Keep", priority=True),
        Binding("escape", "cancel", "Cancel"),
    ]
    DEFAULT_CSS = """
    EditRun {
        .box { height: auto; max-height: 90%; width: 70; max-width: 100%; }
        Label { color: $secondary; }
        Input { background: $panel; margin: 0 0 1 0; width: 100%; }
        Static { color: $secondary; }
    }
    """

    def __init__(self, run: str, about: About) -> None:
        super().__init__()
        self._run, self._about = run, about

    def compose(self) -> ComposeResult:
        """Lay out both fields."""
        with Vertical(classes="box") as box:
            box.border_title = f"{self._run} · name and note"
            yield Label("name, which stands for the run in every command")
            yield Input(self._about.name, placeholder="such as baseline", id="name", compact=True)
            yield Label("note")
            yield Input(
                self._about.note,
                placeholder="what this trial is about",
                max_length=NOTE_LIMIT,
                id="note",
                compact=True,
            )
            yield Static("enter or ^s keeps · esc cancels")

    def on_input_submitted(self, _message: Input.Submitted) -> None:
        """Keep them."""
        self.action_keep()

    def action_keep(self) -> None:
        """Hand them over."""
        name, note = (self.query_one(f"#{each}", Input).value.strip() for each in ("name", "note"))
        self.dismiss(About(name, note))

    def action_cancel(self) -> None:
        """Leave them."""
        self.dismiss(None)
