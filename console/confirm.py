"""A question at the terminal that Ctrl-C ends like anything else."""

from __future__ import annotations

import asyncio
import os
import sys


def can_ask() -> bool:
    """Whether there is somebody to answer: a terminal on both sides."""
    return all(stream is not None and stream.isatty() for stream in (sys.stdin, sys.stderr))


async def confirm(question: str) -> bool:
    """Put a question with yes or no; only `y` or `yes` is yes. No answer (Ctrl-D) is no."""
    print(f"{question} [y/N] ", end="", file=sys.stderr, flush=True)
    # input() would hold up the event loop, and with it the signals that end a command.
    loop = asyncio.get_running_loop()
    answered: asyncio.Future[bytes] = loop.create_future()
    descriptor = sys.stdin.fileno()

    def read() -> None:
        if not answered.done():
            answered.set_result(os.read(descriptor, 1024))

    loop.add_reader(descriptor, read)
    try:
        return (await answered).strip().lower() in (b"y", b"yes")
    finally:
        loop.remove_reader(descriptor)
