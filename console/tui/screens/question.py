"""Question: asks before something that can't be undone."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.events import Key
from textual.screen import ModalScreen
from textual.widgets import Button, Static


@dataclass(frozen=True)
class Choice:
    """One answer: the key that gives it, what it is called in code and on screen."""

    key: str
    answer: str
    label: str


class Question(ModalScreen[str | None]):
    """A few choices, by key, by mouse, or with tab and enter. Escape gives None.

    With a `command` that does the same, `y` copies it.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "cancel", "Cancel"),
        Binding("down", "app.focus_next", "Next", show=False),
        Binding("up", "app.focus_previous", "Previous", show=False),
    ]

    def __init__(
        self,
        title: str,
        text: str,
        choices: tuple[Choice, ...],
        *,
        command: str = "",
        cancel: str = "cancel",
    ) -> None:
        super().__init__()
        self._title, self._text, self._choices = title, text, choices
        self._command, self._cancel = command, cancel

    def compose(self) -> ComposeResult:
        """Lay out the text above one button a choice."""
        with Vertical(classes="box fit") as box:
            box.border_title = self._title
            yield Static(self._text, markup=False, classes="text")
            for choice in self._choices:
                yield self._button(choice.key, choice.label, choice.answer)
            yield self._button("esc", self._cancel, "cancel")
            if self._command:
                yield Static(f"   y  $ {self._command}", markup=False, classes="command")

    def _button(self, key: str, label: str, answer: str) -> Button:
        shown = Content.assemble((f"{key:>4}", "bold $primary"), ("  ", ""), (label, ""))
        return Button(shown, id=answer, compact=True)

    def on_key(self, event: Key) -> None:
        """Answer by a choice's own key; copy the command by `y`."""
        if event.key == "y" and self._command:
            event.stop()
            self.app.copy_to_clipboard(self._command)
            self.notify("the command is on the clipboard", markup=False)
        for choice in self._choices:
            if event.key == choice.key != "enter":  # which is the focused button's
                event.stop()
                self.dismiss(choice.answer)

    def on_button_pressed(self, event: Button.Pressed) -> None:
        """Answer by the button's name."""
        self.dismiss(None if event.button.id == "cancel" else event.button.id)

    def action_cancel(self) -> None:
        """Answer nothing."""
        self.dismiss(None)
