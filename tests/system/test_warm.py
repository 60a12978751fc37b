"""Warm nodes: used again after success, never after failure, ended when idle; and handed over."""

import asyncio
from contextlib import aclosing

import pytest
from program import Program, until

from edgead.console import paths
from edgead.console.events import Event
from edgead.console.nodes.clusters import embedded_cluster
from edgead.console.running.supervisor import supervise
from edgead.console.running.warm import Warm
from edgead.console.runs.store import Store
from edgead.console.session import detached
from edgead.models.spec import read_spec

pytestmark = pytest.mark.slow

SMALL = {"preset": "paper-kdd99", "synthetic": True, "rows": 8192, "epochs": 2}


async def trial(cluster, warm, home, **values):
    """Run one; give its events."""
    events: list[Event] = []
    run = Store(paths.runs_folder()).create(read_spec({**SMALL, **values}))
    args = run, cluster, home / "data", paths.cache_folder(), events.append
    await supervise(*args, warm)
    return events


def told(events, role):
    """What was said of a role's tasks: their states, and which were warm."""
    tasks = [event for event in events if event.kind == "task" and event["role"] == role]
    return {e["state"] for e in tasks}, {
        bool(e.get("warm")) for e in tasks if e["state"] != "ended"
    }


async def test_the_next_trial_is_warm_and_the_same(home):
    async with embedded_cluster() as cluster, aclosing(Warm(60)) as warm:
        first = await trial(cluster, warm, home, workers=2)
        await warm.ready()
        again = await trial(cluster, warm, home, workers=2)
        fewer = await trial(cluster, warm, home, workers=1)
        more = await trial(cluster, warm, home, workers=3)
        paper = await trial(cluster, warm, home, workers=2, engine="paper")
        moved = await trial(cluster, warm, home, workers=2, chief_node="node-2")
    assert told(first, "worker") == ({"starting", "ready"}, {False})
    for events in (again, fewer, paper):
        assert told(events, "worker") == ({"ready"}, {True})
        assert told(events, "ps") == ({"ready"}, {True})
        assert told(events, "chief")[1] == {True}
    assert told(more, "worker")[1] == {False}
    assert told(moved, "worker")[1] == {False}  # the chief's address led elsewhere
    for events, workers in ((first, 2), (again, 2), (fewer, 1), (more, 3), (paper, 2), (moved, 2)):
        assert events[-1]["state"] == "finished"
        assert len(events[-1]["usage"]) == workers + 1
    assert again[-1]["loss"] == first[-1]["loss"]
    assert again[-1]["test"]["accuracy"] == first[-1]["test"]["accuracy"]
    sizes = [event for event in first if event.kind == "usage"]
    assert {event["role"] for event in sizes} == {"ps", "worker"}
    assert all(event["peak"] >= event["rss"] > 50e6 for event in sizes)
    assert all(task["sent"] > 10_000 for task in first[-1]["usage"].values())
    kept = [e["text"] for e in first if e.kind == "note" and "kept warm" in e["text"]]
    assert len(kept) == 2  # two nodes: the parameter server shares one with a worker


async def test_nothing_is_used_again_after_a_failure(home):
    async with embedded_cluster() as cluster, aclosing(Warm(60)) as warm:
        first = await trial(cluster, warm, home, workers=1)
        failed = await trial(cluster, warm, home, workers=1, learning_rate=10.0, synthetic=False)
        after = await trial(cluster, warm, home, workers=1)
    assert [events[-1]["state"] for events in (first, failed, after)] == [
        "finished",
        "failed",
        "finished",
    ]
    assert told(failed, "worker")[1] == {True}
    assert told(after, "worker")[1] == {False}


async def test_it_ends_when_nobody_uses_it(home):
    async with embedded_cluster() as cluster, aclosing(Warm(idle=0.2)) as warm:
        await trial(cluster, warm, home, workers=1)
        await asyncio.wait_for(warm.gone.wait(), 30)
        assert warm.take_chief() is None
        again = await trial(cluster, warm, home, workers=1)
    assert told(again, "worker")[1] == {False}


async def test_a_supervisor_that_lingers_takes_the_next_trial(home):
    store = Store(paths.runs_folder())
    async with embedded_cluster() as cluster:
        runs = []
        for _ in range(2):
            run = store.create(read_spec({**SMALL, "workers": 1}))
            await asyncio.to_thread(detached.start_supervisor, run, cluster.path, home / "data")
            await asyncio.to_thread(until, (run.folder / "summary.json").exists)
            await asyncio.to_thread(until, (home / "runs" / "warm.sock").exists)
            runs.append(run)
        second = list(runs[1].events())
        assert second[-1]["state"] == "finished"
        assert told(second, "worker")[1] == {True}
        # Its nodes go; so does it, and nothing answers any more.
    await asyncio.to_thread(until, lambda: not (home / "runs" / "warm.sock").exists())
    with Program("trial", "list", "--json") as program:
        _, listed, _ = program.finish()
    assert [line["state"] for line in listed] == ["finished", "finished"]
