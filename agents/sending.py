"""Send a file to a command on a node: its standard input, as large as it may be."""

from __future__ import annotations

import asyncio
import shlex
from collections.abc import Callable, Sequence
from pathlib import Path

import asyncssh

from edgead.agents.errors import AgentFailed
from edgead.agents.hearing import in_time, pieces
from edgead.agents.protocol import printable

CHUNK = 1 << 18
MOST_ANSWER = 1 << 16
PIECE_SECONDS = 120.0  # for a node to take a piece
LAST_SECONDS = 3600.0  # to be done with the file once it has it


async def send_file(
    ssh: asyncssh.SSHClientConnection,
    node: str,
    argv: Sequence[str],
    path: Path,
    progress: Callable[[int, int], None],
) -> tuple[int, str]:
    """Run a command with a file as its input; gives its exit code and what it printed.

    Raises AgentFailed when the node is lost, OSError when the file can't be read.
    """
    size, done = path.stat().st_size, 0
    try:
        with path.open("rb") as file:
            opening = ssh.create_process(
                shlex.join(argv), encoding=None, request_pty=False, stderr=asyncssh.STDOUT
            )
            process = await in_time(opening, node, argv[0])
            answer = asyncio.ensure_future(_last_words(process.stdout))
            try:
                while (data := await asyncio.to_thread(file.read, CHUNK)) and not answer.done():
                    process.stdin.write(data)
                    await in_time(process.stdin.drain(), node, argv[0], PIECE_SECONDS)
                    progress(done := done + len(data), size)
                process.stdin.write_eof()
            except (BrokenPipeError, asyncssh.Error):
                pass  # it has heard enough; what it says tells why
            said = await in_time(answer, node, argv[0], LAST_SECONDS)
            lines = said.decode("utf-8", "replace").splitlines()
            output = "\n".join(map(printable, lines))
            ended = await process.wait()
    except asyncssh.Error as error:
        raise AgentFailed(node, f"{argv[0]}: {printable(str(error))}") from None
    if ended.exit_status is None:
        raise AgentFailed(node, f"{argv[0]}: the node is lost")
    return ended.exit_status, output


async def _last_words(source: asyncssh.SSHReader[bytes]) -> bytes:
    """Read to the end; keep the last MOST_ANSWER bytes."""
    said = b""
    async for data in pieces(source):
        said = (said + data)[-MOST_ANSWER:]
    return said
