"""Waiting with a deadline, which whoever calls it off ends."""

from __future__ import annotations

import asyncio

import pytest

from edgead.agents.waiting import within


async def test_what_comes_in_time_is_given() -> None:
    assert await within(asyncio.sleep(0, "done"), 60) == "done"
    with pytest.raises(ZeroDivisionError):
        await within(_fails(), 60)


async def test_what_does_not_is_called_off() -> None:
    job = asyncio.ensure_future(asyncio.Event().wait())
    with pytest.raises(asyncio.TimeoutError):
        await within(job, 0.0)
    assert job.cancelled()


async def test_a_cancellation_is_not_lost_when_the_job_is_just_done() -> None:
    job = asyncio.get_running_loop().create_future()
    waiting = asyncio.ensure_future(within(job, 60))
    await asyncio.sleep(0)
    job.set_result("a line")
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting


async def test_called_off_it_calls_the_job_off() -> None:
    job = asyncio.ensure_future(asyncio.Event().wait())
    waiting = asyncio.ensure_future(within(job, 60))
    await asyncio.sleep(0)
    waiting.cancel()
    await asyncio.wait({job, waiting})
    assert job.cancelled() and waiting.cancelled()


async def test_who_called_it_off_waits_until_the_job_has_cleared_up() -> None:
    cleared = []

    async def work() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            await asyncio.sleep(0)
            cleared.append(True)

    waiting = asyncio.ensure_future(within(work(), 60))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    waiting.cancel()
    await asyncio.wait({waiting})
    assert cleared and waiting.cancelled()


async def _fails() -> None:
    raise ZeroDivisionError
