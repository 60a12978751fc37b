"""LocalLogs: what programs have written: of the run on the plots, of nodes, of this machine."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Sequence
from pathlib import Path

from edgead.console import paths
from edgead.console.errors import UsageError
from edgead.console.narration import printable
from edgead.console.regular import open_to_read
from edgead.console.session.local.history import LocalHistory
from edgead.console.session.local.nodes import LocalNodes
from edgead.console.session.session import LogSource

MOST_BYTES = 1 << 20
RUN, EVENTS, EMBEDDED, CONTAINER, TASK = "run", "events", "embedded", "container:", "task:"


class LocalLogs:
    """The logs there are, by key."""

    def __init__(self, history: LocalHistory, nodes: LocalNodes) -> None:
        self._history, self._nodes = history, nodes

    def sources(self) -> Sequence[LogSource]:
        """Give the logs there are now."""
        found = []
        if self._history.run is not None:
            name = self._history.run.name
            found.append(LogSource(RUN, f"{name} console.log"))
            found.append(LogSource(EVENTS, f"{name} events.jsonl"))
        trial = self._history.trial
        for task in (trial.tasks if trial is not None else {}).values():
            name = f"{task.role} {task.index}"
            found.append(LogSource(f"{TASK}{name}", f"{name}, last lines"))
        for name, status in self._nodes.fleet.statuses.items():
            if status.node.container:
                found.append(LogSource(f"{CONTAINER}{name}", f"{name} container"))
        if self._nodes.fleet.embedded:
            found.append(LogSource(EMBEDDED, "embedded nodes"))
        return found

    async def read(self, key: str) -> list[str]:
        """Read a log's latest lines. Raises ConsoleError where it can't be read."""
        run = self._history.run
        if key.startswith(CONTAINER):
            lines = await self._nodes.container_log(key.removeprefix(CONTAINER))
        elif key == EMBEDDED:
            lines = await asyncio.to_thread(last_lines, paths.embedded_folder() / "nodes.log")
        elif run is None:
            raise UsageError("no trial is shown: s starts one, 2 lists those there are")
        elif key == RUN:
            lines = await asyncio.to_thread(last_lines, run.log_path)
        elif key == EVENTS:
            lines = await asyncio.to_thread(last_lines, run.events_path)
        else:
            lines = await asyncio.to_thread(self._of_task, key.removeprefix(TASK))
        return await asyncio.to_thread(lambda: [printable(line) for line in lines])

    def _of_task(self, task: str) -> list[str]:
        """Give what a task said last, as its end was told with it."""
        run = self._history.run
        lines: list[str] = []
        for event in run.events() if run is not None else ():
            if event.kind == "task" and f"{event.get('role')} {event.get('index')}" == task:
                said = event.get("lines")
                said = said if isinstance(said, list) else []
                lines += [f"{event.time[11:19]} {event.get('state')}", *map(str, said)]
        return lines


def last_lines(path: Path) -> list[str]:
    """Give the lines in the last MiB of a file. Raises UsageError where it can't be read."""
    try:
        with open_to_read(path) as file:
            size = file.seek(0, os.SEEK_END)
            file.seek(max(0, size - MOST_BYTES))
            lines = file.read().decode(errors="replace").splitlines()
    except FileNotFoundError:
        return []
    except OSError as error:
        raise UsageError(f"{path}: can't be read: {error.strerror}") from None
    return lines[1:] if size > MOST_BYTES else lines
