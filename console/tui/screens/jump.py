"""Jump: a letter over everything that can be in focus; pressing it goes there."""

from __future__ import annotations

from string import ascii_lowercase
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.events import Click, Key
from textual.screen import ModalScreen, Screen
from textual.widget import Widget
from textual.widgets import Static


class Jump(ModalScreen[Widget | None]):
    """Gives the widget whose letter was pressed."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "cancel", "Cancel")]
    DEFAULT_CSS = """
    Jump { background: transparent; align: left top; layers: marks;
        .mark { position: absolute; layer: marks; width: auto; height: 1; padding: 0 1;
                background: $accent; color: $background; text-style: bold; }
    }
    """

    def __init__(self, screen: Screen[object]) -> None:
        super().__init__()
        there = [widget for widget in screen.focus_chain if widget.region]
        self._marks = dict(zip(ascii_lowercase, there, strict=False))

    def compose(self) -> ComposeResult:
        """Put the letters where the widgets begin."""
        for letter, widget in self._marks.items():
            mark = Static(letter, classes="mark", markup=False)
            mark.styles.offset = widget.region.offset
            yield mark

    def on_key(self, event: Key) -> None:
        """Go to the widget of that letter; any other key goes nowhere."""
        event.stop()
        self.dismiss(self._marks.get(event.key))

    def on_click(self, _event: Click) -> None:
        """Go nowhere."""
        self.dismiss(None)

    def action_cancel(self) -> None:
        """Go nowhere."""
        self.dismiss(None)
