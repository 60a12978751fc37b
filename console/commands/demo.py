"""demo: three embedded nodes, a centralised and a distributed trial, then the comparison."""

from __future__ import annotations

import argparse
from dataclasses import replace
from pathlib import Path

from edgead.console import output, paths
from edgead.console.data import bar, ensure
from edgead.console.errors import DONE, INTERRUPTED, UnreachableError, UsageError
from edgead.console.interrupt import run_until_signal
from edgead.console.nodes.clusters import embedded_cluster
from edgead.console.nodes.inventory import Cluster
from edgead.console.reports.compare import compare
from edgead.console.reports.formats import as_objects, as_text
from edgead.console.running.demo_specs import demo_specs
from edgead.console.running.supervisor import supervise
from edgead.console.runs.store import Run, Store
from edgead.models.spec import TrialSpec


def demo(args: argparse.Namespace) -> int:
    """Run the demo: in the app, or headless."""
    specs = demo_specs(args.preset, args.seed, args.epochs)
    data = paths.data_folder(args.data)
    if args.headless:
        return run_until_signal(_headless(specs, data, args.json))
    if args.json:
        raise UsageError("demo --json goes with --headless")
    from edgead.console.commands.app import open_demo

    return open_demo(specs, data)


def with_data(specs: tuple[TrialSpec, ...], data: Path) -> tuple[TrialSpec, ...]:
    """Have the data, or turn to the labelled synthetic stand-in where it can't be had."""
    try:
        ensure(specs[0].dataset, data, bar)
    except UnreachableError as error:
        output.say(f"{error.args[0].partition(';')[0]}; going on with SYNTHETIC data")
        return tuple(replace(spec, synthetic=True) for spec in specs)
    return specs


async def _headless(specs: tuple[TrialSpec, ...], data: Path, as_json: bool) -> int:
    specs = with_data(specs, data)
    store = Store(paths.runs_folder())
    runs: list[Run] = []
    async with embedded_cluster() as cluster:
        for spec in specs:
            runs.append(store.create(spec))
            code = await _trial(runs[-1], cluster, data, as_json)
            if code:
                return code
    comparison = compare([run.state() for run in runs])
    if as_json:
        for fields in as_objects(comparison):
            output.print_line(fields)
    else:
        print("\n" + as_text(comparison))
    return DONE


async def _trial(run: Run, cluster: Cluster, data: Path, as_json: bool) -> int:
    listener = output.print_event if as_json else output.narrate_event
    code = await supervise(run, cluster, data, paths.cache_folder(), listener)
    if code not in (DONE, INTERRUPTED):
        flag = run.state().flags[-1]
        output.say(f"edgead-console: {run.name} failed: {flag.node} {flag.task}: {flag.cause}")
    return code
