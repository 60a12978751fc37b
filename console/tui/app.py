"""ConsoleApp: the app over a session: its areas, the keys that hold everywhere, leave-taking."""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterable
from functools import partial
from pathlib import Path
from typing import Any, ClassVar

from rich.text import Text
from textual import work
from textual.app import SystemCommand
from textual.binding import Binding, BindingType
from textual.screen import Screen
from textual.worker import WorkerFailed

from edgead.console.crash import write_report
from edgead.console.errors import DONE, TRIAL_FAILED, ConsoleError
from edgead.console.narration import printable
from edgead.console.runs.run_lines import waiting
from edgead.console.session.session import Session
from edgead.console.tui.doing import Doing
from edgead.console.tui.messages import FleetChanged, TrialChanged
from edgead.console.tui.palette import NodeCommands, TrialCommands
from edgead.console.tui.screens.compare import CompareScreen
from edgead.console.tui.screens.fleet import FleetScreen
from edgead.console.tui.screens.logs import LogsScreen
from edgead.console.tui.screens.question import Choice, Question
from edgead.console.tui.screens.trial import TrialScreen
from edgead.console.tui.themes import DARK, DEFAULTS, LIGHT
from edgead.console.tui.throttle import Throttle

TRIAL_SECONDS = 0.7  # between two plots: more is not seen, and costs a slow terminal twice
FLEET_SECONDS = 0.5
SETTLED_SECONDS = 4.0  # until what the app needs is imported and made
AREAS = Binding.Group("Areas", compact=True)
AREA_SCREENS: dict[str, Callable[[Session], Screen[Any]]] = {
    "fleet": FleetScreen,
    "trial": TrialScreen,
    "compare": CompareScreen,
    "logs": LogsScreen,
}


class ConsoleApp(Doing):
    """Shows a session, and hands it what a person asks for."""

    TITLE = "edgead-console"
    CSS_PATH = "app.tcss"
    COMMAND_PALETTE_DISPLAY = "^p"
    COMMANDS = Doing.COMMANDS | {NodeCommands, TrialCommands}
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("1", "area('fleet')", "Fleet", group=AREAS, tooltip="the nodes"),
        Binding("2", "area('trial')", "Trial", group=AREAS, tooltip="the trials and their plots"),
        Binding("3", "area('compare')", "Compare", group=AREAS, tooltip="beside the paper's"),
        Binding("4", "area('logs')", "Logs", group=AREAS, tooltip="what programs have written"),
        Binding("s", "new_trial", "New", tooltip="a form, and the plan before it starts"),
        Binding("x", "stop_trial", "Stop", tooltip="stop the running trial; asks first"),
        Binding("a", "menu", "Actions", tooltip="on what is chosen or marked, and as commands"),
        Binding("question_mark", "help", "Help", key_display="?", tooltip="these keys"),
        Binding("q", "quit", "Quit", tooltip="asks where a trial is running"),
        Binding("c", "area('compare')", "Compare", show=False, tooltip="the same as 3"),
        Binding("h", "health", "Health", show=False, tooltip="every check of every node"),
        Binding("n", "node", "Node", show=False, tooltip="the chosen node, with all that is known"),
        Binding("plus", "add_nodes", "Add nodes", show=False, key_display="+",
                tooltip="find boards and put them into the cluster file"),
        Binding("Y", "copy_command", "Copy as command", show=False,
                tooltip="what checks these nodes, or describes this trial"),
        Binding("g", "jump", "Jump", show=False, tooltip="a letter over every panel; press one"),
        Binding("t", "theme", "Dark/light", show=False, tooltip="the other theme"),
        Binding("ctrl+q", "quit", "Quit", show=False, priority=True),
        Binding("tab", "focus_next", "Next panel", show=False, tooltip="shift+tab goes back"),
        Binding("ctrl+p", "command_palette", "Commands", show=False, tooltip="find anything"),
    ]  # fmt: skip

    def __init__(self, session: Session, crash_folder: Path) -> None:
        super().__init__(session)
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
        for name, screen in AREA_SCREENS.items():
            self.add_mode(name, partial(screen, session))
        self._before = "fleet"

    def get_theme_variable_defaults(self) -> dict[str, str]:
        """Give the colours of ours that another theme lacks."""
        return DEFAULTS

    def on_mount(self) -> None:
        """Let the session live from now on, beginning where something goes on."""
        self._live()
        # That stays: to look for garbage among it is an eighth of what the app costs.
        self.set_timer(SETTLED_SECONDS, gc.freeze)
        trial = self.session.trial is not None or self.session.running()
        self.switch_mode("trial" if trial or not self.session.nodes.undecided else "fleet")
        if self.session.nodes.undecided and not self.session.read_only:
            self.call_after_refresh(self.welcome)

    @work(group="session")
    async def _live(self) -> None:
        try:
            await self.session.run(self.changed, self._fleet_throttle.ask)
        except ConsoleError as error:
            self.exit(error.exit_code, error.exit_code, Text(printable(str(error))))

    def changed(self) -> None:
        """Have everything shown anew, soon."""
        self._trial_throttle.ask()
        self._fleet_throttle.ask()

    def _post(self, change: type[TrialChanged] | type[FleetChanged]) -> None:
        for screen in self.screen_stack:
            screen.post_message(change())

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Offer stop where something runs; offer nothing that changes things when read-only."""
        if action == "stop_trial" and not self.session.running():
            return False
        if self.refused(action, parameters):
            return None
        return super().check_action(action, parameters)

    # -- where to

    def action_area(self, name: str) -> None:
        """Go to an area; what was open in it is as it was left."""
        if name != self.current_mode:
            self._before = self.current_mode
            self.switch_mode(name)

    async def action_back(self) -> None:
        """Close a screen; from an area itself, go to the one before."""
        if len(self.screen_stack) > 1:
            self.pop_screen()
        else:
            self.action_area(self._before)

    async def action_pop_screen(self) -> None:
        """Go back: an area's own screen can't be closed."""
        await self.action_back()

    def action_theme(self) -> None:
        """Change to the other theme."""
        self.theme = LIGHT.name if self.theme == DARK.name else DARK.name

    # -- leaving

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
        if self.session.running() and not self.session.read_only:
            queue = len(waiting(self.session.trials.lines))
            answer = await self.push_screen_wait(leave_question(queue))
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
        yield from self.commands()
        yield SystemCommand("Dark/light", "Change to the other theme", self.action_theme)
        yield SystemCommand("Keys", "Show all keys", self.action_help)
        if not self.session.read_only:
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


def leave_question(queue: int) -> Question:
    """Ask what becomes of the running trial, and say what becomes of those that wait."""
    waits = f" {queue} more wait: s starts them, in the app opened again." if queue else ""
    return Question(
        "A trial is running",
        f"It does not need the app: opened again, the app shows it.{waits}",
        (
            Choice("l", "leave", "leave it running and quit"),
            Choice("s", "stop", "stop it and quit"),
        ),
    )
