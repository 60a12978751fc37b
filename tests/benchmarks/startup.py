"""How soon the app is there: from starting the program to its first and to its full paint.

    make bench-startup           # BENCH_ARGS="--runs 10 --report docs/console-cost.md"

The real program in a pty of 120 by 36 cells, its output read by a terminal emulator. The first
paint is the first text on the screen; the full one has the first area's panels and the footer.
"""

from __future__ import annotations

import argparse
import os
import select
import signal
import statistics
import struct
import sys
import tempfile
import time
from pathlib import Path

import pyte

from benchmarks.figures import Target, processor_seconds, write_report

FIRST, FULL = 0.6, 1.2  # s
PANELS = ("Fleet", "Events", "Quit")
MOST_SECONDS = 30.0


def start_once(command: list[str], home: Path) -> tuple[float, float, float]:
    """Start the program; gives its seconds to the first and to the full paint, and of processor."""
    import fcntl
    import pty
    import termios

    screen = pyte.Screen(120, 36)
    stream = pyte.ByteStream(screen)
    environment = {**os.environ, "EDGEAD_HOME": str(home), "TERM": "xterm-256color"}
    began = time.monotonic()
    pid, terminal = pty.fork()
    if pid == 0:
        os.execvpe(command[0], command, environment)
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 36, 120, 0, 0))
    first = full = used = 0.0
    try:
        while not full and time.monotonic() - began < MOST_SECONDS:
            if select.select([terminal], [], [], 0.1)[0]:
                stream.feed(os.read(terminal, 1 << 16))
                now, shown = time.monotonic() - began, "\n".join(screen.display)
                first = first or (now if shown.strip() else 0.0)
                full = now if all(panel in shown for panel in PANELS) else 0.0
                used = processor_seconds(pid)
    finally:
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
        os.close(terminal)
    if not full:
        raise SystemExit(f"no full paint within {MOST_SECONDS:g} s:\n{shown}")
    return first, full, used


def main() -> int:
    """Measure, print, and write the page's part; exit code 1 where a target is missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=10, metavar="N")
    parser.add_argument("--report", type=Path, metavar="FILE")
    options = parser.parse_args()
    command = [sys.executable, "-m", "edgead.console.cli"]
    with tempfile.TemporaryDirectory() as name:
        start_once(command, Path(name) / "home")  # files into the cache, bytecode onto the disk
        found = [start_once(command, Path(name) / "home") for _ in range(options.runs)]
    firsts, fulls, used = zip(*found, strict=True)
    targets = [
        Target("first paint, median s", statistics.median(firsts), FIRST),
        Target("first paint, slowest s", max(firsts)),
        Target("full paint, median s", statistics.median(fulls), FULL),
        Target("full paint, slowest s", max(fulls)),
        Target("processor until then, median s", statistics.median(used)),
    ]
    said = (
        f"{options.runs} starts of the real program in a pty of 120 by 36 cells, no cluster file."
    )
    return write_report(options.report, "Start", f"{said} Made by `make bench-startup`.", targets)


if __name__ == "__main__":
    sys.exit(main())
