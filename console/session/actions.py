"""Everything that can be done to nodes and trials: its key, its words, and its command line.

Keys, palette, menus and "copy as command" all derive from these two tables.
"""

from __future__ import annotations

import shlex
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from edgead.console.session.session import Session

Run = Callable[[Session, Sequence[str]], Awaitable[str]]
Words = Callable[[Sequence[str]], list[str]]


@dataclass(frozen=True)
class Action:
    """One thing that can be done.

    Attributes:
        name: what code calls it.
        key: the key in lists of its subject; "" for the menu and the palette alone.
        title, about: what a person reads.
        words: the command line that does the same, after `edgead-console`.
        run: does it; None where the app opens something instead, by its method `open_NAME`.
        asks: what is asked before it is done; "" for nothing.
        many: whether it can be done to several at once.
        changes: whether it changes anything: refused when read-only.
    """

    name: str
    key: str
    title: str
    about: str
    words: Words
    run: Run | None = None
    asks: str = ""
    many: bool = True
    changes: bool = True


def _nodes(*words: str) -> Words:
    return lambda names: ["nodes", *words, *names]


def _trial(verb: str) -> Words:
    return lambda names: ["trial", verb, *names]


NODE_ACTIONS = (
    Action("node", "n", "Open", "its lanes, checks, tasks, container and log",
           _nodes("watch"), many=False, changes=False),
    Action("check", "r", "Check", "run every health check, the self-test too",
           _nodes("check"), lambda it, names: it.nodes.check(names), changes=False),
    Action("mend", "e", "Mend", "run the safe remedies, then check again",
           lambda names: ["nodes", "check", *names, "--fix"],
           lambda it, names: it.nodes.mend(names)),
    Action("maxn", "", "Power to MAXN", "set the power mode MAXN by name",
           lambda names: ["nodes", "power", *names, "MAXN"],
           lambda it, names: it.nodes.power(names, "MAXN"),
           asks="All cores and clocks may be used; the boards get hotter."),
    Action("start", "", "Start container", "the image of the cluster file",
           _nodes("container", "start"), lambda it, names: it.nodes.container("start", names)),
    Action("restart", "", "Restart container", "with the image that the cluster file says now",
           _nodes("container", "restart"), lambda it, names: it.nodes.container("restart", names),
           asks="What runs in the container ends, a trial's tasks among it."),
    Action("stop", "", "Stop container", "end and remove it",
           _nodes("container", "stop"), lambda it, names: it.nodes.container("stop", names),
           asks="What runs in the container ends, a trial's tasks among it."),
    Action("prune", "", "Prune containers", "remove those of ours that do not run",
           _nodes("container", "prune"), lambda it, names: it.nodes.container("prune", names),
           asks="Containers of ours that do not run are removed; others are left alone."),
    Action("shell", "exclamation_mark", "Shell", "over SSH; leaving it comes back here",
           _nodes("list"), many=False),
)  # fmt: skip

TRIAL_ACTIONS = (
    Action("show", "enter", "Show", "put it on the plots; a running one is followed",
           _trial("attach"), lambda it, names: it.history.show(names[0]),
           many=False, changes=False),
    Action("describe", "d", "Describe", "spec, tasks, scores, boards and flags",
           _trial("show"), many=False, changes=False),
    Action("replay", "r", "Replay", "play its log again, on these plots",
           lambda names: ["trial", "replay", *names, "--speed", "5"], many=False, changes=False),
    Action("beside", "o", "Lay beside", "draw it beside the one on the plots",
           lambda names: ["compare", *names],
           lambda it, names: it.history.lay_beside(names[0]), many=False, changes=False),
    Action("rerun", "R", "Rerun", "queue the same trial again",
           _trial("rerun"), lambda it, names: it.trials.rerun(names)),
    Action("edit", "e", "Name and note", "give it a name of your own, and a note",
           lambda names: ["trial", "annotate", *names, "NOTE"], many=False),
    Action("flags", "F", "Flags", "what failed: evidence, what was done, what to do",
           _trial("show"), many=False, changes=False),
    Action("halt", "x", "Stop", "stop it",
           _trial("stop"), lambda it, names: it.trials.stop(names[0]), many=False,
           asks="Its processes end on every node; what it has logged stays."),
    Action("delete", "D", "Delete", "delete it with all its files",
           lambda names: ["trial", "delete", *names, "--yes"],
           lambda it, names: it.trials.delete(names),
           asks="Log, model and detector are gone for good."),
)  # fmt: skip


def named(actions: Sequence[Action], name: str) -> Action:
    """Give the action of that name."""
    return next(action for action in actions if action.name == name)


def command(words: Sequence[str], cluster: Path | None = None) -> str:
    """Write a command line that can be pasted into a shell."""
    chosen = ["--cluster", str(cluster)] if cluster is not None else []
    return shlex.join(["edgead-console", *chosen, *words])


def command_of(action: Action, names: Sequence[str], session: Session) -> str:
    """Write the command line that does an action to these; what runs on nodes names their file."""
    if action.name == "shell":
        return shlex.join(session.nodes.shell(names[0]))
    words = action.words(names)
    on_nodes = words[0] == "nodes" or words[:2] == ["trial", "rerun"]
    return command(words, session.nodes.cluster if on_nodes else None)
