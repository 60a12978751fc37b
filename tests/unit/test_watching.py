"""What tasks say, and do not say any more, becomes failures of theirs and of nobody else."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import pytest

from edgead.agents.messages import Exit, Line
from edgead.console.running import watching
from edgead.console.running.failure import Failure
from edgead.console.running.placement import Task
from edgead.console.running.recovery.causes import Cause
from edgead.console.running.recovery.evidence import Memory
from edgead.console.running.watching import Watching

PS, WORKER = Task("ps", 0, "a"), Task("worker", 1, "b")


class Link:
    """A node's connection, as far as it is asked."""

    def __init__(self) -> None:
        self.answers, self.dropped = True, asyncio.get_running_loop().create_future()

    async def facts(self) -> str:
        if not self.answers:
            await asyncio.Event().wait()
        return "facts"

    def drop(self, reason: str) -> None:
        self.dropped.set_result(reason)


class Links:
    """The connections; `kills` counts what the kernel has ended for memory."""

    def __init__(self) -> None:
        self.up = {"a": Link(), "b": Link()}
        self.kills = 0

    def memory_before(self, name: str) -> Memory:
        return Memory(0, ())

    async def memory(self, name: str) -> Memory:
        return Memory(self.kills, ("Out of memory: Killed process 7",))


@pytest.fixture
async def watched(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[tuple[Watching, Links]]:
    monkeypatch.setattr(watching, "JOIN_SECONDS", 0.0)
    monkeypatch.setattr(watching, "LOOK_SECONDS", 0.01)
    monkeypatch.setattr(watching, "DEAD_AFTER", 0.05)
    links: Any = Links()
    watch = Watching(links, lambda *_, **__: None, silence=0.2)
    watch.wanted = {"ps 0", "worker 1"}
    watch.begin([PS, WORKER])
    for task in (PS, WORKER):
        watch.expect(task)
    yield watch, links
    watch.close()


def ready(watch: Watching, *tasks: Task) -> None:
    for task in tasks:
        line = json.dumps({"event": "ready", "tensorflow": "2.21.0", "seconds": 1.0})
        watch.hear(task.node, Line(task.name, line))


async def trouble(watch: Watching) -> Failure:
    return await asyncio.wait_for(watch.troubles.get(), 10)


def ended(code: int | None, number: int | None, *lines: str) -> Exit:
    return Exit("worker 1", code, number, lines)


async def test_an_end_is_told_with_its_reason(watched: tuple[Watching, Links]) -> None:
    watch, links = watched
    ready(watch, PS, WORKER)
    watch.hear("b", ended(1, None, '{"event": "alive"}', "ImportError: libcudnn: file too short"))
    failure = await trouble(watch)
    assert (failure.node, failure.task, failure.kind) == ("b", "worker 1", Cause.ENDED)
    assert failure.cause == (
        "the task ended with exit code 1: ImportError: libcudnn: file too short"
    )
    assert failure.evidence == ("ImportError: libcudnn: file too short",)
    links.kills = 1
    watch.hear("b", ended(None, 9))
    failure = await trouble(watch)
    assert failure.kind is Cause.OUT_OF_MEMORY
    assert failure.evidence == ("Out of memory: Killed process 7",)


async def test_a_task_killed_for_memory_in_a_container_says_so(
    watched: tuple[Watching, Links],
) -> None:
    watch, links = watched
    ready(watch, PS, WORKER)
    links.kills = 1
    watch.hear("b", ended(137, None))
    failure = await trouble(watch)
    assert failure.kind is Cause.OUT_OF_MEMORY
    assert "Out of memory: Killed process 7" in failure.evidence


async def test_who_waits_for_a_task_hears_of_its_end(watched: tuple[Watching, Links]) -> None:
    watch, _ = watched
    watch.hear("b", ended(3, None))
    with pytest.raises(Failure, match="exit code 3"):
        await watch.until_ready(WORKER, 10)
    with pytest.raises(Failure, match="not ready after 0 s") as late:
        await watch.until_ready(PS, 0.01)
    assert late.value.kind is Cause.NOT_READY
    assert watch.troubles.empty()


async def test_the_end_of_a_lost_nodes_task_is_not_told(watched: tuple[Watching, Links]) -> None:
    watch, links = watched
    ready(watch, PS, WORKER)
    del links.up["b"]
    watch.hear("b", ended(None, 15))
    await watch.explained()
    assert watch.troubles.empty() and not watch.failed.done()


async def test_wanted_ends_and_tasks_that_nobody_wants(watched: tuple[Watching, Links]) -> None:
    watch, _ = watched
    ready(watch, PS, WORKER)
    watch.ignore(WORKER)
    watch.hear("b", ended(None, 15))
    await watch.explained()
    assert not watch.failed.done()
    watch.expect(WORKER)
    ready(watch, WORKER)
    watch.wanted = {"ps 0"}  # a trial with fewer workers on warm nodes
    watch.hear("b", ended(None, 9))
    await asyncio.wait_for(watch.failed, 10)
    assert watch.troubles.empty()


async def test_a_silent_task_is_frozen_where_its_node_answers(
    watched: tuple[Watching, Links],
) -> None:
    watch, links = watched
    ready(watch, WORKER)
    failure = await trouble(watch)
    assert (failure.task, failure.kind) == ("worker 1", Cause.FROZEN)
    links.up["b"].answers = False
    watch.expect(WORKER)
    ready(watch, WORKER)
    assert "has not answered" in await asyncio.wait_for(links.up["b"].dropped, 10)
    assert watch.troubles.empty()  # the node's end will be told by its connection


async def test_signs_of_life_are_heard(watched: tuple[Watching, Links]) -> None:
    watch, _ = watched
    ready(watch, WORKER)
    for _ in range(40):
        watch.hear("b", Line("worker 1", '{"event": "alive"}'))
        await asyncio.sleep(0.01)
    assert not watch.failed.done()


async def test_a_line_of_what_was_never_started_is_nothing(watched: tuple[Watching, Links]) -> None:
    watch, _ = watched
    watch.begin([PS, WORKER, Task("worker", 2, "b")])
    line = json.dumps({"event": "ready", "tensorflow": "2.21.0", "seconds": 1.0})
    watch.hear("b", Line("worker 2", line))
    assert watch.troubles.empty()


async def test_what_is_forgotten_is_not_told(watched: tuple[Watching, Links]) -> None:
    watch, _ = watched
    ready(watch, PS, WORKER)
    queue = watch.troubles
    watch.hear("b", ended(1, None))
    await watch.explained()
    watch.forget()
    watch.begin([PS, WORKER])
    assert watch.troubles is queue and queue.empty()  # whoever listens still does
