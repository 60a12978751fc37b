"""Writing cluster.toml: the nodes that were found, and comments on what else may stand there."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import tomli_w

from edgead.agents.address import SSH_PORT
from edgead.agents.docker import release_of
from edgead.console.errors import UsageError
from edgead.console.narration import printable
from edgead.console.nodes.inventory import Node

if TYPE_CHECKING:  # it brings asyncssh, and the app is to paint first
    from edgead.console.nodes.discovery import Found, Wanted

HEAD = """\
# The nodes of one cluster, written by `edgead-console init`. Change what you like.
#
# [cluster] may say for all nodes, and a node for itself: user, key, known_hosts, ports,
# power_mode ("MAXN"), clocks ("pin"), transport ("tunnel", the default: nothing listens on the
# network; or "direct"). Of a node: python = "/path/of/the/interpreter/with/TensorFlow", or
# container = "image:tag"; roles = ["ps", "worker"]. What is not said, ~/.ssh/config may say.

"""


def choose(found: Sequence[Found]) -> tuple[list[Found], list[Found]]:
    """Give who becomes a node, and who only a comment: Jetsons, if there are any, make the rest
    unlikely to be boards."""
    usable = [each for each in found if each.state == "identified"]
    jetsons = [each for each in usable if each.jetson]
    if not jetsons:
        return usable, []
    return jetsons, [each for each in usable if not each.jetson]


def as_toml(name: str, nodes: Sequence[Found], wanted: Wanted, others: Sequence[Found] = ()) -> str:
    """Give the text of a cluster file with these nodes, and the others as comments."""
    taken = {"host"}  # which no node may be called
    parts = [HEAD, tomli_w.dumps({"cluster": {"name": name, **_shared(wanted)}})]
    parts += [f"\n{_table(each, taken)}" for each in nodes]
    for each in others:
        lines = _table(each, taken).splitlines()
        parts.append("\n" + "\n".join(f"# {line}".rstrip() for line in lines) + "\n")
    return "".join(parts)


TEMPLATE = (
    HEAD
    + """\
[cluster]
name = "boards"
user = "nvidia"

[[nodes]]
name = "xavier-1"
host = "192.168.1.11"
python = "/home/nvidia/tf/bin/python"
"""
)


def with_more(text: str, found: Sequence[Found], known: Sequence[Node], wanted: Wanted) -> str:
    """Give a cluster file's text with the found nodes after those that it has.

    Who is in it already is left out. What `wanted` says of the login stands with each new node.
    """
    places = {(node.host, node.port or SSH_PORT) for node in known}
    new = [each for each in found if (each.host, each.port) not in places]
    taken = {node.name for node in known}
    return (
        text.rstrip("\n")
        + "\n"
        + "".join(f"\n{_table(each, taken, _shared(wanted))}" for each in new)
    )


def write_new(path: Path, text: str, *, force: bool) -> None:
    """Write a file. Raises UsageError where it is there and not forced, or can't be written."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        if force:
            part = path.with_name(f"{path.name}.part")
            part.write_text(text, encoding="utf-8")
            part.replace(path)
        else:
            with path.open("x", encoding="utf-8") as file:
                file.write(text)
    except FileExistsError:
        raise exists(path) from None
    except OSError as error:
        raise UsageError(f"{path}: can't be written: {error.strerror}") from None


def exists(path: Path) -> UsageError:
    """Say that a file is in the way."""
    return UsageError(f"{path}: is there already; --force writes it anew, --out takes another name")


def _shared(wanted: Wanted) -> dict[str, Any]:
    files = {"key": wanted.key, "known_hosts": wanted.known_hosts}
    said = {key: str(path.absolute()) for key, path in files.items() if path is not None}
    return ({"user": wanted.user} if wanted.user else {}) | said


def _table(found: Found, taken: set[str], more: Mapping[str, Any] = MappingProxyType({})) -> str:
    about = [found.board.model or found.banner]
    if found.jetson:
        about.append(f"L4T {found.board.l4t}")
    if found.board.jetpack:
        about.append(f"JetPack {found.board.jetpack}")
    node: dict[str, Any] = {"name": _name(found, taken), "host": found.host}
    if found.port != SSH_PORT:
        node["port"] = found.port
    runs = _runs(found)
    if not (runs or found.board.pythons):
        about.append("no TensorFlow found: say python or container")
    node.update(runs)
    node.update(more)
    comment = printable(", ".join(each for each in about if each))
    return f"[[nodes]]  # {comment}\n{tomli_w.dumps(node)}"


def _runs(found: Found) -> dict[str, str]:
    """Say what has TensorFlow there: a Python of the board's, else an image, for its L4T if any."""
    board = found.board
    if board.pythons:
        python = board.pythons[0]
        return {} if python == "python3" else {"python": python}
    ours = board.l4t.partition(".")[0]
    fits = [each for each in board.images if release_of(each).partition(".")[0] == ours]
    return {"container": each} if (each := next(iter([*fits, *board.images]), "")) else {}


def _name(found: Found, taken: set[str]) -> str:
    said = found.board.hostname or found.announced
    base = re.sub(r"[^a-z0-9._-]+", "-", said.lower(), flags=re.ASCII).strip("-._")[:50]
    base = base or f"node-{found.host.replace(':', '-')}"
    # Boards from one image bear one name: the second becomes NAME-2.
    numbered = (base if number == 1 else f"{base}-{number}" for number in range(1, len(taken) + 2))
    name = next(name for name in numbered if name not in taken)
    taken.add(name)
    return name
