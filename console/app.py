"""ConsoleApp: the app over a session: screens, keys, themes, leave-taking."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Iterable
from functools import partial
from pathlib import Path
from typing import Any, ClassVar

from rich.text import Text
from textual import work
from textual.app import App, SystemCommand
from textual.binding import Binding, BindingType
from textual.screen import Screen
from textual.worker import WorkerFailed

from edgead.console.crash import write_report
from edgead.console.errors import DONE, TRIAL_FAILED, ConsoleError
from edgead.console.messages import FleetChanged, TrialChanged
from edgead.console.narration import printable
from edgead.console.screens.compare import CompareScreen
from edgead.console.screens.health import HealthScreen
from edgead.console.screens.help import Help, keys_of
from edgead.console.screens.main import MainScreen
from edgead.console.screens.node import NodeScreen
from edgead.console.screens.question import Choice, Question
from edgead.console.session import Session
from edgead.console.themes import DARK, DEFAULTS, LIGHT
from edgead.console.throttle import Throttle

TRIAL_SECONDS = 0.5  # two plots a second: more is not seen, and costs a slow terminal twice
FLEET_SECONDS = 0.5


class ConsoleApp(App[int]):
    """Shows a session, and hands it what a person asks for."""

    TITLE = "edgead-console"
    COMMAND_PALETTE_DISPLAY = "^p"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("question_mark", "help", "Help", key_display="?", tooltip="these keys"),
        Binding("t", "theme", "Dark/light", show=False, tooltip="the other theme"),
        Binding("q", "quit", "Quit", tooltip="asks where a trial is running"),
        Binding("ctrl+q", "quit", "Quit", show=False, priority=True),
        Binding("tab", "focus_next", "Next panel", show=False, tooltip="shift+tab goes back"),
        Binding("ctrl+p", "command_palette", "Commands", show=False, tooltip="find any of these"),
    ]
    CSS = """
    Screen { background: $background; }
    * { scrollbar-background: $background; scrollbar-background-hover: $background;
        scrollbar-background-active: $background; scrollbar-corner-color: $background;
        scrollbar-color: $rule; scrollbar-color-hover: $primary; }
    .panel { border: round $rule; border-title-color: $foreground; border-title-style: bold;
             border-subtitle-color: $foreground; background: $background; padding: 0 1; }
    .panel.plot { padding: 0; }
    .panel:focus { border: round $primary; border-title-color: $primary; }
    .-narrow .panel { border: none; border-top: solid $rule; }
    .-narrow .panel:focus { border: none; border-top: solid $primary; }
    .-narrow .panel.plot { padding: 0 1 0 0; border-bottom: solid $rule; }
    .-narrow .panel.plot:focus { border-bottom: solid $rule; }
    Footer { background: $surface; }
    .-narrow FooterKey.-command-palette { display: none; }
    ModalScreen { align: center middle; background: $background 60%; }
    .box { width: auto; max-width: 90%; height: auto; max-height: 90%; padding: 1 2;
           border: round $primary; border-title-color: $primary; border-title-style: bold;
           border-subtitle-color: $secondary; background: $surface; }
    .box Static { width: auto; max-width: 100%; }
    .box .text { margin-bottom: 1; }
    .box Button { background: $surface; color: $foreground; width: auto; min-width: 32;
                  content-align: left middle; text-align: left; }
    .box Button:focus { background: $panel; text-style: bold; }
    """

    def __init__(self, session: Session, crash_folder: Path) -> None:
        super().__init__()
        self.session = session
        self._crash_folder = crash_folder
        self._trial_throttle = Throttle(
            TRIAL_SECONDS, lambda: self._post(TrialChanged), self.set_timer
        )
        self._fleet_throttle = Throttle(
            FLEET_SECONDS, lambda: self._post(FleetChanged), self.set_timer
        )
        self.register_theme(DARK)
        self.register_theme(LIGHT)
        self.theme = DARK.name

    def get_default_screen(self) -> Screen[None]:
        """Give the main screen."""
        return MainScreen(self.session)

    def get_theme_variable_defaults(self) -> dict[str, str]:
        """Give the colours of ours that another theme lacks."""
        return DEFAULTS

    def on_mount(self) -> None:
        """Let the session live from now on."""
        self._live()

    @work(group="session")
    async def _live(self) -> None:
        try:
            await self.session.run(self._changed, self._fleet_throttle.ask)
        except ConsoleError as error:
            self.exit(error.exit_code, error.exit_code, Text(printable(str(error))))

    def _changed(self) -> None:
        self._trial_throttle.ask()
        self._fleet_throttle.ask()

    def _post(self, change: type[TrialChanged] | type[FleetChanged]) -> None:
        for screen in self.screen_stack:
            screen.post_message(change())

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Offer start or stop, whichever there is something to do for."""
        if action in ("start_trial", "stop_trial"):
            return self.session.running() == (action == "stop_trial")
        return super().check_action(action, parameters)

    # -- what keys ask for

    @work(group="trial", exclusive=True)
    async def action_start_trial(self) -> None:
        """Start a trial."""
        await self._answer(self.session.start_trial)

    @work(group="trial", exclusive=True)
    async def action_stop_trial(self) -> None:
        """Stop the running trial, once that is confirmed."""
        if await self.push_screen_wait(stop_question()) == "stop":
            await self._answer(self.session.stop_trial)

    async def _answer(self, ask: Callable[[], Coroutine[Any, Any, str]]) -> None:
        """Show the session's one-line answer, or its one-line error."""
        try:
            self.notify(printable(await ask()), markup=False)
        except ConsoleError as error:
            self.notify(printable(str(error)), severity="error", timeout=10, markup=False)
        self._changed()

    def action_compare(self) -> None:
        """Open the comparison."""
        self.push_screen(CompareScreen(self.session))

    def action_health(self) -> None:
        """Open the checks."""
        self.push_screen(HealthScreen(self.session))

    def action_node(self, name: str = "") -> None:
        """Open a node's lanes; the first one's without a name."""
        self.push_screen(NodeScreen(self.session, name))

    @work(group="checks")
    async def action_check_nodes(self) -> None:
        """Run every check."""
        await self._answer(self.session.check_nodes)

    @work(group="checks")
    async def action_mend_nodes(self) -> None:
        """Run the safe remedies."""
        await self._answer(self.session.mend_nodes)

    def action_help(self) -> None:
        """Open the list of keys."""
        self.push_screen(Help(keys_of(self, self.screen)))

    def action_theme(self) -> None:
        """Change to the other theme."""
        self.theme = LIGHT.name if self.theme == DARK.name else DARK.name

    async def action_quit(self) -> None:
        """Leave; ask first what is to become of a running trial."""
        self.action_help_quit()

    def action_help_quit(self) -> None:
        """Take Ctrl-C for what it is meant as: leave."""
        if not isinstance(self.screen, Question):
            self._leave()

    @work(group="leave", exclusive=True)
    async def _leave(self) -> None:
        stop = False
        if self.session.running():
            answer = await self.push_screen_wait(leave_question())
            if answer is None:
                return
            stop = answer == "stop"
        try:
            await self.session.close(stop=stop)
        except ConsoleError as error:
            self.exit(error.exit_code, error.exit_code, Text(printable(str(error))))
        else:
            self.exit(DONE)

    def get_system_commands(self, screen: Screen[Any]) -> Iterable[SystemCommand]:
        """Give the palette what keys do, and screenshots."""
        running = self.session.running()
        if isinstance(screen, MainScreen):
            if running:
                yield SystemCommand("Stop", "Stop the running trial", self.action_stop_trial)
            else:
                yield SystemCommand("Start", "Start a trial", self.action_start_trial)
            yield SystemCommand("Compare", "The paper's tables beside ours", self.action_compare)
            yield SystemCommand("Health", "Every check of every node", self.action_health)
            for name in list(self.session.fleet.statuses)[:20]:
                shown = printable(name)
                opened = partial(self.action_node, name)
                yield SystemCommand(f"Node {shown}", f"The lanes of {shown}", opened)
            yield SystemCommand("Copy", "The focused panel's text", screen.action_copy)
            yield SystemCommand("Faults", "Only faults among the events", screen.action_faults)
            yield SystemCommand("Maximise", "The focused panel, or undo", screen.action_zoom)
        yield SystemCommand("Dark/light", "Change to the other theme", self.action_theme)
        yield SystemCommand("Keys", "Show all keys", self.action_help)
        yield SystemCommand("Screenshot", "Save the screen as SVG", self._shoot)
        yield SystemCommand("Quit", "Leave the app", self.action_quit)

    def _shoot(self) -> None:
        self.set_timer(0.1, self.deliver_screenshot)

    # -- when something is broken

    def _fatal_error(self) -> None:
        """Leave a report without values in a file, and one line on the terminal.

        Textual's own prints the locals of every frame, and they may hold secrets.
        """
        self.bell()
        self._return_code = TRIAL_FAILED
        if not self._exit_renderables:  # what breaks after the first is its consequence
            self._exit_renderables.append(Text(f"edgead-console broke down; {self._crash_note()}"))
        self._close_messages_no_wait()

    def _print_error_renderables(self) -> None:
        """Print parting words, a line each, however narrow the terminal."""
        for words in self._exit_renderables:
            self.error_console.print(words, soft_wrap=True)
        self._exit_renderables.clear()

    def _crash_note(self) -> str:
        failed = self._exception
        error = failed.error if isinstance(failed, WorkerFailed) else failed
        if error is None:
            return "nothing is known of why"
        try:
            path = write_report(error, self._crash_folder)
        except OSError as error:
            return f"no report could be written to {self._crash_folder}: {error.strerror}"
        return f"a report is in {path}; running trials go on"


def stop_question() -> Question:
    """Ask before a trial is stopped."""
    return Question(
        "Stop the trial?",
        "Its processes end on every node; what it has logged stays.",
        (Choice("x", "stop", "stop it"),),
    )


def leave_question() -> Question:
    """Ask what becomes of the running trial."""
    return Question(
        "A trial is running",
        "It does not need the app: opened again, the app shows it.",
        (
            Choice("l", "leave", "leave it running and quit"),
            Choice("s", "stop", "stop it and quit"),
        ),
    )
