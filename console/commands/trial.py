"""trial run and rerun: trials to their end in this process, one or a sweep over seeds."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from contextlib import aclosing
from dataclasses import asdict
from pathlib import Path
from typing import Any

from edgead.console import output, paths
from edgead.console.errors import DONE, INTERRUPTED, WRONG_USE, ConsoleError, UsageError
from edgead.console.events import Event
from edgead.console.interrupt import run_until_signal
from edgead.console.narration import printable
from edgead.console.nodes.inventory import Cluster, read_cluster
from edgead.console.running.recorder import Listener
from edgead.console.runs.about import About
from edgead.console.runs.run_lines import RunIndex, line_of
from edgead.console.runs.store import Run, Store
from edgead.console.runs.sweep import parse_seeds, spreads, with_seeds
from edgead.console.toml import load_toml, read_value
from edgead.models.presets import PRESETS
from edgead.models.spec import SpecError, TrialSpec, read_spec


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
    return with_settings(values, settings, source)


def with_settings(values: dict[str, Any], settings: list[str], source: str) -> TrialSpec:
    """Read a spec's values with KEY=VALUE settings over them. Raises UsageError: one line."""
    for setting in settings:
        key, equals, value = setting.partition("=")
        if not equals:
            raise UsageError(f"--set {setting}: expected KEY=VALUE")
        values[key.strip()] = read_value(value.strip())
    try:
        return read_spec(values, source)
    except SpecError as error:
        raise UsageError(str(error)) from None


def specs_of(args: argparse.Namespace, source: str) -> tuple[TrialSpec, ...]:
    """Give the trials a command asks for: one, or one for each of --seeds."""
    spec = read_trial(source, args.set)
    return with_seeds(spec, parse_seeds(args.seeds)) if args.seeds else (spec,)


def run(args: argparse.Namespace) -> int:
    """Run a trial to its end in this process: its supervisor. Several with --seeds."""
    if sum(given is not None for given in (args.spec, args.run, args.resume)) != 1:
        raise UsageError("trial run: expected one SPEC: a trial file or a preset's name")
    store = Store(paths.runs_folder())
    if args.resume:
        _check_resumable(args, store.open(args.resume))
    if args.run:
        return run_until_signal(_run_stored(args, store))
    return _run_specs(args, store, specs_of(args, args.spec))


def _check_resumable(args: argparse.Namespace, stored: Run) -> None:
    """Have `--resume RUN` mean a run that can go on; raises UsageError."""
    state = stored.state()
    if args.set or args.seeds:
        raise UsageError("--resume goes on with the spec that the run has: no --set, no --seeds")
    if state.state == "finished":
        raise UsageError(f"{stored.name} is finished: there is nothing to resume")
    args.run = stored.name


def rerun(args: argparse.Namespace) -> int:
    """Run the trial of a stored run again, with --set and --seeds over it."""
    store = Store(paths.runs_folder())
    spec = with_settings(store.open(args.run).spec().to_mapping(), args.set, args.run)
    args.run = None
    specs = with_seeds(spec, parse_seeds(args.seeds)) if args.seeds else (spec,)
    return _run_specs(args, store, specs)


def _run_specs(args: argparse.Namespace, store: Store, specs: Sequence[TrialSpec]) -> int:
    if args.dry_run:
        return print_plan(args, store, specs)
    return run_until_signal(run_all(args, store, specs))


async def run_all(args: argparse.Namespace, store: Store, trials: Sequence[TrialSpec | Run]) -> int:
    """Run trials one after the other; after several, print mean and spread over them.

    A trial that fails keeps none of the others from running. Gives the first code that is not 0.
    """
    first, names = DONE, []
    for trial in trials:
        if isinstance(trial, Run) and not trial.queued:
            continue  # somebody else has run it by now
        args.run = trial.name if isinstance(trial, Run) else None
        try:
            spec = trial.spec() if isinstance(trial, Run) else trial
            code, name = await _run(args, store, spec)
            names.append(name)
        except ConsoleError as error:
            if len(trials) == 1:
                raise
            output.say_error(error)
            code = error.exit_code
        first = first or code
        if code == INTERRUPTED:
            break
    if len(names) > 1:
        _print_spreads(store, names, args.json)
    return first


def _print_spreads(store: Store, names: Sequence[str], as_json: bool) -> None:
    lines = [line_of(name, store.open(name).state(), About()) for name in names]
    lines = [line for line in lines if line.state == "finished"]
    for spread in spreads(lines):
        if as_json:
            output.print_object("spread", {**spread._asdict(), "of": [each.run for each in lines]})
        else:
            print(f"{spread.name:<22}{spread.runs} runs  {spread}")


def print_plan(args: argparse.Namespace, store: Store, specs: Sequence[TrialSpec]) -> int:
    """Print what would happen; exit code 2 where it could not be started so."""
    from edgead.console.nodes.clusters import find_cluster
    from edgead.console.running.plan import EMBEDDED, make_plan

    file = find_cluster(args.cluster)
    index = RunIndex(store)
    index.refresh()
    cluster = read_cluster(file) if file is not None else EMBEDDED
    folders = paths.data_folder(args.data), paths.cache_folder() / "shards"
    plan = make_plan(specs[0], cluster, {}, *folders, index.lines)
    if args.json:
        for line in plan.lines:
            output.print_object("plan", asdict(line))
    else:
        seeds = ", ".join(str(spec.seed) for spec in specs)
        print(f"{output.counted(len(specs), 'trial')}, seed{'s' * (len(specs) > 1)} {seeds}")
        for text in output.columns([(each.name, each.text) for each in plan.lines]):
            print(text)
    return DONE if plan.ready else WRONG_USE


async def _run_stored(args: argparse.Namespace, store: Store) -> int:
    code, _ = await _run(args, store, store.open(args.run).spec())
    return code


async def _run(args: argparse.Namespace, store: Store, spec: TrialSpec) -> tuple[int, str]:
    """Run one trial; gives its exit code and the run's name."""
    from edgead.console.data import bar, ensure
    from edgead.console.nodes.clusters import cluster_for
    from edgead.console.running.placement import place
    from edgead.console.running.supervisor import supervise

    data = paths.data_folder(args.data)
    file = _cluster_file(args, store) if spec.distributed else None
    async with cluster_for(file, distributed=spec.distributed) as cluster:
        tasks = place(spec, cluster)  # a wrong placement makes no run, nor does a host key
        asked = args.resume or not args.linger
        if cluster is not None and not cluster.embedded and asked:
            from edgead.console.nodes.host_keys import require_known

            used = [node for node in cluster.nodes if node.name in {t.node for t in tasks}]
            await require_known(used, args.cluster, accept_new=args.accept_new)
        if not spec.synthetic:
            ensure(spec.dataset, data, bar)
        stored = store.open(args.run) if args.run else store.create(spec)
        listener, flags = _telling(args.json)
        cache = paths.cache_folder()
        if args.linger and cluster is not None and cluster.warm_seconds:
            code = await _lingering(store, stored, cluster, data, cache, listener)
        else:
            code = await supervise(stored, cluster, data, cache, listener)
    if code not in (DONE, INTERRUPTED):
        for flag in flags[-1:]:  # of the log there may be no more than the disk had room for
            where = " ".join(part for part in (flag["node"], flag["task"]) if part)
            output.say(f"edgead-console: {stored.name} failed: {where}: {printable(flag['cause'])}")
    return code, stored.name


def _telling(as_json: bool) -> tuple[Listener, list[Event]]:
    """Give what prints events, and where it keeps flags."""
    tell, flags = output.print_event if as_json else output.narrate_event, list[Event]()

    def listen(happened: Event) -> None:
        if happened.kind == "flag":
            flags.append(happened)
        tell(happened)

    return listen, flags


def _cluster_file(args: argparse.Namespace, store: Store) -> Path | None:
    """Give the cluster file, None for embedded nodes: a resumed run goes on where it was."""
    from edgead.console.nodes.clusters import find_cluster

    if args.resume and args.cluster is None:
        state = store.open(args.resume).state()
        if state.embedded:
            return None  # those were the supervisor's own, and went with it
        if state.cluster and not Path(state.cluster).is_file():
            gone = f"its cluster file {state.cluster} is gone; --cluster names another"
            raise UsageError(f"{args.resume}: {gone}")
        return Path(state.cluster) if state.cluster else find_cluster(None)
    return find_cluster(args.cluster)


async def _lingering(
    store: Store, run: Run, cluster: Cluster, data: Path, cache: Path, listener: Listener
) -> int:
    """Supervise a trial, and then those that are handed over while its nodes are warm."""
    from edgead.console.running.lingering import Request, linger
    from edgead.console.running.supervisor import supervise
    from edgead.console.running.warm import Warm

    async def next_one(request: Request) -> int:
        given = store.open(request.run)
        try:
            there = read_cluster(request.cluster) if request.cluster else None
            return await supervise(given, there, request.data, cache, lambda _: None, warm)
        except ConsoleError as error:  # who handed it over reads its log
            with given.open_log() as log:
                log.write(f"edgead-console: {error}\n".encode())
            return error.exit_code

    async with aclosing(Warm(cluster.warm_seconds)) as warm:
        code = await supervise(run, cluster, data, cache, listener, warm)
        return code or await linger(warm, next_one)
