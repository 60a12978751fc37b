"""The Python that has TensorFlow on a node: the board's own, or that of its container."""

from __future__ import annotations

from collections.abc import Mapping

from edgead.agents import docker
from edgead.agents.launch import task_argv
from edgead.console.nodes.inventory import Node


def interpreter(node: Node) -> list[str]:
    """Return the command that is that Python."""
    return docker.inside([node.inside], {}) if node.container else [node.python]


def program_argv(node: Node, env: Mapping[str, str]) -> list[str]:
    """Return the command that runs a program on its standard input, with these variables."""
    if node.container:
        return docker.inside(task_argv(node.inside), env)
    return task_argv(node.python)
