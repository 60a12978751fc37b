"""Placement: which task runs on which node."""

from __future__ import annotations

from dataclasses import dataclass

from edgead.console.errors import UsageError
from edgead.console.nodes.inventory import Cluster, Node
from edgead.models.spec import TrialSpec

HOST = "host"  # this machine, where the chief runs unless the spec says a node


@dataclass(frozen=True)
class Task:
    """One process of a trial's cluster: its role, its index in the role, and its node's name."""

    role: str
    index: int
    node: str

    @property
    def name(self) -> str:
        """The task as TensorFlow and people name it: worker 2."""
        return f"{self.role} {self.index}"


def place(spec: TrialSpec, cluster: Cluster | None) -> tuple[Task, ...]:
    """Place a trial's tasks: the spec's nodes where it names some, else the file's order in turn.

    Raises UsageError where the cluster has no node for a role.
    """
    if not spec.distributed:
        return (Task("chief", 0, HOST),)
    if cluster is None:
        raise UsageError("a distributed trial needs nodes: give --cluster FILE")
    chief = Task("chief", 0, cluster.node(spec.chief_node).name if spec.chief_node else HOST)
    ps_node = cluster.node(spec.ps_node) if spec.ps_node else _with_role(cluster, "ps")[0]
    chosen = [cluster.node(name) for name in spec.worker_nodes] or _with_role(cluster, "worker")
    workers = [Task("worker", i, chosen[i % len(chosen)].name) for i in range(spec.workers)]
    return (chief, Task("ps", 0, ps_node.name), *workers)


def _with_role(cluster: Cluster, role: str) -> list[Node]:
    nodes = [node for node in cluster.nodes if role in node.roles]
    if not nodes:
        raise UsageError(f"{cluster.path}: no node has the role {role}; add it to a node's roles")
    return nodes
