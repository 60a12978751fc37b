"""cluster.toml: the nodes of one fleet, read and checked."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from edgead.agents.address import NodeAddress
from edgead.agents.protocol import printable
from edgead.console.checked import VISIBLE, Checked, Mistakes
from edgead.console.errors import UsageError
from edgead.console.toml import load_toml
from edgead.models.spec import NODE_NAME

WARM_SECONDS = 300.0
ROLES = ("chief", "ps", "worker")
TRANSPORTS = ("tunnel", "direct")
# `host` is this machine's name where tasks are placed.
NAME = rf"(?!host$){NODE_NAME}"
# One word of a command line once it is quoted: no blanks, nothing that looks like an option.
WORD = r"[!-,./-~\w][!-~\w]{0,254}"
# No user@, no :port, no scheme: those are keys of their own. An IPv6 address has more colons.
HOST = r"(?![^:]*:[^:]*$)[\w:][\w.:%-]{0,254}"
TITLE = VISIBLE + "{1,80}"
PYTHON = "(?!-)" + VISIBLE + "{1,4000}"
LOWEST_PORT = 1024

Ports = tuple[int, int]


@dataclass(frozen=True)
class Node(NodeAddress):
    """A board: where it is (an address's `python` has TensorFlow too), and what it may run.

    Attributes:
        container: the image that has TensorFlow; `python` then is the board's own.
        inside: the interpreter in the container; the key `python` says it, where there is one.
        memory: what the container may take at most, such as 8g.
        mounts: volumes for the container, in docker's form, beside our cache.
        roles: what it may run.
        transport: `tunnel` for tasks that speak through SSH, `direct` for open ports.
        ports: first and last of those that tasks may use; None for any that are free.
        power_mode: the power mode to have, by name.
        clocks: `pin` for all clocks at their most during trials, by jetson_clocks.
    """

    container: str = ""
    inside: str = "python3"
    memory: str = ""
    mounts: tuple[str, ...] = ()
    roles: tuple[str, ...] = ("ps", "worker")
    transport: str = "tunnel"
    ports: Ports | None = None
    power_mode: str = ""
    clocks: str = ""


# Keys of [cluster] that are about the whole, and those that hold for every node which does not say
# otherwise.
WHOLE = ("name", "embedded", "warm_seconds", "restore_power")
SHARED = ("user", "key", "known_hosts", "transport", "ports", "power_mode", "clocks", "ssh_config")


@dataclass(frozen=True)
class Cluster:
    """The nodes of one cluster file, in its order; `embedded` marks this machine's own.

    `warm_seconds` is how long task servers wait for a next trial; `restore_power` says that
    nodes get the power mode and clocks they had when they are left: after a trial, or the warmth
    after it.
    """

    name: str
    path: Path
    nodes: tuple[Node, ...]
    embedded: bool = False
    warm_seconds: float = WARM_SECONDS
    restore_power: bool = False

    @property
    def transport(self) -> str:
        """How tasks reach each other: the same for all nodes."""
        return self.nodes[0].transport

    def node(self, name: str) -> Node:
        """Give the node of that name. Raises UsageError naming those there are."""
        for node in self.nodes:
            if node.name == name:
                return node
        known = ", ".join(node.name for node in self.nodes)
        raise UsageError(f"{self.path}: no node is named {name}; there are {known}")


def read_cluster(path: Path) -> Cluster:
    """Read a cluster file. Raises UsageError: a line for each mistake in it."""
    return cluster_of(load_toml(path), path)


def cluster_of(content: dict[str, Any], path: Path) -> Cluster:
    """Make the cluster of a file's content. Raises UsageError: a line for each mistake in it."""
    mistakes = Mistakes(path)
    Checked(mistakes, "the file", content).only(("cluster", "nodes"))
    head = Checked(mistakes, "cluster", content.get("cluster", {}))
    head.only((*WHOLE, *SHARED))
    shared = _shared(head, Node("", ""))
    tables = content.get("nodes")
    if not isinstance(tables, list) or not tables:
        text = "expected at least one [[nodes]] table, found none"
        mistakes.add("nodes", f"{text}; edgead-console init writes a file with those it finds")
        tables = []
    nodes = tuple(_named(mistakes, n, table, shared) for n, table in enumerate(tables, 1))
    _together(mistakes, nodes)
    name = head.text("name", printable(path.stem), "a short text", TITLE)
    embedded = head.value("embedded", False, "true or false", _boolean)
    restore = head.value("restore_power", False, "true or false", _boolean)
    warm = head.value("warm_seconds", WARM_SECONDS, "0 to 86400 seconds", _seconds)
    mistakes.check()
    return Cluster(name, path, nodes, embedded, warm, restore)


def _named(mistakes: Mistakes, number: int, raw: Any, shared: Node) -> Node:
    """Read a table of [[nodes]]."""
    table = Checked(mistakes, f"nodes[{number}]", raw)
    if not isinstance(raw, dict):
        return shared
    table.only(tuple(key for key in Node.__dataclass_fields__ if key != "inside"))
    if not table.has("name"):
        table.wrong("name", "a text")
    return _node(table, shared)


def _node(table: Checked, shared: Node) -> Node:
    python = table.text("python", "python3", "the interpreter's path", PYTHON)
    form = "letters, digits, '.', '_' or '-', at most 63, and not `host`"
    name = table.text("name", "", form, NAME)
    node = replace(
        shared,
        name=name,
        host=table.text("host", name, "a name or an address, without user or port", HOST),
        port=table.value("port", None, "1 to 65535", _port),
        python="python3" if table.has("container") else python,
        inside=python,
        container=table.text("container", "", "an image such as name:tag", WORD),
        memory=table.text("memory", "", "a size such as 8g", r"[1-9]\d{0,9}[bkmg]?"),
        mounts=table.value("mounts", (), 'a list such as ["/data:/data:ro"]', _mounts),
        roles=table.value("roles", Node.roles, f"a list out of {', '.join(ROLES)}", _roles),
    )
    return _shared(table, node)


def _shared(table: Checked, node: Node) -> Node:
    """Read what [cluster] may say for all nodes and a node for itself."""
    return replace(
        node,
        user=table.text("user", node.user, "a login name", WORD),
        key=table.file("key", node.key),
        known_hosts=table.file("known_hosts", node.known_hosts),
        transport=table.choice("transport", node.transport, TRANSPORTS),
        ports=table.value("ports", node.ports, 'a range such as "20000-20999"', _ports),
        power_mode=table.text("power_mode", node.power_mode, "a name such as MAXN", r"\w{1,40}"),
        clocks=table.choice("clocks", node.clocks, ("pin",)),
        ssh_config=table.file("ssh_config", node.ssh_config),
    )


def _together(mistakes: Mistakes, nodes: tuple[Node, ...]) -> None:
    """Note what is right by itself and wrong beside the others."""
    names = [node.name for node in nodes]
    for name in dict.fromkeys(name for name in names if name and names.count(name) > 1):
        mistakes.add("nodes", f"the name {name} stands twice; names must differ")
    places: dict[tuple[str, int | None], str] = {}
    for node in nodes:
        other = places.setdefault((node.host, node.port), node.name)
        if node.host and other != node.name:
            mistakes.add("nodes", f"{other} and {node.name} are the same host and port: one board")
    if len({node.transport for node in nodes}) > 1:
        text = "transport must be the same for all: set it once, under [cluster]"
        mistakes.add("nodes", text)


def _boolean(value: Any) -> bool | None:
    return value if isinstance(value, bool) else None


def _port(value: Any) -> int | None:
    return value if type(value) is int and 0 < value < 65536 else None


def _seconds(value: Any) -> float | None:
    fits = isinstance(value, (int, float)) and not isinstance(value, bool)
    return float(value) if fits and 0 <= value <= 86_400 else None


def _roles(value: Any) -> tuple[str, ...] | None:
    if not isinstance(value, list) or not all(role in ROLES for role in value):
        return None
    return tuple(value)


def _mounts(value: Any) -> tuple[str, ...] | None:
    good = isinstance(value, list) and all(
        isinstance(each, str) and re.fullmatch(r"/[!-9;-~\w]*:/[!-9;-~\w]*(:ro|:rw)?", each)
        for each in value
    )
    return tuple(value) if good else None


def _ports(value: Any) -> Ports | None:
    if not isinstance(value, str):
        return None
    first, dash, last = value.partition("-")
    if not (dash and first.strip().isdecimal() and last.strip().isdecimal()):
        return None
    ports = int(first), int(last)
    return ports if LOWEST_PORT <= ports[0] <= ports[1] < 65536 else None
