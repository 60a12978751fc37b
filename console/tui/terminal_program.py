"""A program that has the terminal for a while, in the app's place: a shell on a node."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from textual.app import App


async def run_in_terminal(app: App[Any], argv: Sequence[str], title: str) -> int:
    """Give the terminal to a program until it ends; give its exit code.

    The app lives on behind it, and draws nothing. Raises OSError, and SuspendNotSupported where
    there is no terminal.
    """
    with app.suspend(), app.batch_update(), _interrupts_are_for_others():
        os.write(1, f"{title}\r\n".encode())
        process = await asyncio.create_subprocess_exec(*argv)
        try:
            return await process.wait()
        finally:
            if process.returncode is None:  # the app is being closed
                process.terminate()


@contextmanager
def _interrupts_are_for_others() -> Iterator[None]:
    """Let Ctrl-C end what is in the foreground, not the app behind it, which gets it too."""
    before = signal.signal(signal.SIGINT, lambda *_: None)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
