"""Everything that can go wrong with a node, each as one line naming it."""

# ruff: noqa: N818 (the names say what happened; NodeError says that it is an error)

from __future__ import annotations


class NodeError(Exception):
    """A node cannot be used.

    Attributes:
        node: the node's name.
        text: what happened and what to do, in one line.
    """

    def __init__(self, node: str, text: str) -> None:
        super().__init__(f"{node}: {text}")
        self.node = node
        self.text = text


class NodeUnreachable(NodeError):
    """No SSH answer from the node's address, or the link is gone."""


class HostKeyUnknown(NodeError):
    """The node's host key is not in known_hosts yet."""


class HostKeyChanged(NodeError):
    """The node shows another host key than known_hosts holds: an impostor or a reinstall."""


class AuthenticationFailed(NodeError):
    """The node does not accept our key, or the key cannot be read."""


class AgentFailed(NodeError):
    """The agent did not start, ended, or could not do what was asked of it."""
