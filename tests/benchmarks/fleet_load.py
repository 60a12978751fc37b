"""What a hundred nodes cost the console: processor time and the event loop's lag, at 1 Hz.

    make bench-fleet             # BENCH_ARGS="--nodes 100 --seconds 60 --report docs/telemetry.md"

The nodes are real SSH servers with a real agent each, in a process of their own; a tegrastats on
their PATH replays real lines. The console is the real app on a screen of 120 by 36 cells.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from edgead.console.runs.store import Store
from edgead.console.session.local_session import LocalSession
from edgead.console.tui.app import ConsoleApp

LOG = Path(__file__).parents[1] / "testbed/skeleton/jetpack-5.1/usr/share/virtual-board/tegrastats"
REPLAY = """#!/bin/sh
while :; do while read -r line; do echo "$line"; sleep 1; done <{log}; done
"""
TARGET_CPU, TARGET_LAG = 15.0, 20.0  # % of a core; ms, p99
READY_SECONDS = 120.0
TICK = 0.005


async def measure(cluster: Path, home: Path, nodes: int, seconds: float) -> dict[str, float]:
    """Run the app until all nodes are up, then watch it for so long."""
    session = LocalSession(Store(home / "runs"), cluster, home)
    app = ConsoleApp(session, home)
    async with app.run_test(size=(120, 36)):
        end = time.monotonic() + READY_SECONDS
        while not all(each.telemetry for each in session.fleet.statuses.values()) or not (
            session.fleet.statuses
        ):
            if time.monotonic() > end:
                raise SystemExit(f"only {session.fleet.up} of {nodes} nodes came up")
            await asyncio.sleep(0.2)
        before = sum(each.samples for each in session.fleet.statuses.values())
        began, used, lags = time.monotonic(), time.process_time(), []
        while time.monotonic() - began < seconds:
            asked = time.monotonic()
            await asyncio.sleep(TICK)
            lags.append(1000 * (time.monotonic() - asked - TICK))
        wall, used = time.monotonic() - began, time.process_time() - used
        after = sum(each.samples for each in session.fleet.statuses.values())
    lags.sort()
    return {
        "samples a second": (after - before) / wall,
        "processor, % of a core": 100 * used / wall,
        "event loop's lag, median ms": statistics.median(lags),
        "event loop's lag, p99 ms": lags[int(0.99 * len(lags))],
        "event loop's lag, most ms": lags[-1],
    }


def serve(folder: Path, count: int) -> subprocess.Popen[bytes]:
    """Start the nodes in a process of their own."""
    tools = folder / "bin"
    tools.mkdir()
    tegrastats = tools / "tegrastats"
    tegrastats.write_text(REPLAY.format(log=LOG / "mode-0.log"))
    tegrastats.chmod(0o755)
    command = [sys.executable, "-m", "edgead.agents.embedded", str(folder / "nodes")]
    return subprocess.Popen(
        [*command, "--count", str(count), "--idle", "600"],
        env={**os.environ, "PATH": f"{tools}:{os.environ['PATH']}"},
        stdout=subprocess.DEVNULL,
    )


def main() -> int:
    """Measure, print, and write the page if asked; exit code 1 where a target is missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--nodes", type=int, default=100, metavar="N")
    parser.add_argument("--seconds", type=float, default=30.0, metavar="N")
    parser.add_argument("--report", type=Path, metavar="FILE")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        served = serve(folder, options.nodes)
        try:
            cluster = folder / "nodes" / "cluster.toml"
            while not cluster.exists():
                time.sleep(0.1)
            home = folder / "home"
            home.mkdir()
            found = asyncio.run(measure(cluster, home, options.nodes, options.seconds))
        finally:
            served.terminate()
            served.wait()
    lines = ["| | measured | target |", "|---|---|---|"]
    targets = {"processor, % of a core": TARGET_CPU, "event loop's lag, p99 ms": TARGET_LAG}
    for text, value in found.items():
        target = f"below {targets[text]:g}" if text in targets else ""
        lines.append(f"| {text} | {value:.1f} | {target} |")
    print("\n".join(lines))
    if options.report:
        words = (
            f"{options.nodes} nodes at 1 Hz for {options.seconds:g} s, watched by the app on a"
            f" screen of 120 by 36 cells. The nodes, {options.nodes} agents and SSH servers, share"
            f" the machine's {os.cpu_count()} cores with it."
        )
        page = [
            "# Telemetry of many nodes",
            "",
            "Made by `make bench-fleet`.",
            "",
            words,
            "",
            *lines,
        ]
        options.report.write_text("\n".join(page) + "\n")
    return int(any(found[text] >= target for text, target in targets.items()))


if __name__ == "__main__":
    sys.exit(main())
