"""Fleet: the nodes of one cluster and the latest known of each; nothing older is kept."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from edgead.agents.tegrastats import Telemetry
    from edgead.console.nodes.health.check import HealthCheck
    from edgead.console.nodes.inventory import Node

# A sample older than this is not shown: a lost node must not look alive.
STALE_SECONDS = 5.0
HISTORY = 240  # samples kept of each node: what a wide screen can draw


@dataclass
class NodeStatus:
    """One node now. `state` is waiting, connecting, up or lost; `source` says where telemetry is
    from: tegrastats (a board's own) or machine (this machine's load in tegrastats form)."""

    node: Node
    state: str = "waiting"
    error: str = ""
    source: str = ""
    model: str = ""
    mode: str = ""
    telemetry: Telemetry | None = None
    samples: int = 0  # that have come so far
    history: deque[Telemetry] = field(default_factory=lambda: deque(maxlen=HISTORY))
    checks: dict[str, HealthCheck] = field(default_factory=dict)  # by name, the latest of each
    heard: float = 0.0  # when the latest sample came, by the monotonic clock
    since: float = 0.0  # when it was lost, by the same


@dataclass
class Fleet:
    """Every node's status, in the cluster file's order. One owner writes it, widgets read it."""

    name: str
    embedded: bool = False
    statuses: dict[str, NodeStatus] = field(default_factory=dict)

    @classmethod
    def of(cls, name: str, nodes: Iterable[Node], *, embedded: bool = False) -> Fleet:
        """Make the fleet of these nodes, all waiting."""
        return cls(name, embedded, {node.name: NodeStatus(node) for node in nodes})

    @property
    def up(self) -> int:
        """How many nodes are up."""
        return sum(status.state == "up" for status in self.statuses.values())
