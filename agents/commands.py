"""Commands on a node through its agent: many at a time, each with a deadline, none left behind."""

from __future__ import annotations

import asyncio
import itertools
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

from edgead.agents.address import NodeAddress
from edgead.agents.connection import NodeConnection, connect
from edgead.agents.errors import AgentFailed
from edgead.agents.messages import Exit, Line, Message
from edgead.agents.protocol import one_line
from edgead.agents.waiting import within

MOST_OUTPUT = 64 << 10  # characters of one command that are kept
ENDING = 3.0  # seconds that the agent has to end what is late
MOST_ERROR = 200
NOT_FOUND = 127  # what a shell says of a command that is not there
PREFIX = "command "

Hear = Callable[[str], None]


@dataclass(frozen=True)
class Outcome:
    """How a command ended.

    Attributes:
        code: its exit code; None where it was late, or was ended by a signal.
        output: what it printed, on both of its outputs, bounded and printable.
        late: the deadline came first.
        dropped: how many lines were too many to be sent.
        began: seconds since 1970, by this machine's clock, when it was sent.
        seconds: how long it took, there and back.
    """

    code: int | None
    output: str = ""
    late: bool = False
    dropped: int = 0
    began: float = 0.0
    seconds: float = 0.0

    @property
    def ok(self) -> bool:
        """Whether it ended well."""
        return self.code == 0

    @property
    def last(self) -> str:
        """The last line it said that is not empty."""
        return next((line for line in reversed(self.output.splitlines()) if line.strip()), "")

    @property
    def error(self) -> str:
        """The line that tells best what went wrong, bounded."""
        lines = self.output.splitlines()
        wrong = next((line for line in lines if "ERROR" in line or "rror:" in line), self.last)
        said = one_line(wrong)[:MOST_ERROR]
        return said or ("no answer in time" if self.late else f"exit code {self.code}")


@dataclass
class _Running:
    on_line: Hear
    ended: asyncio.Future[Exit]
    lines: list[str] = field(default_factory=list)
    room: int = MOST_OUTPUT
    dropped: int = 0

    def take(self, line: str, dropped: int) -> None:
        self.on_line(line)
        self.dropped += dropped
        if self.room > 0:
            self.lines.append(line[: self.room])
        self.room -= len(line) + 1


class Commands:
    """Runs commands on one node. Whoever owns the connection passes its messages to `hear`."""

    def __init__(self) -> None:
        self._connection: NodeConnection | None = None
        self._numbers = itertools.count(1)
        self._running: dict[str, _Running] = {}

    def use(self, connection: NodeConnection) -> None:
        """Run them over this connection."""
        self._connection = connection

    @property
    def connection(self) -> NodeConnection:
        """The connection they run over."""
        assert self._connection is not None
        return self._connection

    def hear(self, message: Message) -> None:
        """Take what the agent says; what is not about a command is left alone."""
        running = self._running.get(getattr(message, "task", ""))
        if running is None:
            return
        if isinstance(message, Line):
            running.take(message.line, message.dropped)
        elif isinstance(message, Exit) and not running.ended.done():
            running.ended.set_result(message)

    async def run(
        self,
        argv: Sequence[str],
        *,
        timeout: float,
        stdin: str = "",
        on_line: Hear = lambda line: None,
    ) -> Outcome:
        """Run a command to its end or its deadline, in seconds; AgentFailed when the node is lost.

        What is late, or cancelled, is ended with all it has started. A program that is not there
        is no failure of the node: the exit code is that of a shell, 127.
        """
        name = f"{PREFIX}{next(self._numbers)}"
        running = _Running(on_line, asyncio.get_running_loop().create_future())
        self._running[name] = running
        began, start = time.time(), time.monotonic()
        try:
            job = self._to_end(name, argv, stdin, running)
            code, late = await within(job, timeout), False
        except asyncio.TimeoutError:
            code, late = None, True
        finally:
            del self._running[name]
            if not running.ended.done():
                await self._end(name)
        output = "\n".join(running.lines)
        return Outcome(code, output, late, running.dropped, began, time.monotonic() - start)

    async def _to_end(
        self, name: str, argv: Sequence[str], stdin: str, running: _Running
    ) -> int | None:
        """Start it and wait for its exit code; raises AgentFailed where the link's end is first."""
        closed = self.connection.closed
        try:
            await self.connection.start_task(name, argv, {}, stdin)
        except AgentFailed as error:
            if closed.done():
                raise
            running.take(error.text, 0)
            return NOT_FOUND
        either: set[asyncio.Future[Any]] = {running.ended, closed}
        await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
        if running.ended.done():
            return running.ended.result().code
        raise AgentFailed(self.connection.address.name, closed.result())

    async def _end(self, name: str) -> None:
        with suppress(AgentFailed, asyncio.TimeoutError):
            await within(self.connection.stop_task(name, 1.0), ENDING)


@asynccontextmanager
async def commands_on(address: NodeAddress, *, timeout: float = 10.0) -> AsyncIterator[Commands]:
    """Connect to a node for some commands; raises NodeError."""
    commands = Commands()
    connection = await connect(address, timeout=timeout, on_event=commands.hear)
    commands.use(connection)
    try:
        yield commands
    finally:
        await connection.close()


def as_root(*argv: str) -> list[str]:
    """Return the command that runs this one as root, and never asks for a password.

    Should it hang, nobody but root can end it: sudo passes signals on, but takes none from us.
    """
    script = 'if [ "$(id -u)" = 0 ]; then exec "$@"; else exec sudo -n "$@"; fi'
    return ["sh", "-c", script, "sh", *argv]
