"""A Python program on a node, over a channel of its own: lines in, lines out."""

from __future__ import annotations

import asyncio
import shlex
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import suppress

import asyncssh

from edgead.agents.errors import AgentFailed
from edgead.agents.hearing import in_time, pieces
from edgead.agents.protocol import ProtocolError, printable, split
from edgead.agents.waiting import within

ENDING = 5.0  # seconds that a program has to go once its stdout has ended
LEAVING = 3.0  # seconds that it has to clear up once its stdin has ended

# Code that lies in the cache of staged files (shards.py) is run where it lies.
# The empty entry of sys.path is the working folder, whose files must not shadow modules.
_BOOT = """
import os, runpy, sys
sys.path[:] = [path for path in sys.path if path]
base = os.environ.get("XDG_CACHE_HOME", "")
base = base if os.path.isabs(base) else os.path.join(os.path.expanduser("~"), ".cache")
os.chdir(os.path.join(base, "edgead", "shards"))
os.environ.update({env!r})
sys.path.insert(0, os.path.abspath({file!r}))
runpy.run_module({module!r}, run_name="__main__", alter_sys=True)
"""


class Program:
    """A program that runs on a node."""

    def __init__(self, node: str, process: asyncssh.SSHClientProcess[bytes]) -> None:
        self._node, self._process = node, process

    @classmethod
    async def start(
        cls,
        ssh: asyncssh.SSHClientConnection,
        node: str,
        python: Sequence[str],
        file: str,
        module: str,
        env: Mapping[str, str],
    ) -> Program:
        """Run a module out of a staged zip `file`. Raises AgentFailed."""
        code = _BOOT.format(env=dict(env), file=file, module=module)
        command = f"exec {shlex.join((*python, '-uc', code))}"
        try:
            opening = ssh.create_process(command, encoding=None, request_pty=False)
            process: asyncssh.SSHClientProcess[bytes] = await in_time(
                opening, node, f"{module} can't be started"
            )
        except (OSError, asyncssh.Error) as error:
            raise AgentFailed(node, f"{module} can't be started: {error}") from None
        return cls(node, process)

    def write(self, line: bytes) -> None:
        """Send a line; what goes wrong with that shows in what comes back."""
        with suppress(OSError, asyncssh.Error):
            self._process.stdin.write(line)

    async def lines(self) -> AsyncIterator[bytes]:
        """Yield its lines until there are no more. Raises AgentFailed for one without end."""
        buffer = bytearray()
        try:
            async for data in pieces(self._process.stdout):
                for line in split(buffer, data):
                    yield line
        except (OSError, asyncssh.Error, ProtocolError) as error:
            raise AgentFailed(self._node, f"what the program says is lost: {error}") from None

    async def errors(self, hear: Callable[[bytes], None]) -> None:
        """Hand on what it writes to stderr, until that ends."""
        with suppress(OSError, asyncssh.Error):
            async for data in pieces(self._process.stderr):
                hear(data)

    async def end(self) -> str:
        """Say how it ended: exit code, signal or a lost link; nothing where it ended well."""
        with suppress(asyncio.TimeoutError):
            await within(self._process.wait_closed(), ENDING)
        if self._process.exit_signal is not None:
            return f"signal {printable(self._process.exit_signal[0])}"
        code = self._process.exit_status
        return "" if code == 0 else "a lost link" if code is None else f"exit code {code}"

    async def close(self) -> None:
        """End it, by the end of its stdin, and where that takes it too long of its channel."""
        with suppress(OSError, asyncssh.Error):
            self._process.stdin.write_eof()
        with suppress(asyncio.TimeoutError):
            await within(self._process.wait_closed(), LEAVING)
        self._process.close()
