"""Help: every key of the screen beneath, read from its bindings."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

from rich.text import Text
from textual.app import App, ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.dom import DOMNode
from textual.screen import ModalScreen, Screen
from textual.widgets import Static

from edgead.console.tui.widgets.ink import ink

Keys = list[tuple[str, str, str]]


def keys_of(app: App[int], screen: Screen[object]) -> list[tuple[str, Keys]]:
    """Give (key, what it does, more about it) of the screen, of the panel in focus, of the app.

    A key that means something else nearer to the focus is left out further away.
    """
    taken: set[str] = set()
    sections = []
    focused = screen.focused
    owners = [("This screen", screen), ("Everywhere", app)]
    if focused is not None and focused.BINDINGS:
        owners.insert(0, ("The panel in focus", focused))
    for title, owner in owners:
        keys = _keys(app, owner, taken)
        if keys:
            sections.append((title, keys))
    # The screen's own are what is looked for first.
    return sorted(sections, key=lambda section: section[0] == "The panel in focus")


def _keys(app: App[int], owner: DOMNode, taken: set[str]) -> Keys:
    found: dict[str, tuple[list[str], Binding]] = {}
    here: set[str] = set()
    for kind in type(owner).__mro__:
        if not kind.__module__.startswith("edgead."):
            continue  # Textual's own are not told: scrolling and selecting
        for binding in Binding.make_bindings(vars(kind).get("BINDINGS", ())):
            if binding.description and not binding.system and binding.key not in taken | here:
                here.add(binding.key)
                shown = app.get_key_display(binding)
                found.setdefault(binding.action, ([], binding))[0].append(shown)
    taken |= here
    return [(" ".join(keys), b.description, b.tooltip) for keys, b in found.values()]


class Help(ModalScreen[None]):
    """A box with a line a key."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,question_mark,q", "app.pop_screen", "Close")
    ]

    def __init__(self, sections: Iterable[tuple[str, Keys]], about: str = "") -> None:
        super().__init__()
        self._sections = list(sections)
        self._about = about

    def compose(self) -> ComposeResult:
        """Lay out the keys."""
        with VerticalScroll(classes="box fit") as box:
            box.border_title = "Keys"
            box.border_subtitle = "esc closes"
            yield Static(id="keys")

    def on_mount(self) -> None:
        """Write the keys in the theme's colours."""
        rows = [row for _, keys in self._sections for row in keys]
        wide = max(len(key) for key, _, _ in rows)
        named = max(len(name) for _, name, _ in rows)
        lines = [Text(self._about, ink(self, "secondary")), Text()] if self._about else []
        for title, keys in self._sections:
            lines.append(Text(title, ink(self, "foreground", bold=True)))
            lines += [
                Text.assemble(
                    (f"{key:>{wide}}  ", ink(self, "primary", bold=True)),
                    (f"{name:<{named}}  ", ink(self, "foreground")),
                    (more, ink(self, "secondary")),
                )
                for key, name, more in keys
            ]
            lines.append(Text())
        self.query_one("#keys", Static).update(Text("\n").join(lines[:-1]))
