"""What a chief prints, read line by line."""

import asyncio
import sys

import pytest

from edgead.console.running.chief_process import LINE_LIMIT, next_line
from edgead.console.running.failure import Failure


async def test_a_line_without_end_is_one_failure():
    program = f"print('short'); print('x' * {LINE_LIMIT + 100})"
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", program, stdout=asyncio.subprocess.PIPE, limit=LINE_LIMIT
    )
    assert await next_line(process) == b"short\n"
    with pytest.raises(Failure, match="the chief sent a line of more than 1 MiB"):
        await next_line(process)
    process.kill()
    await process.wait()
