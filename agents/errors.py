"""Everything that can go wrong with a node, each as one line naming it."""

# ruff: noqa: N818 (the names say what happened; NodeError says that it is an error)

from __future__ import annotations

from typing import TYPE_CHECKING

from edgead.agents.protocol import printable

if TYPE_CHECKING:
    from edgead.agents.host_keys import OfferedKey

TEXT_LIMIT = 2000  # characters: room for two fingerprints and a command to copy


class NodeError(Exception):
    """A node cannot be used.

    Attributes:
        node: the node's name.
        text: what happened and what to do, in one line; a node may have had its say in it.
    """

    def __init__(self, node: str, text: str) -> None:
        text = printable(text)[:TEXT_LIMIT]
        super().__init__(f"{node}: {text}")
        self.node = node
        self.text = text


class NodeUnreachable(NodeError):
    """No SSH answer from the node's address, or the link is gone."""


class HostKeyUnknown(NodeError):
    """The node's host key is not in known_hosts yet.

    Attributes:
        offer: the key, for a person to compare and accept; None where it can't be accepted so.
    """

    def __init__(self, node: str, text: str, offer: OfferedKey | None = None) -> None:
        super().__init__(node, text)
        self.offer = offer


class HostKeyChanged(NodeError):
    """The node shows another host key than known_hosts holds: an impostor or a reinstall."""


class AuthenticationFailed(NodeError):
    """The node does not accept our key, or the key cannot be read."""


class AgentFailed(NodeError):
    """The agent did not start, ended, or could not do what was asked of it."""
