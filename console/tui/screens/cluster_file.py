"""ClusterFile: the cluster file as text, read while it is typed, and its mistakes beneath."""

from __future__ import annotations

from pathlib import Path
from typing import ClassVar

from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widgets import Input, Static, TextArea

from edgead.console import paths
from edgead.console.narration import printable
from edgead.console.session.session import Session
from edgead.console.tui.widgets.ink import ink

MOST_MISTAKES = 4


class ClusterFile(ModalScreen[tuple[str, Path] | None]):
    """Gives the text to write and the file; None where nothing is to be written."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+s", "keep", "Write and use", priority=True),
        Binding("escape", "cancel", "Cancel", priority=True),
    ]
    DEFAULT_CSS = """
    ClusterFile {
        .box { width: 100%; max-width: 110; height: 90%; padding: 0 1; }
        TextArea { height: 1fr; border: none; padding: 0; background: $background; }
        #file { width: 100%; background: $panel; }
        #said { width: 100%; height: auto; max-height: 5; margin: 1 0 0 0; }
    }
    """

    def __init__(self, session: Session, text: str, file: Path) -> None:
        super().__init__()
        self._session, self._text, self._file = session, text, file

    def compose(self) -> ComposeResult:
        """Lay out the file's name, its text, and what is wrong with it."""
        with Vertical(classes="box") as box:
            box.border_title = "Cluster file"
            box.border_subtitle = "^s writes and uses it · esc cancels"
            yield Input(str(self._file), id="file", compact=True)
            yield TextArea(self._text, language=None, show_line_numbers=True, id="text")
            yield Static(id="said")

    def on_mount(self) -> None:
        """Begin in the text."""
        self.query_one(TextArea).focus()
        self._say()

    def on_text_area_changed(self, _message: TextArea.Changed) -> None:
        """Read it again."""
        self._say()

    def _mistakes(self) -> list[str]:
        return self._session.nodes.mistakes(self.query_one(TextArea).text, self._path())

    def _path(self) -> Path:
        return paths.expanded(self.query_one("#file", Input).value.strip() or "cluster.toml")

    def _say(self) -> None:
        wrong = self._mistakes()
        if not wrong:
            said = Text("✔ it can be used so", ink(self, "success"))
        else:
            more = f"\n… and {len(wrong) - MOST_MISTAKES} more" * (len(wrong) > MOST_MISTAKES)
            shown = "\n".join(f"✖ {printable(line)}" for line in wrong[:MOST_MISTAKES])
            said = Text(shown + more, ink(self, "error"))
        self.query_one("#said", Static).update(said)

    def action_keep(self) -> None:
        """Hand over the text, unless there are mistakes."""
        if self._mistakes():
            self.notify("it can't be used so: see below", severity="error", markup=False)
            return
        self.dismiss((self.query_one(TextArea).text, self._path()))

    def action_cancel(self) -> None:
        """Write nothing."""
        self.dismiss(None)
