"""What the app costs while a trial trains on three nodes: processor, and bytes to the terminal.

    make bench-training          # BENCH_ARGS="--seconds 60 --report docs/console-cost.md"

A real trial on three embedded nodes, and the real app in a tmux pane of 120 by 36 cells that
follows it. Rows are repeated so that an epoch takes about as long as on the paper's boards, 1 s.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from benchmarks.figures import Target, processor_seconds, write_report

CPU, RATE = 4.0, 10.0  # % of a core, kB/s
READY_SECONDS = 120.0
SETTLE_SECONDS = 5.0  # after the app is up: it has read the log so far
PROGRAM = [sys.executable, "-m", "edgead.console.cli"]


def until(condition: Callable[[], object], what: str) -> None:
    end = time.monotonic() + READY_SECONDS
    while not condition():
        if time.monotonic() > end:
            raise SystemExit(f"not within {READY_SECONDS:g} s: {what}")
        time.sleep(0.2)


class Pane:
    """A tmux server of our own with one pane; its program's output goes to a file."""

    def __init__(self, folder: Path, command: list[str], columns: int, rows: int) -> None:
        self._socket, self.output = folder / "tmux", folder / "output"
        size = ["-x", str(columns), "-y", str(rows)]
        self.run("-f", "/dev/null", "new-session", "-d", *size, *command)
        self.run("pipe-pane", "-O", f"cat >>{self.output}")

    def run(self, *words: str) -> str:
        done = subprocess.run(
            ["tmux", "-S", str(self._socket), *words], capture_output=True, text=True, check=True
        )
        return done.stdout

    def text(self) -> str:
        return self.run("capture-pane", "-p")

    def pid(self) -> int:
        return int(self.run("display-message", "-p", "#{pane_pid}"))

    def written(self) -> int:
        return self.output.stat().st_size if self.output.exists() else 0


def epochs_of(home: Path) -> int:
    log = home / "runs" / "T-001" / "events.jsonl"
    if not log.exists():
        return 0
    kinds = [json.loads(line)["kind"] for line in log.read_text().splitlines() if line[-1:] == "}"]
    return kinds.count("epoch")


def measure(folder: Path, rows: int, seconds: float, size: tuple[int, int]) -> list[Target]:
    home = folder / "home"
    os.environ["EDGEAD_HOME"] = str(home)
    words = ["trial", "run", "paper-kdd99", "--set", "epochs=2000", "--set", f"rows={rows}"]
    with (folder / "trial.log").open("wb") as log:
        trial = subprocess.Popen([*PROGRAM, *words], stdout=log, stderr=log)
    pane = None
    try:
        until(lambda: epochs_of(home) >= 2 or trial.poll() is not None, "the trial trains")
        if trial.poll() is not None:
            raise SystemExit((folder / "trial.log").read_text())
        pane = Pane(folder, PROGRAM, *size)
        until(lambda: "T-001" in pane.text() and "3/3 up" in pane.text(), "the app is up")
        if "Welcome" in pane.text():
            pane.run("send-keys", "Escape")
            time.sleep(1.0)  # with what comes at once it would be another key
        pane.run("send-keys", "2")
        until(lambda: "Loss · log" in pane.text(), "the trial's plots are in sight")
        time.sleep(SETTLE_SECONDS)
        pid, began, epochs = pane.pid(), time.monotonic(), epochs_of(home)
        used, written = processor_seconds(pid), pane.written()
        time.sleep(seconds)
        wall = time.monotonic() - began
        return [
            Target("processor, % of a core", 100 * (processor_seconds(pid) - used) / wall, CPU),
            Target("to the terminal, kB/s", (pane.written() - written) / wall / 1000, RATE),
            Target("epochs a second", (epochs_of(home) - epochs) / wall),
        ]
    finally:
        if pane is not None:
            pane.run("kill-server")
        trial.terminate()
        trial.wait()


def main() -> int:
    """Measure, print, and write the page's part; exit code 1 where a target is missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=1_500_000, metavar="N")
    parser.add_argument("--seconds", type=float, default=30.0, metavar="N")
    parser.add_argument("--size", default="120x36", metavar="COLUMNSxROWS")
    parser.add_argument("--report", type=Path, metavar="FILE")
    options = parser.parse_args()
    columns, rows = map(int, options.size.split("x"))
    with tempfile.TemporaryDirectory() as name:
        found = measure(Path(name), options.rows, options.seconds, (columns, rows))
    said = (
        f"A trial of {options.rows:,} rows on three embedded nodes, followed by the app in a tmux"
        f" pane of {columns} by {rows} cells for {options.seconds:g} s."
        " Made by `make bench-training`."
    )
    return write_report(options.report, "While a trial trains", said, found)


if __name__ == "__main__":
    sys.exit(main())
