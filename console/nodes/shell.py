"""The command that opens a shell on a node: ssh, as strict as we are about host keys."""

from __future__ import annotations

from edgead.console.nodes.health.check import login_options, place_of
from edgead.console.nodes.inventory import Node


def shell_argv(node: Node) -> list[str]:
    """Give ssh's command line for a node; what the cluster file leaves out, ssh's own files say."""
    strict = ["-o", "StrictHostKeyChecking=yes"] if node.known_hosts is not None else []
    return ["ssh", "-t", *login_options(node), *strict, "--", place_of(node)]
