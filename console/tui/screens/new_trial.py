"""NewTrial: a form from a preset, with what would happen beside it, before anything starts."""

from __future__ import annotations

from textwrap import wrap
from typing import ClassVar

from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.screen import ModalScreen
from textual.widgets import Input, Label, Select, Static

from edgead.console.glyphs import of_level
from edgead.console.narration import printable
from edgead.console.running.plan import Plan
from edgead.console.session.actions import command
from edgead.console.session.session import Session
from edgead.console.session.trial_form import (
    FIELDS,
    Field,
    FormError,
    defaults,
    read_form,
    words_of,
)
from edgead.console.tui.screens.breakpoints import HORIZONTAL
from edgead.console.tui.widgets.ink import ink
from edgead.models.spec import TrialSpec

INKS = {"info": "foreground", "good": "success", "warn": "warning", "error": "error"}


class NewTrial(ModalScreen[tuple[TrialSpec, ...] | None]):
    """Gives the specs to start, one a seed; None where nothing is to be started."""

    HORIZONTAL_BREAKPOINTS: list[tuple[int, str]] | None = HORIZONTAL
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+s", "start", "Start", priority=True),
        Binding("ctrl+y", "command", "Copy as command", priority=True),
        Binding("escape", "cancel", "Cancel"),
        Binding("down", "app.focus_next", "Next field", show=False),
        Binding("up", "app.focus_previous", "Field before", show=False),
    ]
    DEFAULT_CSS = """
    NewTrial {
        #form { width: 100%; max-width: 130; height: 26; max-height: 100%; padding: 0 1; }
        #parts { height: 1fr; }
        #fields { width: 56; height: 1fr; scrollbar-size-vertical: 1; }
        #plan { width: 1fr; height: 1fr; padding: 0 0 0 2; scrollbar-size-vertical: 1; }
        #plan > Static { width: 100%; height: auto; }
        .field { height: 1; }
        .field Label { width: 15; color: $secondary; }
        .field Input, .field Select { width: 40; }
        .field Input { background: $panel; }
        .field Input:focus { background: $primary 30%; }
        .field.-wrong Label { color: $error; text-style: bold; }
        .field Select > SelectCurrent { background: $panel; }
        #keys { height: 1; color: $secondary; }
        &.-narrow #form { height: 100%; max-height: 100%; padding: 0 1; border: none; }
        &.-narrow #parts { layout: vertical; }
        &.-narrow #fields { width: 1fr; height: 3fr; }
        &.-narrow #plan { width: 1fr; height: 2fr; padding: 0; border-top: solid $rule; }
    }
    """

    def __init__(self, session: Session) -> None:
        super().__init__()
        self._session = session
        self._texts = defaults()

    def compose(self) -> ComposeResult:
        """Lay out the fields beside the plan."""
        with Vertical(id="form", classes="box") as box:
            box.border_title = "New trial"
            with Horizontal(id="parts"):
                with VerticalScroll(id="fields", can_focus=False):
                    for field in FIELDS:
                        yield self._field(field)
                with VerticalScroll(id="plan", can_focus=False):
                    yield Static(id="planned")
            yield Static(id="keys")

    def _field(self, field: Field) -> Horizontal:
        text = self._texts[field.key]
        entry: Input | Select[str]
        if field.choices:
            pairs = [(choice, choice) for choice in field.choices]
            value = text if text in field.choices else field.choices[0]
            entry = Select(pairs, value=value, allow_blank=False, compact=True, id=field.key)
        else:
            entry = Input(text, placeholder=field.help, compact=True, id=field.key)
        entry.tooltip = field.help or None
        return Horizontal(Label(field.label), entry, classes="field", id=f"field-{field.key}")

    def on_mount(self) -> None:
        """Say what would happen as it stands."""
        self._show()

    def on_resize(self) -> None:
        """Wrap the plan to its new width."""
        self.call_after_refresh(self._show)

    def on_input_changed(self, message: Input.Changed) -> None:
        """Plan anew."""
        self._change(message.input.id or "", message.value)

    def on_select_changed(self, message: Select.Changed) -> None:
        """Plan anew; another preset brings its own values."""
        key, value = message.select.id or "", str(message.value)
        if key == "preset" and value != self._texts["preset"]:
            self._fill(defaults(value))
        else:
            self._change(key, value)

    def on_input_submitted(self, _message: Input.Submitted) -> None:
        """Go on to the next field."""
        self.focus_next()

    def _fill(self, texts: dict[str, str]) -> None:
        texts["seed"] = self._texts["seed"]
        self._texts = texts
        for field in FIELDS:
            if field.choices:
                self.query_one(f"#{field.key}", Select).value = texts[field.key]
            else:
                self.query_one(f"#{field.key}", Input).value = texts[field.key]
        self._show()

    def _change(self, key: str, value: str) -> None:
        if self._texts.get(key) != value:
            self._texts[key] = value
            self._show()

    # -- the plan

    def _read(self) -> tuple[tuple[TrialSpec, ...], Plan] | FormError:
        try:
            specs = read_form(self._texts)
        except FormError as error:
            return error
        return specs, self._session.trials.plan(specs[0])

    def _show(self) -> None:
        if self.app._exit or not self.query("#planned"):  # it is being closed
            return
        found = self._read()
        wrong = found.key if isinstance(found, FormError) else ""
        for field in FIELDS:
            self.query_one(f"#field-{field.key}").set_class(field.key == wrong, "-wrong")
        text = (
            Text.assemble((f"✖ {printable(str(found))}", ink(self, "error", bold=True)))
            if isinstance(found, FormError)
            else self._planned(*found)
        )
        self.query_one("#planned", Static).update(text)
        self.query_one("#keys", Static).update(self._keys(found))

    def _planned(self, specs: tuple[TrialSpec, ...], plan: Plan) -> Text:
        count = len(specs)
        seeds = ", ".join(str(spec.seed) for spec in specs[:12]) + ("…" if count > 12 else "")
        head = f"a sweep of {count} trials, seeds {seeds}" if count > 1 else "one trial"
        lines = [Text(f"The plan: {head}", ink(self, "foreground", bold=True))]
        wide = max((len(line.name) for line in plan.lines), default=0)
        room = self.query_one("#plan").scrollable_content_region.width - wide - 5
        for line in plan.lines:
            glyph = of_level(line.level)
            row = Text.assemble(
                (f"{glyph} ", ink(self, INKS[line.level])),
                (f"{printable(line.name):<{wide}}  ", ink(self, "secondary")),
                (hung(printable(line.text), room, wide + 4), ink(self, INKS[line.level])),
            )
            if line.remedy:
                row.append(f"\n    $ {printable(line.remedy)}", ink(self, "primary"))
            lines.append(row)
        lines.append(Text(f"\n$ {self._command()}", ink(self, "secondary")))
        return Text("\n").join(lines)

    def _keys(self, found: object) -> Text:
        ready = not isinstance(found, FormError) and found[1].ready  # type: ignore[index]
        verb = "put in the queue" if self._session.running() else "start"
        text = Text()
        if ready:
            text.append("^s ", ink(self, "primary", bold=True)).append(f"{verb}   ")
        else:
            text.append("✖ can't start so   ", ink(self, "error"))
        text.append("^y ", ink(self, "primary", bold=True)).append("copy as command   ")
        text.append("esc ", ink(self, "primary", bold=True)).append("cancel   ")
        return text.append("tab ", ink(self, "primary", bold=True)).append("next field")

    def _command(self) -> str:
        distributed = self._texts["strategy"] != "central"
        fleet = self._session.fleet
        cluster = self._session.nodes.cluster if distributed and not fleet.embedded else None
        return command(words_of(self._texts), cluster)

    # -- keys

    def action_start(self) -> None:
        """Hand over what is to be started."""
        found = self._read()
        if isinstance(found, FormError):
            self.query_one(f"#{found.key}").focus()
            self.notify(printable(str(found)), severity="error", markup=False)
        elif not found[1].ready:
            why = next(line for line in found[1].lines if line.stops)
            said = f"{printable(why.name)}: {printable(why.text)}"
            self.notify(said, severity="error", markup=False)
        else:
            self.dismiss(found[0])

    def action_command(self) -> None:
        """Put the command that does the same on the clipboard."""
        try:
            self.app.copy_to_clipboard(self._command())
        except KeyError:
            return
        self.notify("the command is on the clipboard", markup=False)

    def action_cancel(self) -> None:
        """Start nothing."""
        self.dismiss(None)


def hung(text: str, width: int, indent: int) -> str:
    """Wrap a text, its further lines under its first."""
    return ("\n" + " " * indent).join(wrap(text, max(20, width)) or [""])
