"""What a health check is: commands for a node, and a verdict on what they print."""

from __future__ import annotations

import shlex
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from edgead.agents.commands import Outcome
    from edgead.agents.messages import Facts
    from edgead.console.inventory import Node

VERDICTS = ("ok", "warn", "fail")
TEXT_LIMIT = 300
OURS = "edgead-console"


class Finding(NamedTuple):
    """A verdict (ok, warn, fail), the evidence in one line, and a command that mends it."""

    verdict: str
    evidence: str
    remedy: str = ""


@dataclass(frozen=True)
class HealthCheck:
    """How one thing stands on one node."""

    node: str
    name: str
    verdict: str
    evidence: str
    remedy: str = ""


class Board(NamedTuple):
    """The node that is checked: what the cluster file says of it, and what it says of itself."""

    node: Node
    facts: Facts

    @property
    def jetson(self) -> bool:
        """Whether it is one."""
        return self.facts.l4t is not None

    @property
    def contained(self) -> bool:
        """Whether its TensorFlow is in a container."""
        return bool(self.node.container)


def everywhere(board: Board) -> bool:
    """Say that a check is for every node."""
    return True


@dataclass(frozen=True)
class Check:
    """A check: its command, how long that may take, its judge, and the nodes it is for.

    `command` gives argv and standard input.
    """

    name: str
    command: Callable[[Board], tuple[list[str], str]]
    judge: Callable[[Board, Outcome], Finding]
    timeout: float = 10.0
    wanted: Callable[[Board], bool] = everywhere


def shell(script: str) -> Callable[[Board], tuple[list[str], str]]:
    """Return a check's command: a fixed script of sh."""
    return lambda board: (["sh", "-c", script], "")


def ok(evidence: str) -> Finding:
    """Say that all is well."""
    return Finding("ok", evidence)


def warn(evidence: str, remedy: str = "") -> Finding:
    """Say that a trial may suffer."""
    return Finding("warn", evidence, remedy)


def fail(evidence: str, remedy: str = "") -> Finding:
    """Say that a trial can't go well."""
    return Finding("fail", evidence, remedy)


def ours(*words: str) -> str:
    """Return a command of ours as a remedy; whoever shows it adds --cluster."""
    return shlex.join((OURS, *words))


def with_cluster(check: HealthCheck, cluster: Path | None) -> HealthCheck:
    """Name the cluster file in a remedy of ours."""
    if cluster is None or not check.remedy.startswith(f"{OURS} "):
        return check
    rest = check.remedy.removeprefix(f"{OURS} ")
    return replace(check, remedy=f"{OURS} --cluster {shlex.quote(str(cluster))} {rest}")


def place(node: Node) -> str:
    """Return a node as ssh takes it: USER@HOST, or the host alone."""
    return f"{node.user}@{node.host}" if node.user else node.host


def there(node: Node, command: str, *, terminal: bool = False) -> str:
    """Return a remedy that is typed on this machine and works on the node."""
    port = ["-p", str(node.port)] if node.port else []
    return shlex.join(["ssh", *(["-t"] if terminal else []), *port, place(node), command])
