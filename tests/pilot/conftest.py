"""What the pilot tests share: a way to wait."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest


@pytest.fixture
def until():
    """Wait until something holds; fail after half a minute."""

    async def wait(holds: Callable[[], object]) -> None:
        async with asyncio.timeout(30):
            while not holds():  # noqa: ASYNC110 - anything may be waited for
                await asyncio.sleep(0.01)

    return wait
