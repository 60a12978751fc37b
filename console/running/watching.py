"""Watching a trial's tasks: what they say of themselves, why they end, and whether they live."""

from __future__ import annotations

import asyncio
import signal
import time
from collections.abc import Callable, Coroutine, Iterable
from contextlib import suppress
from dataclasses import asdict
from typing import Any

from edgead.agents.connection import DEAD_AFTER
from edgead.agents.errors import NodeError
from edgead.agents.messages import Exit, Line, Message
from edgead.agents.waiting import within
from edgead.console.running.failure import Failure
from edgead.console.running.node_links import NodeLinks
from edgead.console.running.placement import Task
from edgead.console.running.recovery.causes import Cause
from edgead.console.running.recovery.evidence import (
    Memory,
    cause_of_end,
    hint,
    how_it_ended,
    telling,
)
from edgead.console.running.task_lines import Ready, Usage, read_task_line

JOIN_SECONDS = 1.0  # after a task's end: its node may be what is lost
EXPLAIN_SECONDS = 20.0  # to find out about an end, at most
LOOK_SECONDS = 1.0  # between two looks at who gives signs of life
USAGE_SECONDS = 0.25  # a task server tells what it uses twice a second at most

Say = Callable[..., None]  # a task, an event's kind, and its fields


class Watching:
    """Hears the agents, and tells of tasks that end or freeze.

    Attributes:
        troubles: gets a Failure for whatever happens to tasks that serve.
        failed: resolves with the first failure of any task.
        usage: what tasks use, the latest.
        wanted: the names of the trial's tasks; what happens to others is for `failed` only.
        silence: the seconds without a sign of life after which a task is frozen.
    """

    def __init__(self, links: NodeLinks, say: Say, silence: float) -> None:
        self._links, self._say, self.silence = links, say, silence
        self._tasks: list[Task] = []
        self._ready: dict[str, asyncio.Future[None]] = {}
        self._asked: set[str] = set()  # tasks whose end we want
        self._heard: dict[str, float] = {}  # when a task that serves gave a sign of life
        self._usage_due: dict[Task, float] = {}  # when the next is taken
        self._explaining: set[asyncio.Task[None]] = set()
        self._closing = False
        self.wanted: set[str] = set()
        self.usage: dict[Task, Usage] = {}
        self.troubles: asyncio.Queue[Failure] = asyncio.Queue()
        self.failed: asyncio.Future[Failure] = asyncio.get_running_loop().create_future()
        self._looking = asyncio.ensure_future(self._look())

    def close(self) -> None:
        """Leave off: whatever ends from now on is to end."""
        self._closing = True
        for job in (self._looking, *self._explaining):
            job.cancel()

    # -- what is expected

    def expect(self, task: Task) -> None:
        """Expect a task to be ready, and then to live."""
        self._ready[task.name] = asyncio.get_running_loop().create_future()
        self._asked.discard(task.name)

    def ignore(self, task: Task) -> None:
        """Take a task's silence and its end as wanted."""
        self._asked.add(task.name)
        self._heard.pop(task.name, None)

    def lose(self, node: str) -> None:
        """Expect no signs of life from a node's tasks any more: it is lost."""
        for task in self._tasks:
            if task.node == node:
                self._heard.pop(task.name, None)

    def begin(self, tasks: Iterable[Task]) -> None:
        """Watch these tasks."""
        self._tasks = list(tasks)

    def forget(self) -> None:
        """Watch none any more, and forget what has happened to them."""
        self._tasks.clear()
        self._heard.clear()
        while not self.troubles.empty():
            self.troubles.get_nowait()

    async def until_ready(self, task: Task, seconds: float) -> None:
        """Wait until a task serves; raises Failure."""
        try:
            await within(asyncio.shield(self._ready[task.name]), seconds)
        except asyncio.TimeoutError:
            cause = f"it was not ready after {seconds:.0f} s"
            raise Failure(task.node, task.name, cause, kind=Cause.NOT_READY) from None

    async def explained(self) -> None:
        """Wait until what has happened to tasks is in `troubles`."""
        if self._explaining:
            await asyncio.wait(set(self._explaining), timeout=EXPLAIN_SECONDS)

    def report(self, failure: Failure) -> None:
        """Tell whoever waits for a task of the failure to be ready, else the queue."""
        if self._closing:
            return
        if not self.failed.done():
            self.failed.set_result(failure)
        if not self.wanted & set(failure.tasks):
            return
        starting = [
            each
            for name in failure.tasks
            if (each := self._ready.get(name)) is not None and not each.done()
        ]
        for each in starting:
            each.set_exception(failure)
            each.exception()  # nobody may be waiting
        if not starting:
            self.troubles.put_nowait(failure)

    # -- what is heard

    def hear(self, node: str, message: Message) -> None:
        """Take what an agent says."""
        name = getattr(message, "task", "")
        task = next((t for t in self._tasks if t.node == node and t.name == name), None)
        if task is None:
            return
        if isinstance(message, Line):
            self._hear_line(task, message.line)
        elif isinstance(message, Exit):
            self._hear_exit(task, message)

    def _hear_line(self, task: Task, line: str) -> None:
        said, now = read_task_line(line), time.monotonic()
        ready = self._ready.get(task.name)
        if ready is None:
            return  # a node says what it likes: nothing has been started there
        if isinstance(said, Ready) and not ready.done():
            ready.set_result(None)
            self._say(task, "task", state="ready", **asdict(said))
        if ready.done() and task.name not in self._asked:
            self._heard[task.name] = now  # importing TensorFlow is a long silence
        if isinstance(said, Usage) and now >= self._usage_due.get(task, 0.0):
            self._usage_due[task] = now + USAGE_SECONDS
            self.usage[task] = said
            self._say(task, "usage", **asdict(said))

    def _hear_exit(self, task: Task, message: Exit) -> None:
        asked = self._closing or task.name in self._asked
        self._heard.pop(task.name, None)
        self._say(
            task,
            "task",
            state="ended",
            exit_code=message.code if message.code is not None else -(message.signal or 0),
            lines=list(message.lines),
            asked=asked,
        )
        if not asked:
            self._find_out(self._explain(task, message))

    async def _explain(self, task: Task, message: Exit) -> None:
        """Find out why a task has ended, unless it is that its node is lost."""
        await asyncio.sleep(JOIN_SECONDS)
        if task.node not in self._links.up:
            return
        before, after = self._links.memory_before(task.node), Memory(0, ())
        # What runs a command in a container ends with 128 and the signal that ended it there.
        number = signal.SIGKILL if message.code == 128 + signal.SIGKILL else message.signal
        if number == signal.SIGKILL:
            after = await self._links.memory(task.node)
        lines = telling(message.lines)
        kind = cause_of_end(number, lines, before, after)
        how = how_it_ended(message.code, message.signal)
        if kind is Cause.OUT_OF_MEMORY:
            how += ": out of memory, the kernel says"
            lines += tuple(line for line in after.lines if line not in before.lines)
        text = f"the task ended with {how}{hint(lines)}"
        self.report(Failure(task.node, task.name, text, lines, kind=kind))

    async def _explain_silence(self, task: Task, silent: float) -> None:
        """See whether a silent task's node answers: else it is the node that is lost."""
        link, asked = self._links.up.get(task.node), None
        if link is None:
            return
        with suppress(NodeError, asyncio.TimeoutError):
            asked = await within(link.facts(), DEAD_AFTER)
        if asked is not None and task.name not in self._asked:
            text = f"it has given no sign of life for {silent:.0f} s: it is frozen"
            self.report(Failure(task.node, task.name, text, kind=Cause.FROZEN))
        elif asked is None and task.node in self._links.up:
            link.drop(f"the agent has not answered for {DEAD_AFTER:g} s")

    async def _look(self) -> None:
        """Look for tasks that give no sign of life while their nodes do."""
        looked = time.monotonic()
        while True:
            await asyncio.sleep(LOOK_SECONDS)
            now, before, looked = time.monotonic(), looked, time.monotonic()
            if now - before > 3 * LOOK_SECONDS:  # it is us who slept
                self._heard = dict.fromkeys(self._heard, now)
            for task in self._tasks:
                silent = now - self._heard.get(task.name, now)
                if silent > self.silence and task.node in self._links.up:
                    del self._heard[task.name]
                    self._find_out(self._explain_silence(task, silent))

    def _find_out(self, job: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(job)
        self._explaining.add(task)
        task.add_done_callback(self._explaining.discard)
