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
    from edgead.console.nodes.inventory import Node

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


def there(node: Node, command: str, *, terminal: bool = False) -> str:
    """Return a remedy that is typed on this machine and works on the node."""
    options = ["-t"] if terminal else []
    return shlex.join(["ssh", *options, *login_options(node), place_of(node), command])


def send_key(node: Node) -> str:
    """Return a remedy that has the node accept our key."""
    copy = shlex.join(["ssh-copy-id", *login_options(node), place_of(node)])
    public = f"{node.key}.pub"
    if node.key is None or Path(public).exists():
        return copy
    # ssh-copy-id sends the public half, from a file beside the key.
    return (
        f"{shlex.join(['ssh-keygen', '-y', '-f', str(node.key)])} > {shlex.quote(public)} && {copy}"
    )


def place_of(node: Node) -> str:
    """Return whom ssh is to log in as, and where."""
    return f"{node.user}@{node.host}" if node.user else node.host


def login_options(node: Node) -> list[str]:
    """Return the options by which ssh logs in as we do: what the cluster file says of it."""
    options = ["-F", str(node.ssh_config)] if node.ssh_config else []
    options += ["-p", str(node.port)] if node.port else []
    options += ["-i", str(node.key)] if node.key else []
    if node.known_hosts:
        options += ["-o", f"UserKnownHostsFile={node.known_hosts}"]
    return options
