"""trial: run one here; list, show, attach to, stop and export stored ones."""

from __future__ import annotations

import argparse
import asyncio
import csv
import json
import os
import signal
import sys
from collections.abc import Callable
from contextlib import aclosing
from pathlib import Path
from typing import Any

from edgead.console import output, paths
from edgead.console.drift import drift
from edgead.console.errors import DONE, INTERRUPTED, TRIAL_FAILED, UsageError
from edgead.console.events import Event
from edgead.console.interrupt import run_until_signal
from edgead.console.inventory import Cluster, read_cluster
from edgead.console.recorder import Listener
from edgead.console.result import result_of
from edgead.console.state import TrialState
from edgead.console.store import Run, Store, Tail
from edgead.console.toml import load_toml, read_value
from edgead.models.presets import PRESETS
from edgead.models.spec import SpecError, TrialSpec, read_spec

POLL_SECONDS = 0.2
STOP_SECONDS = 30.0


def read_trial(source: str, settings: list[str]) -> TrialSpec:
    """Read a trial file, or a preset's name, with KEY=VALUE settings over it.

    Raises UsageError: one line naming file and key.
    """
    values: dict[str, Any]
    if source in PRESETS and not Path(source).exists():
        values = {"preset": source}
    else:
        content = load_toml(Path(source))
        extra = sorted(set(content) - {"trial"})
        if extra or not isinstance(content.get("trial"), dict):
            found = f"found [{extra[0]}]" if extra else "found none"
            raise UsageError(f"{source}: expected one table, [trial]; {found}")
        values = dict(content["trial"])
    for setting in settings:
        key, equals, value = setting.partition("=")
        if not equals:
            raise UsageError(f"--set {setting}: expected KEY=VALUE")
        values[key.strip()] = read_value(value.strip())
    try:
        return read_spec(values, source)
    except SpecError as error:
        raise UsageError(str(error)) from None


def run(args: argparse.Namespace) -> int:
    """Run a trial to its end in this process: its supervisor."""
    if sum(given is not None for given in (args.spec, args.run, args.resume)) != 1:
        raise UsageError("trial run: expected one SPEC: a trial file or a preset's name")
    store = Store(paths.runs_folder())
    if args.resume:
        _check_resumable(args, store.open(args.resume))
    spec = read_trial(args.spec, args.set) if args.spec else store.open(args.run).spec()
    if args.dry_run:
        return _plan(args, spec)
    return run_until_signal(_run(args, store, spec))


def _check_resumable(args: argparse.Namespace, stored: Run) -> None:
    """Have `--resume RUN` mean a run that can go on, on the nodes it had; raises UsageError."""
    state = stored.state()
    if args.set:
        raise UsageError("--resume goes on with the spec that the run has: leave --set out")
    if state.state == "finished":
        raise UsageError(f"{stored.name} is finished: there is nothing to resume")
    args.run = stored.name
    file = Path(state.cluster)
    if args.cluster is None and state.cluster and file.is_file():
        # Embedded nodes were the supervisor's own, and went with it.
        args.cluster = None if read_cluster(file).embedded else file


def _plan(args: argparse.Namespace, spec: TrialSpec) -> int:
    """Print the tasks that a trial would have; nothing is started or kept."""
    from edgead.console.clusters import find_cluster
    from edgead.console.placement import plan

    file = find_cluster(args.cluster) if spec.distributed else None
    rows = plan(spec, read_cluster(file) if file is not None else None)
    if args.json:
        for row in rows:
            output.print_object("plan", row)
    else:
        for line in output.columns([tuple(rows[0]), *(tuple(row.values()) for row in rows)]):
            print(line)
    return DONE


async def _run(args: argparse.Namespace, store: Store, spec: TrialSpec) -> int:
    from edgead.console.clusters import cluster_for, find_cluster
    from edgead.console.data import bar, ensure
    from edgead.console.placement import place
    from edgead.console.supervisor import supervise

    data = paths.data_folder(args.data)
    file = find_cluster(args.cluster) if spec.distributed else None
    async with cluster_for(file, distributed=spec.distributed) as cluster:
        tasks = place(spec, cluster)  # a wrong placement makes no run, nor does a host key
        if cluster is not None and not cluster.embedded and not args.run:
            from edgead.console.host_keys import require_known

            used = [node for node in cluster.nodes if node.name in {t.node for t in tasks}]
            await require_known(used, args.cluster, accept_new=args.accept_new)
        if not spec.synthetic:
            ensure(spec.dataset, data, bar)
        stored = store.open(args.run) if args.run else store.create(spec)
        listener = output.print_event if args.json else output.narrate_event
        cache = paths.cache_folder()
        if args.linger and cluster is not None and cluster.warm_seconds:
            code = await _lingering(store, stored, cluster, data, cache, listener)
        else:
            code = await supervise(stored, cluster, data, cache, listener)
    if code not in (DONE, INTERRUPTED):
        for flag in stored.state().flags[-1:]:
            where = " ".join(part for part in (flag.node, flag.task) if part)
            output.say(f"edgead-console: {stored.name} failed: {where}: {flag.cause}")
    return code


async def _lingering(
    store: Store, run: Run, cluster: Cluster, data: Path, cache: Path, listener: Listener
) -> int:
    """Supervise a trial, and then those that are handed over while its nodes are warm."""
    from edgead.console.lingering import Request, linger
    from edgead.console.supervisor import supervise
    from edgead.console.warm import Warm

    async def next_one(request: Request) -> int:
        there = read_cluster(request.cluster) if request.cluster else None
        given = store.open(request.run), there, request.data, cache
        return await supervise(*given, lambda _: None, warm)

    async with aclosing(Warm(cluster.warm_seconds)) as warm:
        code = await supervise(run, cluster, data, cache, listener, warm)
        return code or await linger(warm, next_one)


def list_runs(args: argparse.Namespace) -> int:
    """Print every stored run, oldest first."""
    for stored in Store(paths.runs_folder()).runs():
        try:
            state = stored.state()
        except UsageError as error:
            output.say(f"edgead-console: {error}")
            continue
        if args.json:
            output.print_object("run", summary_of(state))
        else:
            print(_list_line(state))
    return DONE


def summary_of(state: TrialState) -> dict[str, Any]:
    """Give a run's line in a list: what it is, how it is and how well it did."""
    return {
        "run": state.run,
        "state": state.state,
        "started": state.started,
        "preset": state.spec.preset,
        "strategy": state.spec.strategy,
        "workers": state.spec.workers if state.spec.distributed else 0,
        "seed": state.spec.seed,
        "synthetic": state.synthetic,
        "epochs": len(state.epochs),
        "validation_accuracy": state.scores.get("validation", {}).get("accuracy"),
        "test_accuracy": state.scores.get("test", {}).get("accuracy"),
        "collapsed": state.collapsed,
    }


def _list_line(state: TrialState) -> str:
    accuracy = state.scores.get("test", {}).get("accuracy")
    score = f"test {accuracy:.4f}" if accuracy is not None else ""
    when = state.started[:16].replace("T", " ")
    epochs = f"{len(state.epochs)}/{state.spec.epochs} epochs"
    preset = state.spec.preset or state.spec.dataset
    return (
        f"{state.run:<7}{state.state:<13}{when:<18}{preset:<13}{state.title:<26}"
        f"seed {state.spec.seed:<6}{epochs:<15}{score}"
    ).rstrip()


def show(args: argparse.Namespace) -> int:
    """Print one run: its result so far, its tasks and its flags."""
    stored = Store(paths.runs_folder()).open(args.run)
    state = stored.state()
    if args.json:
        output.print_object("run", {**result_of(state, state.state), "boards": state.boards})
        return DONE
    print(_list_line(state))
    print(f"folder           {stored.folder}")
    for name, value in stored.spec().to_mapping().items():
        print(f"{name:<17}{value}")
    for name, task in state.tasks.items():
        print(f"{name:<17}{task.node} · {task.state}")
    if state.shards:
        print(f"data             sha256 {' '.join(name[:12] for name in state.shards)}")
    for line in output.columns(drift(state.boards)):
        print(f"{'':<17}{line}")
    for split, score in state.scores.items():
        figures = ", ".join(
            f"{m} {score[m]:.4f}" for m in ("accuracy", "precision", "recall", "f1")
        )
        print(f"{split:<17}{figures}; {score['visited']} of {score['rows']} rows visited")
    for flag in state.flags:
        print(f"flag             {flag.node} {flag.task}: {flag.cause} ({flag.action})")
        if flag.suggestion and flag.recovered is None:
            print(f"                 try: {flag.suggestion}")
        for line in flag.evidence:
            print(f"                 | {line}")
    return DONE


def attach(args: argparse.Namespace) -> int:
    """Print a run's events from the first, and go on until the trial is over."""
    stored = Store(paths.runs_folder()).open(args.run)
    tell: Callable[[Event], None] = output.print_event if args.json else output.narrate_event
    return run_until_signal(_follow(stored, tell))


async def _follow(stored: Run, tell: Callable[[Event], None]) -> int:
    tail = Tail(stored)
    while True:
        alive = stored.supervisor() is not None  # before reading: its last words count
        for happened in tail.read():
            tell(happened)
            if happened.kind == "result":
                return DONE
        if not alive:
            state = stored.state().state
            output.say(f"edgead-console: {stored.name} is {state}")
            return DONE
        await asyncio.sleep(POLL_SECONDS)


def stop(args: argparse.Namespace) -> int:
    """Ask a run's supervisor to stop, and wait until it has."""
    stored = Store(paths.runs_folder()).open(args.run)
    pid = stored.supervisor()
    if pid is None:
        raise UsageError(f"{stored.name}: not running ({stored.state().state})")
    os.kill(pid, signal.SIGTERM)
    return run_until_signal(_until_stopped(stored, args.json))


async def _until_stopped(stored: Run, as_json: bool) -> int:
    for _ in range(int(STOP_SECONDS / POLL_SECONDS)):
        if stored.supervisor() is None:
            state = stored.state()
            if as_json:
                output.print_object("run", summary_of(state))
            else:
                print(f"{stored.name} {state.state}")
            return DONE
        await asyncio.sleep(POLL_SECONDS)
    output.say(f"edgead-console: {stored.name} has not stopped within {STOP_SECONDS:.0f} s")
    return TRIAL_FAILED


def export(args: argparse.Namespace) -> int:
    """Print a run's epochs as CSV, or its result and events as JSON."""
    stored = Store(paths.runs_folder()).open(args.run)
    state = stored.state()
    if args.format == "json":
        json.dump(
            {
                "result": result_of(state, state.state),
                "spec": state.spec.to_mapping(),
                "events": [happened.to_mapping() for happened in stored.events()],
            },
            sys.stdout,
            indent=2,
        )
        print()
        return DONE
    writer = csv.writer(sys.stdout, lineterminator="\n")
    writer.writerow(["run", "epoch", "loss", "seconds"])
    for epoch in state.epochs:
        writer.writerow([state.run, epoch.number, epoch.loss, epoch.seconds])
    return DONE
