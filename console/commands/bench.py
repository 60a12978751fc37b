"""bench: the paper's Table 4.1 and run times, measured here side by side."""

from __future__ import annotations

import argparse
from dataclasses import asdict
from pathlib import Path

from edgead.console import output, paths
from edgead.console.bench import Pair, figures
from edgead.console.clusters import cluster_for, find_cluster
from edgead.console.commands.demo import demo_specs
from edgead.console.compare import compare
from edgead.console.data import bar, ensure
from edgead.console.errors import DONE, UsageError
from edgead.console.events import Event
from edgead.console.formats import as_text
from edgead.console.interrupt import run_until_signal
from edgead.console.inventory import Cluster
from edgead.console.result import result_of
from edgead.console.store import Run, Store
from edgead.console.supervisor import supervise
from edgead.models.spec import TrialSpec


def bench(args: argparse.Namespace) -> int:
    """Run pairs of a centralised and a distributed trial, in turn, and print the medians."""
    if args.pairs < 1:
        raise UsageError(f"bench: --pairs: expected 1 or more, got {args.pairs}")
    return run_until_signal(_bench(args))


async def _bench(args: argparse.Namespace) -> int:
    data, store = paths.data_folder(args.data), Store(paths.runs_folder())
    ensure("kdd99", data, bar)
    runs: list[Run] = []
    async with cluster_for(find_cluster(args.cluster)) as cluster:
        for seed in range(1, args.pairs + 1):
            for spec in demo_specs(args.preset, seed, args.epochs):
                output.say(f"bench: pair {seed} of {args.pairs}, {spec.strategy}")
                run, code = await _trial(store, spec, cluster, data)
                if code:
                    return code
                runs.append(run)
    results = [result_of(run.state(), "finished") for run in runs]
    pairs = [Pair(*pair) for pair in zip(results[::2], results[1::2], strict=True)]
    if args.json:
        for figure in figures(pairs):
            output.print_object("bench", {**asdict(figure), "pairs": len(pairs)})
        return DONE
    print(as_text(compare([run.state() for run in runs[-2:]])))
    print(f"medians of {len(pairs)} pairs, with the lowest and the highest")
    for figure in figures(pairs):
        spread = f"({figure.low:.3f} to {figure.high:.3f})"
        print(f"{figure.name:<30}{figure.value:>9.3f} {figure.unit:<2} {spread}")
    return DONE


async def _trial(
    store: Store, spec: TrialSpec, cluster: Cluster | None, data: Path
) -> tuple[Run, int]:
    run = store.create(spec)
    code = await supervise(run, cluster, data, paths.cache_folder(), _tell_flags)
    return run, code


def _tell_flags(happened: Event) -> None:
    if happened.kind == "flag":
        output.say(f"edgead-console: {happened['node']} {happened['task']}: {happened['cause']}")
