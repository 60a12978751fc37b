"""What the command palette finds besides the screens' own: every action of every node and trial."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from typing import TYPE_CHECKING, cast

from rich.markup import escape
from textual.command import DiscoveryHit, Hit, Hits, Provider

from edgead.console.narration import printable
from edgead.console.session.actions import NODE_ACTIONS, TRIAL_ACTIONS, Action

if TYPE_CHECKING:
    from edgead.console.tui.app import ConsoleApp

MOST = 200  # nodes or trials that are gone through
FIRST = 12  # of them listed before anything is typed


class _Provider(Provider):
    """Finds `ACTION NAME` for the actions of one table."""

    actions: tuple[Action, ...] = ()

    @property
    def console(self) -> ConsoleApp:
        """The app, as what it is."""
        return cast("ConsoleApp", self.app)

    def names(self) -> Iterable[tuple[str, str]]:
        """Give (name, what more is known of it)."""
        raise NotImplementedError

    async def discover(self) -> Hits:
        """List the first action of each."""
        action = self.actions[0]
        for name, more in list(self.names())[:FIRST]:
            label = f"{action.title} {printable(name)}"
            yield DiscoveryHit(label, partial(self.console.act, action, [name]), help=escape(more))

    async def search(self, query: str) -> Hits:
        """Find actions by their title and the name."""
        matcher = self.matcher(query)
        refused = self.console.session.read_only
        for name, more in list(self.names())[:MOST]:
            for action in self.actions:
                label = f"{action.title} {printable(name)}"
                score = matcher.match(label)
                if score > 0 and not (action.changes and refused):
                    do = partial(self.console.act, action, [name])
                    about = escape(f"{action.about} · {more}")
                    yield Hit(score, matcher.highlight(label), do, help=about)


class NodeCommands(_Provider):
    """Actions of nodes."""

    actions = NODE_ACTIONS

    def names(self) -> Iterable[tuple[str, str]]:
        """Give the fleet's nodes."""
        statuses = self.console.session.fleet.statuses
        return ((name, f"node, {status.state}") for name, status in statuses.items())


class TrialCommands(_Provider):
    """Actions of trials."""

    actions = TRIAL_ACTIONS

    def names(self) -> Iterable[tuple[str, str]]:
        """Give the stored runs, newest first."""
        lines = self.console.session.trials.lines
        return ((line.run, f"{line.state} {line.title} {line.about.name}") for line in lines)
