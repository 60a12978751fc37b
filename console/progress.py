"""Progress on the terminal: one line on stderr that is kept up to date while something runs."""

from __future__ import annotations

import asyncio
import shutil
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from edgead.console.output import say

SECONDS = 0.1


@asynccontextmanager
async def progress(text: Callable[[], str], *, elsewhere: str = "") -> AsyncIterator[None]:
    """Show a text that changes until the block ends; then the line is gone.

    Where there is no terminal, `elsewhere` is said once.
    """
    if not sys.stderr.isatty():
        if elsewhere:
            say(elsewhere)
        yield
        return
    shown = asyncio.ensure_future(_keep(text))
    try:
        yield
    finally:
        shown.cancel()
        await asyncio.gather(shown, return_exceptions=True)


async def _keep(text: Callable[[], str]) -> None:
    try:
        while True:
            line = text()[: shutil.get_terminal_size().columns - 1]
            print(f"\r{line}\x1b[K", end="", file=sys.stderr, flush=True)
            await asyncio.sleep(SECONDS)
    finally:
        print("\r\x1b[K", end="", file=sys.stderr, flush=True)
