"""Stopping a trial from another process: its supervisor is asked, and waited for."""

from __future__ import annotations

import asyncio
import os
import signal
from contextlib import suppress

from edgead.console.errors import UnreachableError
from edgead.console.runs.store import Run

STOP_SECONDS = 30.0
POLL_SECONDS = 0.05


async def stop_run(run: Run, pid: int) -> None:
    """Ask the supervisor of this pid to stop; return once it has. Raises UnreachableError."""
    with suppress(ProcessLookupError):
        os.kill(pid, signal.SIGTERM)
    for _ in range(int(STOP_SECONDS / POLL_SECONDS)):
        if run.supervisor() is None:
            return
        await asyncio.sleep(POLL_SECONDS)
    raise UnreachableError(f"{run.name} has not stopped within {STOP_SECONDS:.0f} s")
