"""Logging in where it works, and where it must not."""

from __future__ import annotations

import asyncio
import subprocess

import pytest

from edgead.agents.address import NodeAddress
from edgead.agents.errors import NodeError
from edgead.agents.login import log_in


async def said_by(address: NodeAddress, command: str = "echo hello") -> str:
    connection = await log_in(address)
    try:
        return str((await connection.run(command, check=True)).stdout)
    finally:
        connection.close()
        await connection.wait_closed()


async def refused(address: NodeAddress, kind: type[NodeError]) -> NodeError:
    with pytest.raises(kind) as caught:
        await log_in(address)
    text = str(caught.value)
    assert type(caught.value) is kind and "\n" not in text and text.startswith("board: ")
    return caught.value


async def run(*command: str) -> str:
    done = await asyncio.to_thread(subprocess.run, command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return str(done.stdout)
