"""Who opens connections to whom: nobody to the chief, whose server runs what it is sent."""

from __future__ import annotations

from pathlib import Path

import pytest

from edgead.console.nodes.inventory import Cluster, Node
from edgead.console.running.placement import HOST, Task
from edgead.console.running.wiring import Wiring, connects, is_open

CHIEF, PS, ONE, OTHER = (
    Task("chief", 0, HOST),
    Task("ps", 0, "a"),
    Task("worker", 0, "a"),
    Task("worker", 1, "b"),
)


def test_all_connect_but_workers_among_each_other_and_nobody_to_the_chief() -> None:
    everybody = (CHIEF, PS, ONE, OTHER)
    found = {(one.name, other.name) for one in everybody for other in everybody if one != other}
    found = {pair for pair in found if connects(*map(named, pair))}
    assert found == {
        *(("chief 0", "ps 0"), ("chief 0", "worker 0"), ("chief 0", "worker 1")),
        *(("ps 0", "worker 0"), ("ps 0", "worker 1"), ("worker 0", "ps 0"), ("worker 1", "ps 0")),
    }


def named(name: str) -> Task:
    return next(task for task in (CHIEF, PS, ONE, OTHER) if task.name == name)


@pytest.mark.parametrize("transport", ["tunnel", "direct"])
async def test_the_chief_is_on_loopback_whatever_the_transport(transport: str) -> None:
    nodes = (Node("a", "10.0.0.1", transport=transport),)
    addresses = await Wiring(Cluster("c", Path("c.toml"), nodes), {}).addresses([CHIEF])
    assert addresses["chief"][0].startswith("127.0.0.1:") and not is_open(addresses)
