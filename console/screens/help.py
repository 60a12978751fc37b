"""Help: every key of the screen beneath, read from its bindings."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

from rich.text import Text
from textual.app import App, ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.screen import ModalScreen, Screen
from textual.widgets import Static

from edgead.console.widgets.ink import ink


def keys_of(app: App[int], screen: Screen[object]) -> list[tuple[str, str, str]]:
    """Give (key, what it does, more about it) for each action of a screen and of the app."""
    found: dict[str, tuple[list[str], Binding]] = {}
    for bindings in (screen.BINDINGS, app.BINDINGS):
        for binding in Binding.make_bindings(bindings):
            if binding.description and not binding.system:
                keys = found.setdefault(binding.action, ([], binding))[0]
                keys.append(app.get_key_display(binding))
    return [(" ".join(keys), b.description, b.tooltip) for keys, b in found.values()]


class Help(ModalScreen[None]):
    """A box with a line a key."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,question_mark,q", "app.pop_screen", "Close")
    ]

    def __init__(self, keys: Iterable[tuple[str, str, str]]) -> None:
        super().__init__()
        self._keys = list(keys)

    def compose(self) -> ComposeResult:
        """Lay out the keys."""
        with VerticalScroll(classes="box") as box:
            box.border_title = "Keys"
            box.border_subtitle = "esc closes"
            yield Static(id="keys")

    def on_mount(self) -> None:
        """Write the keys in the theme's colours."""
        wide = max(len(key) for key, _, _ in self._keys)
        named = max(len(name) for _, name, _ in self._keys)
        lines = [
            Text.assemble(
                (f"{key:>{wide}}  ", ink(self, "primary", bold=True)),
                (f"{name:<{named}}  ", ink(self, "foreground")),
                (more, ink(self, "secondary")),
            )
            for key, name, more in self._keys
        ]
        self.query_one("#keys", Static).update(Text("\n").join(lines))
