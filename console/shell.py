"""The command that opens a shell on a node: ssh, as strict as we are about host keys."""

from __future__ import annotations

from edgead.console.inventory import Node


def shell_argv(node: Node) -> list[str]:
    """Give ssh's command line for a node; what the cluster file leaves out, ssh's own files say."""
    argv = ["ssh", "-t"]
    if node.ssh_config is not None:
        argv += ["-F", str(node.ssh_config)]
    if node.port is not None:
        argv += ["-p", str(node.port)]
    if node.key is not None:
        argv += ["-i", str(node.key), "-o", "IdentitiesOnly=yes"]
    if node.known_hosts is not None:
        argv += ["-o", f"UserKnownHostsFile={node.known_hosts}", "-o", "StrictHostKeyChecking=yes"]
    return [*argv, "--", f"{node.user}@{node.host}" if node.user else node.host]
