"""cluster.toml: the nodes of one fleet, read and checked."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from edgead.console.errors import UsageError
from edgead.console.toml import load_toml

WARM_SECONDS = 300.0
ROLES = ("chief", "ps", "worker")
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,62}")


@dataclass(frozen=True)
class Node:
    """A board: how to reach it and what it may run. `python` is the interpreter on the node."""

    name: str
    host: str
    port: int = 22
    user: str = ""
    key: Path | None = None
    known_hosts: Path | None = None
    python: str = "python3"
    roles: tuple[str, ...] = ("ps", "worker")


@dataclass(frozen=True)
class Cluster:
    """The nodes of one cluster file, in its order; `embedded` marks this machine's own.

    `warm_seconds` is how long task servers wait for a next trial.
    """

    name: str
    path: Path
    nodes: tuple[Node, ...]
    embedded: bool = False
    warm_seconds: float = WARM_SECONDS

    def node(self, name: str) -> Node:
        """Give the node of that name. Raises UsageError naming those there are."""
        for node in self.nodes:
            if node.name == name:
                return node
        known = ", ".join(node.name for node in self.nodes)
        raise UsageError(f"{self.path}: no node is named {name}; there are {known}")


def read_cluster(path: Path) -> Cluster:
    """Read a cluster file. Raises UsageError: one line for the first mistake found."""
    content = load_toml(path)
    head = _table(path, "cluster", content.get("cluster", {}))
    _known(path, "cluster", head, ("name", "transport", "embedded", "warm_seconds"))
    nodes = content.get("nodes")
    if not isinstance(nodes, list) or not nodes:
        raise UsageError(f"{path}: nodes: expected at least one [[nodes]] table, found none")
    _known(path, "the file", content, ("cluster", "nodes"))
    found = tuple(_node(path, index, raw) for index, raw in enumerate(nodes, 1))
    doubled = [n.name for i, n in enumerate(found) if n.name in {m.name for m in found[:i]}]
    if doubled:
        raise UsageError(f"{path}: nodes: the name {doubled[0]} stands twice; names must differ")
    return Cluster(
        name=str(head.get("name", path.stem)),
        path=path,
        nodes=found,
        embedded=head.get("embedded") is True,
        warm_seconds=_seconds(path, "cluster", head.get("warm_seconds", WARM_SECONDS)),
    )


def _node(path: Path, index: int, raw: Any) -> Node:
    where = f"nodes[{index}]"
    table = _table(path, where, raw)
    _known(path, where, table, tuple(Node.__dataclass_fields__))
    name = _text(path, where, table, "name")
    if not NAME.fullmatch(name):
        raise UsageError(
            f"{path}: {where}.name: expected letters, digits, '.', '_' or '-', got {name!r:.80}"
        )
    return Node(
        name=name,
        host=_text(path, where, table, "host", name),
        port=_port(path, where, table.get("port", 22)),
        user=_text(path, where, table, "user", ""),
        key=_file(path, where, table, "key"),
        known_hosts=_file(path, where, table, "known_hosts"),
        python=_text(path, where, table, "python", "python3"),
        roles=_roles(path, where, table.get("roles", ["ps", "worker"])),
    )


def _table(path: Path, where: str, value: Any) -> Mapping[str, Any]:
    if not isinstance(value, Mapping):
        raise UsageError(f"{path}: {where}: expected a table, got {value!r:.80}")
    return value


def _known(path: Path, where: str, table: Mapping[str, Any], keys: tuple[str, ...]) -> None:
    for key in table:
        if key not in keys:
            raise UsageError(f"{path}: {where}: no such key: {key}; expected {', '.join(keys)}")


def _text(
    path: Path, where: str, table: Mapping[str, Any], key: str, default: str | None = None
) -> str:
    value = table.get(key, default)
    if not isinstance(value, str) or (not value and default is None):
        raise UsageError(f"{path}: {where}.{key}: expected a text, got {value!r:.80}")
    return value


def _file(path: Path, where: str, table: Mapping[str, Any], key: str) -> Path | None:
    if key not in table:
        return None
    return path.parent / Path(_text(path, where, table, key)).expanduser()


def _port(path: Path, where: str, value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not 0 < value < 65536:
        raise UsageError(f"{path}: {where}.port: expected 1 to 65535, got {value!r:.80}")
    return value


def _seconds(path: Path, where: str, value: Any) -> float:
    fits = isinstance(value, (int, float)) and not isinstance(value, bool)
    if not fits or not 0 <= value <= 86_400:
        raise UsageError(f"{path}: {where}.warm_seconds: expected 0 to 86400, got {value!r:.80}")
    return float(value)


def _roles(path: Path, where: str, value: Any) -> tuple[str, ...]:
    if not isinstance(value, list) or not all(role in ROLES for role in value):
        raise UsageError(
            f"{path}: {where}.roles: expected a list out of {', '.join(ROLES)}, got {value!r:.80}"
        )
    return tuple(value)
