"""The bench's report, docs/performance.md: the machine, the paper's tables, the ratios."""

from __future__ import annotations

import os
import platform
from collections.abc import Sequence
from datetime import date
from pathlib import Path

from edgead.console.reports.bench import Figure
from edgead.console.reports.compare import ComparisonTable
from edgead.console.reports.formats import as_markdown
from edgead.console.reports.scale import Cost, plot, table

_HEAD = """# Performance

Measured by `make bench`, which writes this page with `BENCH_ARGS="--report docs/performance.md"`: \
{rounds} rounds, each a centralised trial, one with the engine `paper`, one with the engine \
`fast` and another of it on the nodes left warm, and the LSTM autoencoder centralised and with two \
workers; side by side on one machine, as processes: a parameter server, three workers and a chief. \
Ratios are taken round by round; below are their medians. Seconds are of this machine only.

Machine: {machine}. {day}.

The first epoch is with connecting and shipping the graph, from the moment when the cluster's \
tasks are ready. The chief builds the model and traces the graph while they start; what is not \
done by then counts as connecting. Centralised training builds and traces within its figures. The \
chief's processor time is that of connecting and training; with what it did ahead, it is \
`chief_cpu_with_preparing_vs_central`. Training ends when the weights are home. Prediction is \
timed until every row's error is there. Starting the processes, loading the data and staging it, \
which a node needs once for all trials, are in none of the figures. All of it, centralised \
training too, is without oneDNN (agents/launch.py).
"""

_SCALE = """## Cost as work grows

KDD99's rows (the dense autoencoder, three workers) repeated, the number of workers, and windows \
of a series (the LSTM autoencoder, two workers). Sent is what all tasks' connections sent in the \
trial, graphs and scores too, shared among its epochs; the staged files come on top, once. Memory \
is the most a task ever used, of which TensorFlow alone takes some 600 MB. The paper, on three \
boards: 1 s a later epoch for the dense autoencoder's rows, 10 s for the LSTM's windows.
"""


def machine() -> str:
    """Name this machine: processor, cores, memory, Python."""
    info = (
        Path("/proc/cpuinfo").read_text(errors="replace") if Path("/proc/cpuinfo").exists() else ""
    )
    names = [line.partition(":")[2].strip() for line in info.splitlines() if "model name" in line]
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    cores = f"{os.cpu_count()} cores, {memory:.0f} GiB"
    return (
        f"{names[0] if names else platform.machine()}, {cores}, Python {platform.python_version()}"
    )


def as_report(
    tables: ComparisonTable,
    found: Sequence[Figure],
    gaps: Sequence[Figure],
    costs: Sequence[Cost],
    rounds: int,
) -> str:
    """Write the whole page."""
    head = _HEAD.format(rounds=rounds, machine=machine(), day=date.today().isoformat())
    parts = [head, as_markdown(tables), "## Medians over the rounds\n", _table(found)]
    parts += ["## Mean accuracy less that of centralised training\n", _table(gaps)]
    if costs:
        parts += [_SCALE, _scale(costs), f"```text\n{plot(costs)}\n```\n"]
    return "\n".join(parts)


def _scale(costs: Sequence[Cost]) -> str:
    heads, *lines = table(costs)
    rule = ["---", *["---:"] * (len(heads) - 1)]
    return "\n".join("| " + " | ".join(line) + " |" for line in (heads, rule, *lines)) + "\n"


def _table(found: Sequence[Figure]) -> str:
    lines = ["| figure | value | unit | lowest | highest |", "|---|---|---|---|---|"]
    lines += [
        f"| {f.name} | {f.value:.3f} | {f.unit} | {f.low:.3f} | {f.high:.3f} |" for f in found
    ]
    return "\n".join(lines) + "\n"
