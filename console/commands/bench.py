"""bench: the paper's Tables 4.1 to 4.3 and run times, measured here side by side."""

from __future__ import annotations

import argparse
import time
from contextlib import aclosing
from dataclasses import asdict, replace
from pathlib import Path
from typing import NamedTuple

from edgead.console import output, paths
from edgead.console.data import bar, ensure
from edgead.console.errors import DONE, TRIAL_FAILED, ConsoleError, UsageError
from edgead.console.events import Event
from edgead.console.interrupt import run_until_signal
from edgead.console.nodes.clusters import cluster_for, find_cluster
from edgead.console.nodes.inventory import WARM_SECONDS, Cluster
from edgead.console.reports.bench import (
    Figure,
    Result,
    Round,
    figures,
    mean_gaps,
    prediction_tables,
)
from edgead.console.reports.bench_report import as_report
from edgead.console.reports.compare import ComparisonTable, compare
from edgead.console.reports.formats import as_objects, as_text
from edgead.console.reports.host_prediction import time_host
from edgead.console.reports.scale import Cost, cost_of, plot, points, table
from edgead.console.running.demo_specs import demo_specs
from edgead.console.running.supervisor import supervise
from edgead.console.running.warm import Warm
from edgead.console.runs.result import result_of
from edgead.console.runs.state import TrialState
from edgead.console.runs.store import Store
from edgead.datasets import find
from edgead.datasets.loading import SWAT_WINDOW
from edgead.models.presets import PRESETS
from edgead.models.spec import TrialSpec, read_spec

LSTM_EPOCHS = 3  # enough for a first one and later ones
_BEGUN = ("phase", "train", "begin")  # of the event that says so


class TrialFailedError(ConsoleError):
    """A trial of the bench did not finish, so there is nothing to measure."""

    exit_code = TRIAL_FAILED


def bench(args: argparse.Namespace) -> int:
    """Run rounds of a centralised, a paper-engine and a fast trial, and print the medians."""
    if args.pairs < 1:
        raise UsageError(f"bench: --pairs: expected 1 or more, got {args.pairs}")
    if args.report is not None and not args.report.absolute().parent.is_dir():
        raise UsageError(f"bench: --report: no folder {args.report.absolute().parent}")
    if args.lstm_rows < SWAT_WINDOW.lookback:
        least = SWAT_WINDOW.lookback
        raise UsageError(f"bench: --lstm-rows: expected {least} or more, got {args.lstm_rows}")
    if PRESETS.get(args.preset, {}).get("dataset", "kdd99") != "kdd99":
        raise UsageError(f"bench: --preset: expected one of kdd99's, got {args.preset}")
    return run_until_signal(_bench(args))


async def _bench(args: argparse.Namespace) -> int:
    data = paths.data_folder(args.data)
    ensure("kdd99", data, bar)
    rounds: list[Round] = []
    costs: list[Cost] = []
    async with cluster_for(find_cluster(args.cluster)) as cluster:
        bench = _Bench(Store(paths.runs_folder()), cluster, data)
        for seed in range(1, args.pairs + 1):
            specs = _specs(args, seed, synthetic_swat=find("swat", data) is None)
            rounds.append(await bench.round(specs, f"{seed} of {args.pairs}"))
        if args.scale:
            rows = bench.compared[-1].rows["train"]
            for point in points(args.preset, rows, synthetic_swat=find("swat", data) is None):
                where = f"{point.size:,} {point.grows}"
                costs.append(cost_of(point, await bench.trial(point.spec, where)))
    measured = compare(bench.compared, prediction=False)  # its own has more
    tables = ComparisonTable((*measured.tables, *prediction_tables(rounds)))
    if args.report is not None:
        report = as_report(tables, figures(rounds), mean_gaps(rounds), costs, len(rounds))
        args.report.write_text(report, encoding="utf-8")
    if args.json:
        _print_objects(tables, rounds, costs)
    else:
        _print_text(tables, rounds, costs)
    return DONE


class _Bench:
    """Runs trials one after the other; `compared` are the last round's three of the tables."""

    def __init__(self, store: Store, cluster: Cluster | None, data: Path) -> None:
        self._store, self._cluster, self._data = store, cluster, data
        self.compared: list[TrialState] = []
        self._begun = 0.0  # the time at which the latest trial began to train

    async def round(self, specs: _Specs, where: str) -> Round:
        """Run one round."""
        central = await self.trial(specs.central, f"round {where}, centralised")
        paper = await self.trial(specs.paper, f"round {where}, engine paper")
        async with aclosing(Warm(WARM_SECONDS)) as warm:
            fast = await self.trial(specs.fast, f"round {where}, engine fast", warm)
            await warm.ready()
            asked = time.monotonic()
            again = await self.trial(specs.fast, f"round {where}, engine fast, warm", warm)
            start = self._begun - asked
        runs = [self._store.open(each["run"]) for each in (central, paper, fast)]
        self.compared = [run.state() for run in runs]
        host = await time_host(runs[-1], self._data, paths.cache_folder())
        lstm_central = await self.trial(specs.lstm_central, f"round {where}, LSTM centralised")
        lstm = await self.trial(specs.lstm, f"round {where}, LSTM distributed")
        return Round(central, paper, fast, again, start, host, lstm_central, lstm)

    async def trial(self, spec: TrialSpec, what: str, warm: Warm | None = None) -> Result:
        """Run a trial and give its result. Raises TrialFailedError when it does not finish."""
        output.say(f"bench: {what}")
        run = self._store.create(spec)
        given = run, self._cluster, self._data, paths.cache_folder(), self._hear
        if await supervise(*given, warm):
            raise TrialFailedError(f"bench: {run.name} ({what}) did not finish")
        return result_of(run.state(), "finished")

    def _hear(self, happened: Event) -> None:
        if happened.kind == "flag":
            where = f"{happened['node']} {happened['task']}"
            output.say(f"edgead-console: {where}: {happened['cause']}")
        elif (happened.kind, happened.get("phase"), happened.get("state")) == _BEGUN:
            self._begun = time.monotonic()


class _Specs(NamedTuple):
    central: TrialSpec
    paper: TrialSpec
    fast: TrialSpec
    lstm_central: TrialSpec
    lstm: TrialSpec


def _specs(args: argparse.Namespace, seed: int, *, synthetic_swat: bool) -> _Specs:
    central, fast = demo_specs(args.preset, seed, args.epochs)
    lstm = read_spec(
        {
            "preset": "paper-swat",
            "synthetic": synthetic_swat,
            "rows": args.lstm_rows,
            "epochs": min(args.epochs, LSTM_EPOCHS),
            "workers": 2,
            "seed": seed,
        }
    )
    paper, alone = replace(fast, engine="paper"), replace(lstm, strategy="central")
    return _Specs(central, paper, fast, alone, lstm)


def _print_objects(tables: ComparisonTable, rounds: list[Round], costs: list[Cost]) -> None:
    for fields in as_objects(tables):
        output.print_object("row", fields)
    for figure in (*figures(rounds), *mean_gaps(rounds)):
        output.print_object("bench", {**asdict(figure), "pairs": len(rounds)})
    for cost in costs:
        output.print_object("scale", asdict(cost))


def _print_text(tables: ComparisonTable, rounds: list[Round], costs: list[Cost]) -> None:
    print(as_text(tables))
    print(f"medians of {len(rounds)} rounds, with the lowest and the highest")
    for figure in figures(rounds):
        _print(figure)
    print("mean accuracy less that of centralised training")
    for figure in mean_gaps(rounds):
        _print(figure)
    if costs:
        print("\ncost as work grows")
        lines = table(costs)
        widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
        for line in lines:
            print("  ".join(map(str.rjust, line, widths)))
        print("\n" + plot(costs))


def _print(figure: Figure) -> None:
    spread = f"({figure.low:.3f} to {figure.high:.3f})"
    print(f"{figure.name:<36}{figure.value:>9.3f} {figure.unit:<2} {spread}")
