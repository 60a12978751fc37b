"""What drawing a plot anew costs with three nodes, and with a hundred.

    make bench-plots             # BENCH_ARGS="--report docs/console-cost.md"

The real app on a screen of 120 by 36 cells, over a run of 300 epochs whose log has all that such a
trial says. A plot is drawn at most every TRIAL_SECONDS, and then in one go: meanwhile no key is
heard.
"""

from __future__ import annotations

import argparse
import asyncio
import math
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from benchmarks.figures import Target, write_report
from edgead.console.events import event
from edgead.console.runs.store import Run, Store
from edgead.console.session.local_session import LocalSession
from edgead.console.tui.app import ConsoleApp
from edgead.console.tui.widgets.plots import PLOTS
from edgead.console.tui.widgets.strips import StripView
from edgead.models.spec import read_spec

EPOCHS, DRAWN = 300, 15
FEW, MANY = 3, 100
WAIT = 50.0  # ms that nobody notices


def said(epoch: int, nodes: int) -> Iterator[tuple[str, dict[str, object]]]:
    """Give the events of one epoch."""
    loss = 0.1 + 5 * math.exp(-epoch / 50)
    parts = [
        {"worker": n, "rows": 12_288, "seconds": 0.2 + n / 1000, "loss": loss + n / 1000}
        for n in range(nodes)
    ]
    yield "round", {"epoch": epoch, "step": 37, "steps": 37, "parts": parts}
    for n in range(nodes):
        sample = {"power_mw": 9000 + epoch * n % 500, "celsius": 50.0, "cpu": 60.0, "gpu": 80.0}
        yield "telemetry", {"node": f"node-{n:03}", "source": "tegrastats", **sample}
    yield "epoch", {"epoch": epoch, "epochs": EPOCHS, "loss": loss, "seconds": 1.0}


def write(run: Run, nodes: int) -> None:
    """Write the log of a trial that is over."""
    tasks = [{"role": "worker", "index": n, "node": f"node-{n:03}"} for n in range(nodes)]
    spec = run.spec().to_mapping()
    events = [event("started", run=run.name, spec=spec, tasks=tasks)]
    for epoch in range(1, EPOCHS + 1):
        events += [event(kind, **data) for kind, data in said(epoch, nodes)]
    for split in ("validation", "test"):
        events += [
            event("scoring", split=split, done=done, rows=100_000)
            for done in range(0, 100_001, 1000)
        ]
    events.append(event("result", run=run.name, state="finished", seconds={"total": 300.0}))
    run.events_path.write_text("".join(each.to_line() for each in events))


async def measure(folder: Path, nodes: int) -> dict[str, float]:
    """Give each plot's median milliseconds."""
    store = Store(folder / "runs")
    run = store.create(read_spec({"preset": "kdd99", "epochs": EPOCHS}))
    write(run, nodes)
    app = ConsoleApp(LocalSession(store, None, folder), folder)
    found = {}
    async with app.run_test(size=(120, 36)) as pilot:
        await app.session.history.show(run.name)
        await pilot.press("escape", "2")
        for kind in PLOTS:
            plot = app.screen.query_one(f"#{kind.name}", StripView)
            while not plot.display or not plot.size:
                await pilot.press("]")
            took = []
            for _ in range(DRAWN):
                began = time.perf_counter()
                plot.draw()
                took.append(1000 * (time.perf_counter() - began))
            found[kind.title] = statistics.median(took)
    return found


def main() -> int:
    """Measure, print, and write the page's part; exit code 1 where a plot takes too long."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--report", type=Path, metavar="FILE")
    options = parser.parse_args()
    found = {}
    for nodes in (FEW, MANY):
        with tempfile.TemporaryDirectory() as name:
            found[nodes] = asyncio.run(measure(Path(name), nodes))
    targets = []
    for title, took in found[MANY].items():
        targets.append(Target(f"{title}, {FEW} nodes, ms", found[FEW][title]))
        targets.append(Target(f"{title}, {MANY} nodes, ms", took, WAIT))
    words = (
        f"A trial of {EPOCHS} epochs on a screen of 120 by 36 cells. Made by `make bench-plots`."
    )
    return write_report(options.report, "Drawing a plot", words, targets)


if __name__ == "__main__":
    sys.exit(main())
