"""Doing: what a person asks for, done: actions on nodes and trials, dialogs, and their answers."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Sequence
from pathlib import Path

from textual import work
from textual.app import App, SuspendNotSupported, SystemCommand
from textual.css.query import NoMatches

from edgead.console.errors import ConsoleError
from edgead.console.narration import printable
from edgead.console.running.recovery.evidence import how_returned
from edgead.console.runs.run_lines import RunLine
from edgead.console.session.actions import (
    NODE_ACTIONS,
    TRIAL_ACTIONS,
    Action,
    command_of,
    named,
)
from edgead.console.session.session import Session
from edgead.console.tui.messages import Act
from edgead.console.tui.screens.base import PanelScreen
from edgead.console.tui.screens.help import Help, keys_of
from edgead.console.tui.screens.jump import Jump
from edgead.console.tui.screens.question import Choice, Question
from edgead.console.tui.terminal_program import run_in_terminal

REPLAY_SPEED = 5.0
TABLES = {"node": NODE_ACTIONS, "trial": TRIAL_ACTIONS}
# Actions of the app that change something, besides those of the tables that say so.
CHANGING = ("new_trial", "stop_trial", "add_nodes", "edit_cluster", "mend_nodes")


class Doing(App[int]):
    """The app's actions; each answers in one line."""

    def __init__(self, session: Session) -> None:
        super().__init__()
        self.session = session

    def changed(self) -> None:
        """Have everything shown anew, soon."""

    def refused(self, action: str, parameters: Sequence[object]) -> bool:
        """Whether a read-only session has no such action."""
        if not self.session.read_only:
            return False
        if action == "act":
            kind, name = map(str, parameters)
            return named(TABLES[kind], name).changes
        return action in CHANGING

    # -- actions on nodes and trials

    def on_act(self, message: Act) -> None:
        """Do what a panel asks for."""
        self.act(message.action, message.names)

    def action_act(self, kind: str, name: str) -> None:
        """Do an action to what is chosen or marked on the screen."""
        actions, names = self._subject(kind)
        if actions is TABLES[kind] and names:
            self.act(named(actions, name), names)
        else:
            what = "node" if kind == "node" else "trial"
            self.notify(f"no {what} is chosen here", markup=False)

    def act(self, action: Action, names: Sequence[str]) -> None:
        """Do an action to these nodes or trials: open what it opens, or ask, and do it."""
        if not action.many:
            names = names[:1]
        if action.run is None:
            getattr(self, f"open_{action.name}")(names[0])
        else:
            self._act(action, list(names))

    @work(group="act")
    async def _act(self, action: Action, names: list[str]) -> None:
        if action.asks and not await self._agreed(action, names):
            return
        run = action.run
        assert run is not None
        await self._answer(lambda: run(self.session, names))

    async def _agreed(self, action: Action, names: list[str]) -> bool:
        whom = ", ".join(map(printable, names))[:60] or "what is being started"
        title = f"{action.title}: {whom}?"
        choice = Choice(action.key or "enter", "do", action.title.lower())
        said = command_of(action, names, self.session) if any(names) else ""
        asked = Question(title, action.asks, (choice,), command=said)
        return await self.push_screen_wait(asked) == "do"

    async def _answer(self, ask: Callable[[], Awaitable[str]]) -> bool:
        """Show the session's one-line answer, or its one-line error; whether it went well."""
        try:
            self.notify(printable(await ask()), markup=False)
        except (ConsoleError, OSError) as error:  # a full disk, say
            self.notify(printable(str(error)), severity="error", timeout=10, markup=False)
            return False
        finally:
            self.changed()
        return True

    def _subject(self, kind: str = "") -> tuple[tuple[Action, ...], list[str]]:
        screen = self.screen
        return screen.subject(kind) if isinstance(screen, PanelScreen) else ((), [])

    @work(group="menu", exclusive=True)
    async def action_menu(self) -> None:
        """List what can be done to what is chosen or marked, and do one of it."""
        from edgead.console.tui.screens.menu import ActionMenu

        actions, names = self._subject()
        if not names:
            self.notify("nothing is chosen here: go to a list of nodes or trials", markup=False)
            return
        action = await self.push_screen_wait(ActionMenu(self.session, actions, names))
        if action is not None:
            self.act(action, names)

    def action_copy_command(self) -> None:
        """Put the command that checks the chosen nodes, or describes the trial, for pasting."""
        actions, names = self._subject()
        if names:
            action = named(actions, "check" if actions is NODE_ACTIONS else "describe")
            self.copy_to_clipboard(command_of(action, names, self.session))
            self.notify("the command is on the clipboard; a has the others", markup=False)

    # -- what opens a screen

    def open_node(self, name: str) -> None:
        """Open a node."""
        from edgead.console.tui.screens.node import NodeScreen

        self.push_screen(NodeScreen(self.session, name))

    def open_describe(self, name: str) -> None:
        """Open a trial in words."""
        from edgead.console.tui.screens.describe import DescribeScreen

        self.push_screen(DescribeScreen(self.session, name))

    @work(group="act")
    async def open_flags(self, name: str) -> None:
        """Open the flags of a trial, which is put on the plots for that."""
        from edgead.console.tui.screens.flags import FlagsScreen

        trial = self.session.trial
        shown = trial is not None and trial.run == name
        if not shown and not await self._answer(lambda: self.session.history.show(name)):
            return
        self.push_screen(FlagsScreen(self.session))

    @work(group="act")
    async def open_replay(self, name: str) -> None:
        """Replay a trial on the plots."""
        if await self._answer(lambda: self.session.history.replay(name, REPLAY_SPEED)):
            await self.run_action("area('trial')")

    @work(group="act")
    async def open_edit(self, name: str) -> None:
        """Change a trial's name and note."""
        from edgead.console.tui.screens.edit_run import EditRun

        line = next((each for each in self.session.trials.lines if each.run == name), None)
        if line is None:
            return
        about = await self.push_screen_wait(EditRun(name, line.about))
        if about is not None and about.name != line.about.name:
            await self._answer(lambda: self.session.trials.rename(name, about.name))
        if about is not None and about.note != line.about.note:
            await self._answer(lambda: self.session.trials.annotate(name, about.note))

    @work(group="shell", exclusive=True)
    async def open_shell(self, name: str) -> None:
        """Leave the screen to a shell on a node, and come back when it ends."""
        title = f"a shell on {printable(name)}; exit comes back"
        try:
            code = await run_in_terminal(self, self.session.nodes.shell(name), title)
        except ConsoleError as error:
            self.notify(printable(str(error)), severity="error", markup=False)
        except SuspendNotSupported:
            self.notify("there is no shell in a browser: use a terminal", severity="error")
        except OSError as error:
            self.notify(f"ssh: {error.strerror}; is it installed?", severity="error")
        else:
            if code:
                self.notify(f"ssh ended with {how_returned(code)}", severity="warning")

    def action_node(self) -> None:
        """Open the chosen node, or the first."""
        actions, names = self._subject("node")
        self.open_node(names[0] if actions is NODE_ACTIONS and names else "")

    def action_health(self) -> None:
        """Open the checks."""
        from edgead.console.tui.screens.health import HealthScreen

        self.push_screen(HealthScreen(self.session))

    @work(group="checks")
    async def action_check_nodes(self) -> None:
        """Run every check."""
        await self._answer(self.session.nodes.check)

    @work(group="checks")
    async def action_mend_nodes(self) -> None:
        """Run the safe remedies."""
        await self._answer(self.session.nodes.mend)

    # -- trials

    @work(group="form", exclusive=True)
    async def action_new_trial(self) -> None:
        """Fill in a trial, see what would happen, and start it."""
        from edgead.console.tui.screens.new_trial import NewTrial

        specs = await self.push_screen_wait(NewTrial(self.session))
        if specs and await self._answer(lambda: self.session.trials.start(specs)):
            await self.run_action("area('trial')")

    def action_stop_trial(self) -> None:
        """Stop the running trial, once that is confirmed."""
        self.act(named(TRIAL_ACTIONS, "halt"), [_running(self.session.trials.lines)])

    # -- nodes

    @work(group="form", exclusive=True)
    async def action_add_nodes(self) -> None:
        """Find boards and put them into the cluster file."""
        from edgead.console.tui.screens.add_nodes import AddNodes

        found = await self.push_screen_wait(AddNodes(self.session, self._file()))
        if found is not None and await self._answer(lambda: self.session.nodes.add(*found)):
            await self.run_action("area('fleet')")

    @work(group="form", exclusive=True)
    async def action_edit_cluster(self) -> None:
        """Write the cluster file by hand."""
        from edgead.console.nodes.inventory_file import TEMPLATE
        from edgead.console.tui.screens.cluster_file import ClusterFile

        file = self._file()
        try:
            text = file.read_text(encoding="utf-8") if file.is_file() else TEMPLATE
        except (OSError, ValueError) as error:
            self.notify(f"{file}: can't be read: {error}", severity="error", markup=False)
            return
        kept = await self.push_screen_wait(ClusterFile(self.session, text, file))
        if kept is not None and await self._answer(lambda: self.session.nodes.write(*kept)):
            await self.run_action("area('fleet')")

    def _file(self) -> Path:
        """Give the cluster file in use; where it is this machine's own, the one to be written."""
        file = self.session.nodes.cluster
        return Path("cluster.toml") if file is None or self.session.fleet.embedded else file

    @work(group="welcome", exclusive=True)
    async def welcome(self) -> None:
        """Offer what there is to do without a cluster file, unless a trial goes on all the same."""
        from edgead.console.running.demo_specs import demo_specs
        from edgead.console.tui.screens.welcome import welcome

        if self.session.running():
            await self.run_action("area('trial')")
            return
        answer = await self.push_screen_wait(welcome())
        if answer == "demo":
            specs = demo_specs("paper-kdd99", 1, 10)
            await self._answer(lambda: self.session.nodes.use(None))
            await self._answer(lambda: self.session.trials.start(specs, stand_in=True))
            await self.run_action("area('trial')")
        elif answer == "find":
            self.action_add_nodes()
        elif answer == "write":
            self.action_edit_cluster()
        elif answer == "embedded":
            await self._answer(lambda: self.session.nodes.use(None))

    # -- the screen

    def action_help(self) -> None:
        """Open the list of keys."""
        self.push_screen(Help(keys_of(self, self.screen), getattr(self.screen, "HELP", "") or ""))

    @work(group="jump", exclusive=True)
    async def action_jump(self) -> None:
        """Put a letter over everything that can be in focus, and go where one is pressed."""
        widget = await self.push_screen_wait(Jump(self.screen))
        if widget is not None:
            try:
                widget.focus()
            except NoMatches:  # it is gone by now
                return

    def commands(self) -> Iterable[SystemCommand]:
        """Give the palette what keys do here."""
        if not self.session.read_only:
            yield SystemCommand("New trial", "A form, and the plan", self.action_new_trial)
            if self.session.running():
                yield SystemCommand("Stop", "Stop the running trial", self.action_stop_trial)
            yield SystemCommand("Add nodes", "Find boards on the network", self.action_add_nodes)
            yield SystemCommand("Cluster file", "Edit it", self.action_edit_cluster)
            yield SystemCommand("Mend", "Run the safe remedies", self.action_mend_nodes)
        yield SystemCommand("Check", "Run every check on every node", self.action_check_nodes)
        yield SystemCommand("Health", "Every check of every node", self.action_health)
        yield SystemCommand("Actions", "On what is chosen, and as commands", self.action_menu)
        yield SystemCommand("Jump", "A letter over every panel", self.action_jump)
        screen = self.screen
        if isinstance(screen, PanelScreen):
            yield SystemCommand("Copy", "The focused panel's text", screen.action_copy)
            yield SystemCommand("Faults", "Only what is wrong, or all", screen.action_faults)
            yield SystemCommand("Maximise", "The focused panel, or undo", screen.action_zoom)


def _running(lines: Sequence[RunLine]) -> str:
    """Give the run that runs; "" where one is only about to."""
    return next((line.run for line in lines if line.state == "running"), "")
