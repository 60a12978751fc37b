"""What tunnels cost: the same trial on three virtual boards, direct and through SSH, in turn.

make bench-tunnel            # root; BENCH_ARGS="--pairs 5 --report docs/tunnels.md"
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from testbed.testbed import Testbed

TRIAL = ("kdd99", "synthetic=true", "workers=3", "epochs=10")
FIGURES = {
    "train_total": "training, connecting included",
    "first_epoch": "first epoch",
    "later_epoch": "a later epoch",
    "predict": "scoring validation and test",
    "chief_cpu": "chief's processor time",
    "host_cpu": "processor time of supervisor and chief, the tunnels among it",
}


def run_trial(cluster: Path, home: str) -> dict[str, float]:
    """Run a trial on the boards; gives seconds by figure."""
    command = [sys.executable, "-m", "edgead.console.cli", "--cluster", str(cluster)]
    command += ["trial", "run", TRIAL[0], "--json"]
    for setting in TRIAL[1:]:
        command += ["--set", setting]
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run(
        command,
        capture_output=True,
        text=True,
        env={**os.environ, "EDGEAD_HOME": home},
        check=False,
    )
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    if done.returncode:
        raise SystemExit(done.stderr)
    result: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    seconds = result["seconds"]
    return {
        "train_total": seconds["total"],
        "first_epoch": seconds["first_epoch"],
        "later_epoch": statistics.median(seconds["epochs"][1:]),
        "predict": sum(sum(result[split]["seconds"].values()) for split in ("validation", "test")),
        "chief_cpu": result["chief_cpu_seconds"],
        "host_cpu": after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime,
    }


def measure(pairs: int) -> list[tuple[dict[str, float], dict[str, float]]]:
    """Run pairs of trials, direct and tunnelled, each first in turn."""
    with tempfile.TemporaryDirectory() as folder:
        testbed = Testbed.start(Path(folder), 3)
        try:
            plain = Path(folder) / "cluster.toml"
            files = {}
            for transport in ("direct", "tunnel"):
                files[transport] = Path(folder) / f"{transport}.toml"
                head = f'[cluster]\ntransport = "{transport}"'
                files[transport].write_text(plain.read_text().replace("[cluster]", head))
            run_trial(files["tunnel"], folder)  # stages the data
            found = []
            for number in range(pairs):
                order = ("direct", "tunnel") if number % 2 else ("tunnel", "direct")
                took = {name: run_trial(files[name], folder) for name in order}
                found.append((took["direct"], took["tunnel"]))
                print(f"pair {number + 1} of {pairs}", file=sys.stderr, flush=True)
            return found
        finally:
            testbed.stop()


def table(found: list[tuple[dict[str, float], dict[str, float]]]) -> list[str]:
    """Give the medians and the ratio of each pair's figures as a Markdown table."""
    lines = ["| | direct s | tunnel s | tunnel / direct |", "|---|---|---|---|"]
    for name, text in FIGURES.items():
        direct, tunnel = (statistics.median(pair[i][name] for pair in found) for i in (0, 1))
        ratios = sorted(pair[1][name] / pair[0][name] for pair in found)
        spread = f"{statistics.median(ratios):.2f} ({ratios[0]:.2f} to {ratios[-1]:.2f})"
        lines.append(f"| {text} | {direct:.3f} | {tunnel:.3f} | {spread} |")
    return lines


def main() -> int:
    """Measure, print, and write the page if asked."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pairs", type=int, default=5, metavar="N")
    parser.add_argument("--report", type=Path, metavar="FILE")
    options = parser.parse_args()
    lines = table(measure(options.pairs))
    print("\n".join(lines))
    if options.report:
        words = (
            f"Three virtual boards and the host share {os.cpu_count()} cores, so the ciphers' work"
            " on every end counts against the training; the network between them has no limit. The"
            f" trial: {', '.join(TRIAL)}, {options.pairs} pairs in turn, medians; in brackets the"
            " smallest and the largest ratio of a pair. Losses and scores are the same to the last"
            " digit (tests/system/test_tunnels.py)."
        )
        page = ["# What tunnels cost", "", "Made by `make bench-tunnel`.", "", words, "", *lines]
        options.report.write_text("\n".join(page) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
