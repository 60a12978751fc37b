"""The app's memory over a long trial: its log grows a thousand times as fast as in life.

    make bench-memory            # BENCH_ARGS="--epochs 20000 --report docs/console-cost.md"

The real app on a screen of 120 by 36 cells follows a run whose log another thread writes, with all
that a trial of that many epochs on three boards says: rounds, steps, telemetry. It goes through
all its areas and plots all the while.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import math
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path

from benchmarks.figures import Target, write_report
from edgead.console.events import event
from edgead.console.runs.store import Log, Run, Store
from edgead.console.session.local_session import LocalSession
from edgead.console.tui.app import ConsoleApp
from edgead.models.spec import read_spec

GROWTH = 10.0  # MB from the middle of the trial to its end
KEYS = ("2", "]", "1", "3", "4", "2", "]")
NODES = ("node-1", "node-2", "node-3")


def resident_mb() -> float:
    """Give this process's resident memory."""
    gc.collect()
    status = Path("/proc/self/status").read_text()
    return int(status.partition("VmRSS:")[2].split()[0]) / 1024


def said(epoch: int, epochs: int) -> Iterator[tuple[str, dict[str, object]]]:
    """Give the events of one epoch."""
    for step in (18, 37):
        loss = 0.1 + 5 * math.exp(-epoch / 50)
        parts = [{"worker": n, "rows": 12_288, "seconds": 0.2, "loss": loss} for n in range(3)]
        yield "step", {"epoch": epoch, "step": step, "steps": 37, "loss": loss}
        yield "round", {"epoch": epoch, "step": step, "steps": 37, "parts": parts}
    for node in NODES:
        sample = {"power_mw": 9000 + epoch % 500, "celsius": 50.0, "cpu": 60.0, "gpu": 80.0}
        yield "telemetry", {"node": node, "source": "tegrastats", **sample}
    yield "epoch", {"epoch": epoch, "epochs": epochs, "loss": loss, "seconds": 1.0}


def write(run: Run, epochs: int, pause: float, written: list[int]) -> None:
    """Write the run's log, as its supervisor would; `written` holds the epochs so far."""
    with run.supervised():
        log = Log(run)
        tasks = [{"role": "worker", "index": n, "node": name} for n, name in enumerate(NODES)]
        spec = run.spec().to_mapping()
        log.append(event("started", run=run.name, spec=spec, tasks=tasks))
        with run.events_path.open("a") as file:  # not each epoch to the disk, as a Log does
            for epoch in range(1, epochs + 1):
                lines = [event(kind, **data).to_line() for kind, data in said(epoch, epochs)]
                file.write("".join(lines))
                file.flush()
                written[0] = epoch
                time.sleep(pause)


async def measure(folder: Path, epochs: int, pause: float) -> list[Target]:
    store = Store(folder / "runs")
    run = store.create(read_spec({"preset": "kdd99", "epochs": epochs}))
    written = [0]
    writer = threading.Thread(target=write, args=(run, epochs, pause, written), daemon=True)
    writer.start()
    while not run.events_path.exists():  # noqa: ASYNC110 - another thread makes it
        await asyncio.sleep(0.05)
    cluster = folder / "cluster.toml"
    nodes = [f'[[nodes]]\nname = "{name}"\nhost = "127.0.0.1"\nport = 1\n' for name in NODES]
    cluster.write_text("\n".join(nodes))
    app = ConsoleApp(LocalSession(store, cluster, folder), folder)
    found: dict[int, float] = {}  # by tenths of the trial
    async with app.run_test(size=(120, 36)) as pilot:
        for turn in range(1_000_000):
            await pilot.press(KEYS[turn % len(KEYS)])
            await asyncio.sleep(0.3)
            tenth = 10 * written[0] // epochs
            if tenth not in found:
                found[tenth] = resident_mb()
            if not writer.is_alive():
                break
        await asyncio.sleep(2.0)
        late = resident_mb()
        trial = app.session.trial
        assert trial is not None and len(trial.epochs) == epochs, "the app has read it all"
    return [
        *(Target(f"after {at}0 % of the trial, MB", found[at]) for at in sorted(found) if at > 0),
        Target("at its end, MB", late),
        Target("growth from its middle, MB", late - found.get(5, late), GROWTH),
    ]


def main() -> int:
    """Measure, print, and write the page's part; exit code 1 where the target is missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--epochs", type=int, default=20_000, metavar="N")
    parser.add_argument("--pause", type=float, default=0.004, metavar="S", help="between epochs")
    parser.add_argument("--report", type=Path, metavar="FILE")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        found = asyncio.run(measure(Path(name), options.epochs, options.pause))
    text = (
        f"A log of {options.epochs:,} epochs on three nodes (at the paper's second an epoch,"
        f" {options.epochs / 3600:.1f} hours), followed by the app as it is written, at some"
        " hundred epochs a second, through all areas and plots. Made by `make bench-memory`."
    )
    return write_report(options.report, "Memory over a long trial", text, found)


if __name__ == "__main__":
    sys.exit(main())
