"""trial replay: a run's events again, at any speed."""

from __future__ import annotations

import argparse
import asyncio
from collections.abc import Callable

from edgead.console import output, paths
from edgead.console.errors import DONE
from edgead.console.events import Event
from edgead.console.interrupt import run_until_signal
from edgead.console.runs.playback import Playback, checked_speed
from edgead.console.runs.store import Store

TICK_SECONDS = 0.05


def replay(args: argparse.Namespace) -> int:
    """Tell a run's events at the pace they came, or so many times as fast."""
    speed = checked_speed(args.speed, "--speed")
    run = Store(paths.runs_folder()).open(args.run)
    tell = output.print_event if args.json else output.narrate_event
    return run_until_signal(_replay(Playback(list(run.events()), speed), tell))


async def _replay(playback: Playback, tell: Callable[[Event], None]) -> int:
    passed = 0.0
    while True:
        for event in playback.pass_time(passed):
            tell(event)
        if playback.over:
            return DONE
        began = asyncio.get_running_loop().time()
        await asyncio.sleep(TICK_SECONDS)
        passed = asyncio.get_running_loop().time() - began
