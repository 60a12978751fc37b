"""bench: the paper's Tables 4.1 to 4.3 and run times, measured here side by side."""

from __future__ import annotations

import argparse
from dataclasses import asdict, replace
from pathlib import Path

from edgead.console import output, paths
from edgead.console.bench import Figure, Round, figures, mean_gaps, prediction_tables
from edgead.console.bench_report import as_report
from edgead.console.clusters import cluster_for, find_cluster
from edgead.console.commands.demo import demo_specs
from edgead.console.compare import ComparisonTable, compare
from edgead.console.data import bar, ensure
from edgead.console.errors import DONE, TRIAL_FAILED, ConsoleError, UsageError
from edgead.console.events import Event
from edgead.console.formats import as_text
from edgead.console.host_prediction import time_host
from edgead.console.interrupt import run_until_signal
from edgead.console.inventory import Cluster
from edgead.console.result import result_of
from edgead.console.store import Run, Store
from edgead.console.supervisor import supervise
from edgead.models.spec import TrialSpec


class TrialFailedError(ConsoleError):
    """A trial of the bench did not finish, so there is nothing to measure."""

    exit_code = TRIAL_FAILED


def bench(args: argparse.Namespace) -> int:
    """Run rounds of a centralised, a paper-engine and a fast trial, and print the medians."""
    if args.pairs < 1:
        raise UsageError(f"bench: --pairs: expected 1 or more, got {args.pairs}")
    if args.report is not None and not args.report.absolute().parent.is_dir():
        raise UsageError(f"bench: --report: no folder {args.report.absolute().parent}")
    return run_until_signal(_bench(args))


async def _bench(args: argparse.Namespace) -> int:
    data, store = paths.data_folder(args.data), Store(paths.runs_folder())
    ensure("kdd99", data, bar)
    rounds: list[Round] = []
    async with cluster_for(find_cluster(args.cluster)) as cluster:
        for seed in range(1, args.pairs + 1):
            runs = [
                await _trial(store, spec, cluster, data, f"{seed} of {args.pairs}")
                for spec in _specs(args.preset, seed, args.epochs)
            ]
            host = await time_host(runs[-1], data, paths.cache_folder())
            central, paper, fast = (result_of(run.state(), "finished") for run in runs)
            rounds.append(Round(central, paper, fast, host))
    measured = compare([run.state() for run in runs])
    tables = ComparisonTable((*measured.tables, *prediction_tables(rounds)))
    if args.report is not None:
        report = as_report(tables, figures(rounds), mean_gaps(rounds), len(rounds))
        args.report.write_text(report, encoding="utf-8")
    if args.json:
        for figure in (*figures(rounds), *mean_gaps(rounds)):
            output.print_object("bench", {**asdict(figure), "pairs": len(rounds)})
        return DONE
    print(as_text(tables))
    print(f"medians of {len(rounds)} rounds, with the lowest and the highest")
    for figure in figures(rounds):
        _print(figure)
    print("mean accuracy less that of centralised training")
    for figure in mean_gaps(rounds):
        _print(figure)
    return DONE


def _print(figure: Figure) -> None:
    spread = f"({figure.low:.3f} to {figure.high:.3f})"
    print(f"{figure.name:<30}{figure.value:>9.3f} {figure.unit:<2} {spread}")


def _specs(preset: str, seed: int, epochs: int) -> tuple[TrialSpec, ...]:
    central, fast = demo_specs(preset, seed, epochs)
    return central, replace(fast, engine="paper"), fast


async def _trial(
    store: Store, spec: TrialSpec, cluster: Cluster | None, data: Path, where: str
) -> Run:
    name = f"engine {spec.engine}" if spec.distributed else "centralised"
    output.say(f"bench: round {where}, {name}")
    run = store.create(spec)
    if await supervise(run, cluster, data, paths.cache_folder(), _tell_flags):
        raise TrialFailedError(f"bench: {run.name} ({name}) did not finish")
    return run


def _tell_flags(happened: Event) -> None:
    if happened.kind == "flag":
        output.say(f"edgead-console: {happened['node']} {happened['task']}: {happened['cause']}")
