"""NodeScreen: everything known of one node: lanes, checks, tasks and container, its log."""

from __future__ import annotations

import asyncio
from typing import ClassVar

from rich.text import Text
from textual import work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Container

from edgead.console.errors import ConsoleError
from edgead.console.narration import printable
from edgead.console.nodes.fleet import NodeStatus
from edgead.console.session.actions import NODE_ACTIONS, Action
from edgead.console.session.session import Session
from edgead.console.tui.fleet_columns import tasks_of
from edgead.console.tui.screens.base import PANEL_KEYS, PanelScreen
from edgead.console.tui.screens.keys import keys_for
from edgead.console.tui.widgets.checks import ChecksPanel
from edgead.console.tui.widgets.header import TrialBar
from edgead.console.tui.widgets.ink import ink
from edgead.console.tui.widgets.key_bar import KeyBar
from edgead.console.tui.widgets.lanes import LanesPanel
from edgead.console.tui.widgets.log_view import LogView
from edgead.console.tui.widgets.text_panel import TextPanel

NODES = Binding.Group("Nodes", compact=True)
CONTAINER_SECONDS = 15.0  # after which the node is asked for its container again


class TasksPanel(TextPanel):
    """What a node is, what it runs of the trial on the plots, and its container."""

    def __init__(self, session: Session, *, id: str) -> None:  # noqa: A002
        super().__init__(id=id)
        self._session = session
        self.node = ""
        self.container = ""

    def draw(self) -> Text:
        """Write it, a line a thing."""
        status = self._session.fleet.statuses.get(self.node)
        self.caption("Tasks and container")
        if status is None:
            return Text("no nodes yet", ink(self, "secondary"))
        lines = [*self._about(status), *self._tasks(status)]
        return Text("\n").join(lines)

    def _about(self, status: NodeStatus) -> list[Text]:
        node = status.node
        where = f"{node.user}@" * bool(node.user) + str(node)
        runs = f"container {node.container}" if node.container else node.python
        found = [("address", where), ("model", status.model), ("TensorFlow", runs)]
        found += [("roles", ", ".join(node.roles)), ("container", self.container)]
        return [self._pair(name, text) for name, text in found if text]

    def _tasks(self, status: NodeStatus) -> list[Text]:
        trial = self._session.trial
        tasks = tasks_of(status, trial)
        if trial is None or not tasks:
            return [self._pair("tasks", "none of the trial on the plots")]
        lines = []
        for task in tasks:
            used = trial.usage.get(f"{task.role} {task.index}", {})
            memory = f" · {used['rss'] / 1e6:.0f} MB" if used.get("rss") else ""
            bad = task.failed
            code = f" {task.exit_code}" if task.exit_code else ""
            how = f"{'✖ ' if bad else ''}{task.state}{code}"
            said = f"{printable(how)}{memory} · {printable(trial.run)}"
            colour = "error" if bad else "foreground"
            lines.append(self._pair(f"{task.role} {task.index}", said, colour))
        return lines

    def _pair(self, name: str, text: str, colour: str = "foreground") -> Text:
        return Text.assemble(
            (f"{printable(name):<11} ", ink(self, "secondary")),
            (printable(text), ink(self, colour)),
        )


class NodeScreen(PanelScreen):
    """One node; a narrow screen shows one of its panels at a time."""

    VIEWS: ClassVar[tuple[str, ...]] = ("lanes", "checks", "tasks", "log")
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,n", "app.back", "Back", key_display="esc"),
        Binding(
            "left_square_bracket,left", "step(-1)", "Previous node", key_display="[", group=NODES
        ),
        Binding("right_square_bracket,right", "step(1)", "Next node", key_display="]", group=NODES),
        *(each for each in keys_for("node", NODE_ACTIONS) if each.key != "n"),  # type: ignore[union-attr]
        *PANEL_KEYS,
    ]
    DEFAULT_CSS = """
    NodeScreen {
        #body { layout: grid; grid-size: 2; grid-rows: 1fr 1fr; height: 1fr; }
        #lanes { row-span: 2; }
        #right { layout: vertical; row-span: 2; }
        #checks { height: 1fr; }
        #tasks { height: auto; max-height: 12; }
        #log { height: 1fr; }
        &.-narrow #body { layout: vertical; }
        &.-narrow #lanes, &.-narrow #checks, &.-narrow #tasks, &.-narrow #log {
            display: none; height: 1fr; max-height: 100%;
        }
        &.-narrow #right { height: auto; }
        &.-narrow.-checks #right, &.-narrow.-tasks #right, &.-narrow.-log #right { height: 1fr; }
        &.-narrow.-lanes #lanes, &.-narrow.-checks #checks,
        &.-narrow.-tasks #tasks, &.-narrow.-log #log { display: block; }
    }
    """

    def __init__(self, session: Session, name: str = "") -> None:
        super().__init__(session)
        self._chosen = name

    def compose(self) -> ComposeResult:
        """Lay out the panels under the trial's row."""
        yield TrialBar(self.session)
        with Container(id="body"):
            yield LanesPanel(self.session, id="lanes").add_class("panel")
            with Container(id="right"):
                yield ChecksPanel(self.session, id="checks").add_class("panel")
                yield TasksPanel(self.session, id="tasks").add_class("panel")
                yield LogView(id="log").add_class("panel")
        yield KeyBar()

    def on_mount(self) -> None:
        """Show the node as it is, and ask it for its container now and then."""
        super().on_mount()
        self._ask()

    def update(self) -> None:
        """Show the node as it is now."""
        names = list(self.session.fleet.statuses)
        if self._chosen not in names:
            self._chosen = next(iter(names), "")
        lanes, checks = self.query_one(LanesPanel), self.query_one(ChecksPanel)
        tasks = self.query_one(TasksPanel)
        lanes.node = checks.node = tasks.node = self._chosen
        for panel in (lanes, checks, tasks):
            panel.update()
        self._show_told()

    def _show_told(self) -> None:
        """Show what was told of the node; a container's log takes its place."""
        status = self.session.fleet.statuses.get(self._chosen)
        if status is not None and status.node.container and status.state == "up":
            return
        said = [one for one in self.session.sentences if one.who == self._chosen]
        lines = [f"{one.time[11:19]} {one.level} {one.text}" for one in said]
        self.query_one(LogView).show("What was told of it", lines, empty="nothing yet")

    @work(exclusive=True, group="container")
    async def _ask(self) -> None:
        """Ask the node for its container and that one's log, for as long as it is on screen."""
        while self.is_attached:
            name = self._chosen
            status = self.session.fleet.statuses.get(name)
            if status is not None and status.node.container and status.state == "up":
                await self._ask_container(name)
            await asyncio.sleep(CONTAINER_SECONDS)

    async def _ask_container(self, name: str) -> None:
        lines, why = [], "it has said nothing"
        try:
            said = await self.session.nodes.container("list", [name])
            lines = await self.session.nodes.container_log(name)
        except ConsoleError as error:
            said = why = str(error)
        if name == self._chosen:
            panel = self.query_one(TasksPanel)
            panel.container = said.removeprefix(f"{name}: ")
            panel.update()
            self.query_one(LogView).show("Container log", lines, empty=printable(why))

    def action_step(self, by: int) -> None:
        """Go to another node of the fleet, around its ends."""
        names = list(self.session.fleet.statuses)
        if names:
            at = names.index(self._chosen) if self._chosen in names else 0
            self._chosen = names[(at + by) % len(names)]
            self.query_one(TasksPanel).container = ""
            self.query_one(LogView).show("Container log", [], empty="asking…")
            self.update()
            self._ask()

    def subject(self, kind: str = "") -> tuple[tuple[Action, ...], list[str]]:
        """Give this node."""
        return NODE_ACTIONS, [self._chosen] if self._chosen else []
