"""Hearing a node out: at a pace that leaves us time for others, and never for ever."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable
from typing import TypeVar

import asyncssh

from edgead.agents.errors import AgentFailed
from edgead.agents.waiting import within

PIECE = 1 << 14  # bytes: handled in some milliseconds, whatever they are
# All that asyncssh holds: with each read, however small, it lets the node send 2 MiB more.
GULP = 1 << 23
REST = 9  # times as long as a piece took: who floods us gets a tenth of our time
# Seconds. What takes longer is no piece but our own disk or terminal, and silence has a meaning.
MOST_REST = 0.5
SECONDS = 20.0  # for an SSH server to open a channel or a port

Result = TypeVar("Result")


async def pieces(source: asyncssh.SSHReader[bytes]) -> AsyncIterator[bytes]:
    """Yield what comes, and rest after each piece; SSH's flow control holds the node back."""
    while gulp := await source.read(GULP):
        for at in range(0, len(gulp), PIECE):
            began = time.monotonic()
            yield gulp[at : at + PIECE]
            await asyncio.sleep(min(MOST_REST, REST * (time.monotonic() - began)))


async def in_time(job: Awaitable[Result], node: str, what: str, seconds: float = SECONDS) -> Result:
    """Wait for something that the node has to do; raises AgentFailed where it does not."""
    try:
        return await within(job, seconds)
    except asyncio.TimeoutError:
        raise AgentFailed(node, f"{what}: no answer within {seconds:g} s") from None
