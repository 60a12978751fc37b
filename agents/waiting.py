"""Waiting for something, but not for ever, and not against whoever calls it off."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from typing import TypeVar

Result = TypeVar("Result")


async def within(job: Awaitable[Result], seconds: float) -> Result:
    """Wait for at most so long; raises asyncio.TimeoutError, and the job is called off.

    As asyncio.wait_for; but that loses a cancellation that comes when the job is just done (until
    Python 3.12), so who reads line after line of a busy stream could not be stopped.
    """
    task = asyncio.ensure_future(job)
    try:
        done, _ = await asyncio.wait({task}, timeout=seconds)
        if not done:
            task.cancel()
            await asyncio.wait({task})
    except asyncio.CancelledError:
        task.cancel()
        await asyncio.wait({task})  # it may have to clear up
        raise
    if not done and task.cancelled():
        raise asyncio.TimeoutError
    return task.result()
