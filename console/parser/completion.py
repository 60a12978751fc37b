"""Shell completion, by argcomplete: commands and options, and names of runs, nodes and presets."""

from __future__ import annotations

import argparse
import os
from collections.abc import Callable, Iterable
from contextlib import suppress
from typing import Any

SHELLS = ("bash", "zsh", "fish", "tcsh")
PROGRAM = "edgead-console"

Completer = Callable[..., Iterable[str]]


def shell_code(shell: str) -> str:
    """Give what a shell is to read so that it completes the program's words."""
    from argcomplete.shell_integration import shellcode

    return str(shellcode([PROGRAM], shell=shell))


def complete(parser: argparse.ArgumentParser) -> None:
    """Answer the shell and exit, where it is a shell that asks; return at once otherwise."""
    if "_ARGCOMPLETE" not in os.environ:
        return
    import argcomplete

    for action in _actions(parser):
        completer = COMPLETERS.get(action.dest)
        if completer is not None and not action.option_strings and action.choices is None:
            action.completer = completer  # type: ignore[attr-defined]
    argcomplete.autocomplete(parser)


def _actions(parser: argparse.ArgumentParser) -> Iterable[argparse.Action]:
    for action in parser._actions:
        yield action
        if isinstance(action, argparse._SubParsersAction):
            for each in action.choices.values():
                yield from _actions(each)


def _runs(**_: Any) -> list[str]:
    from edgead.console import paths
    from edgead.console.runs.store import Store

    runs = Store(paths.runs_folder()).runs()
    return [name for run in runs for name in (run.name, run.about.name) if name]


def _nodes(parsed_args: argparse.Namespace, **_: Any) -> list[str]:
    from edgead.console.errors import ConsoleError
    from edgead.console.nodes.clusters import find_cluster
    from edgead.console.nodes.inventory import read_cluster

    with suppress(ConsoleError):  # who completes a word wants no error
        file = find_cluster(parsed_args.cluster)
        if file is not None:
            return [node.name for node in read_cluster(file).nodes]
    return []


def _specs(prefix: str, **_: Any) -> list[str]:
    from argcomplete.completers import FilesCompleter

    from edgead.models.presets import PRESETS

    return [*PRESETS, *FilesCompleter(("toml",))(prefix)]


def _datasets(**_: Any) -> list[str]:
    from edgead.console.reports.compare import TITLES

    return list(TITLES)


# By the name of the argument, in whichever command it stands.
COMPLETERS: dict[str, Completer] = {
    "run": _runs,
    "runs": _runs,
    "names": _nodes,
    "words_given": _nodes,
    "spec": _specs,
    "name": _datasets,
}
