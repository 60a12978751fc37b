"""RunChooser: the stored runs with a mark at each that is compared."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from rich.text import Text
from textual.binding import Binding, BindingType
from textual.message import Message
from textual.widgets import OptionList
from textual.widgets.option_list import Option

from edgead.console.library import RunEntry
from edgead.console.narration import printable
from edgead.console.widgets.ink import ink

GLYPHS = {"finished": "✔", "failed": "✖", "stopped": "■", "running": "▶", "interrupted": "◇"}


class RunChooser(OptionList):
    """A run a row; space or enter puts it into the comparison or takes it out."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("space,enter", "select", "Choose", show=False, tooltip="put a run in, or out"),
    ]
    DEFAULT_CSS = """
    RunChooser { background: $background; scrollbar-size-vertical: 1; }
    RunChooser > .option-list--option-highlighted { background: $panel; }
    RunChooser:focus > .option-list--option-highlighted { background: $panel;
        text-style: bold; color: $foreground; }
    RunChooser:focus { background-tint: $foreground 0%; }
    """

    @dataclass
    class Chosen(Message):
        """The runs to compare are now these, in the order in which they were chosen."""

        names: tuple[str, ...]

    def __init__(self, *, id: str) -> None:  # noqa: A002
        super().__init__(id=id)
        self.chosen: list[str] = []
        self._entries: list[RunEntry] = []

    def show(self, entries: Sequence[RunEntry]) -> None:
        """List these runs; the cursor stays on the run it was on."""
        if list(entries) == self._entries:
            return
        here = self._here()
        self._entries = list(entries)
        self.chosen = [name for name in self.chosen if any(e.name == name for e in entries)]
        self._list_anew(here)

    def choose(self, names: Sequence[str]) -> None:
        """Choose these and no others."""
        self.chosen = list(names)
        self._list_anew(self._here())

    def copy_text(self) -> str:
        """Give the runs as tab-separated lines."""
        rows = [f"{e.name}\t{e.what}\t{e.seed}\t{e.state}\t{e.when}" for e in self._entries]
        return "\n".join(["run\tway\tseed\tstate\twhen", *rows])

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        """Put the run in, or take it out."""
        event.stop()
        name = self._entries[event.option_index].name
        self.chosen = (
            [each for each in self.chosen if each != name]
            if name in self.chosen
            else [*self.chosen, name]
        )
        self.replace_option_prompt_at_index(event.option_index, self._prompt_of(event.option_index))
        self.post_message(self.Chosen(tuple(self.chosen)))

    def on_resize(self) -> None:
        """Say as much of each run as there is room for."""
        self.call_after_refresh(lambda: self._list_anew(self._here()))

    def _here(self) -> str:
        at = self.highlighted
        return self._entries[at].name if at is not None and at < len(self._entries) else ""

    def _list_anew(self, here: str) -> None:
        self.set_options([Option(self._prompt_of(at)) for at in range(len(self._entries))])
        names = [entry.name for entry in self._entries]
        if names:
            self.highlighted = names.index(here) if here in names else 0

    def _prompt_of(self, at: int) -> Text:
        entry = self._entries[at]
        chosen = entry.name in self.chosen
        wide = self.size.width
        name, what = printable(entry.name), printable(entry.what)
        mark = ("■ ", ink(self, "success")) if chosen else ("□ ", ink(self, "secondary"))
        glyph = GLYPHS.get(entry.state, "·")
        row = Text.assemble(
            mark,
            (f"{name:<6} ", ink(self, "foreground", bold=True)),
            (f"{what:<8} ", ink(self, "foreground")),
            (f"{glyph} {entry.state:<11} ", ink(self, "error" if glyph == "✖" else "secondary")),
            (f"seed {entry.seed:<4} ", ink(self, "secondary")),
            (entry.when, ink(self, "secondary")),
        )
        row.no_wrap = True
        row.truncate(max(0, wide - 1), overflow="crop")
        return row
