"""ActionMenu: what can be done to the chosen or marked, each with the command that does it too."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option

from edgead.console.errors import ConsoleError
from edgead.console.narration import printable
from edgead.console.session.actions import Action, command_of
from edgead.console.session.session import Session
from edgead.console.tui.widgets.ink import ink

KEYS = {"exclamation_mark": "!", "enter": "⏎"}


class ActionMenu(ModalScreen[Action | None]):
    """Gives the chosen action; y copies its command line instead."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,a", "cancel", "Close"),
        Binding("y", "copy", "Copy as command"),
    ]
    DEFAULT_CSS = """
    ActionMenu {
        .box { height: auto; max-height: 90%; width: 76; max-width: 100%; }
        OptionList { height: auto; max-height: 16; border: none; padding: 0; width: 100%;
                     background: $surface; }
        OptionList > .option-list--option-highlighted { background: $panel; text-style: bold; }
        #said { width: 100%; margin: 1 0 0 0; height: auto; max-height: 4; }
    }
    """

    def __init__(self, session: Session, actions: Sequence[Action], names: Sequence[str]) -> None:
        super().__init__()
        self._session = session
        many = len(names) > 1
        self._actions = [action for action in actions if action.many or not many]
        self._names = list(names)

    def compose(self) -> ComposeResult:
        """List the actions above the command of the chosen one."""
        with Vertical(classes="box") as box:
            few = ", ".join(map(printable, self._names[:4]))
            more = f" and {len(self._names) - 4} more" if len(self._names) > 4 else ""
            box.border_title = Content(f"Actions · {few}{more}")
            box.border_subtitle = "enter does it · y copies it as a command · esc closes"
            yield OptionList(*self._options(), id="actions", compact=True)
            yield Static(id="said")

    def _options(self) -> list[Option]:
        options = []
        for action in self._actions:
            key = KEYS.get(action.key, action.key)
            refused = action.changes and self._session.read_only
            label = Content.assemble(
                (f"{key:>2}  ", "bold $primary"),
                (f"{action.title:<18} ", "$secondary" if refused else ""),
                (action.about, "$secondary"),
            )
            options.append(Option(label, id=action.name, disabled=refused))
        return options

    def _chosen(self) -> Action | None:
        at = self.query_one(OptionList).highlighted
        return self._actions[at] if at is not None else None

    def _command(self) -> str:
        action = self._chosen()
        try:
            return command_of(action, self._names, self._session) if action is not None else ""
        except ConsoleError as error:
            return f"# {printable(str(error))}"

    def on_option_list_option_highlighted(self, _message: OptionList.OptionHighlighted) -> None:
        """Show its command."""
        said = Text(f"$ {printable(self._command())}", ink(self, "primary"))
        self.query_one("#said", Static).update(said)

    def on_option_list_option_selected(self, _message: OptionList.OptionSelected) -> None:
        """Do it."""
        self.dismiss(self._chosen())

    def action_copy(self) -> None:
        """Put its command line on the clipboard."""
        self.app.copy_to_clipboard(self._command())
        self.notify("the command is on the clipboard", markup=False)
        self.dismiss(None)

    def action_cancel(self) -> None:
        """Do nothing."""
        self.dismiss(None)
