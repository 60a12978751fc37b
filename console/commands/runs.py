"""trial list, show, attach, stop, export: what is asked of stored runs."""

from __future__ import annotations

import argparse
import asyncio
import csv
import json
import sys
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

from edgead.console import output, paths
from edgead.console.errors import DONE, TRIAL_FAILED, UsageError
from edgead.console.events import Event
from edgead.console.interrupt import run_until_signal
from edgead.console.narration import printable
from edgead.console.reports.describe import as_plain, describe_run
from edgead.console.running.stopping import stop_run
from edgead.console.runs.about import About
from edgead.console.runs.result import result_of
from edgead.console.runs.run_lines import RunIndex
from edgead.console.runs.state import TrialState
from edgead.console.runs.store import Run, Store, Tail
from edgead.console.session.actions import command
from edgead.console.session.advice import advice_for

POLL_SECONDS = 0.2


def list_runs(args: argparse.Namespace) -> int:
    """Print every stored run, oldest first."""
    for stored in Store(paths.runs_folder()).runs():
        try:
            state = stored.state()
        except UsageError as error:
            output.say(f"edgead-console: {error}")
            continue
        if args.json:
            output.print_object("run", summary_of(state, stored.about))
        else:
            print(list_line(state, stored.about))
    return DONE


def summary_of(state: TrialState, about: About) -> dict[str, Any]:
    """Give a run's line in a list: what it is, how it is and how well it did."""
    return {
        "run": state.run,
        **_said(about),
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


def list_line(state: TrialState, about: About) -> str:
    """Give a run's line in a list, for people."""
    accuracy = state.scores.get("test", {}).get("accuracy")
    score = f"test {accuracy:.4f}" if accuracy is not None else ""
    when = state.started[:16].replace("T", " ")
    epochs = f"{len(state.epochs)}/{state.spec.epochs} epochs"
    preset = state.spec.preset or state.spec.dataset
    said = " · ".join(part for part in about if part)
    return (
        f"{state.run:<7}{state.state:<13}{when:<18}{preset:<13}{state.title:<26}"
        f"seed {state.spec.seed:<6}{epochs:<15}{score:<13}{said}"
    ).rstrip()


def show(args: argparse.Namespace) -> int:
    """Print one run: its result so far, its tasks and its flags."""
    store = Store(paths.runs_folder())
    stored = store.open(args.run)
    state = stored.state()
    if args.json:
        output.print_object(
            "run", {**result_of(state, state.state), "boards": state.boards, **_said(stored.about)}
        )
        return DONE
    index = RunIndex(store)
    index.refresh()
    line = next((each for each in index.lines if each.run == stored.name), None)
    print(as_plain(describe_run(state, line, index.lines)))
    print(f"\nFolder\n  {stored.folder}")
    for flag in state.flags:
        where = " ".join(part for part in (flag.node, flag.task) if part)
        print("\n" + printable(f"{where}: {flag.cause} ({flag.done})"))
        for said in flag.evidence:
            print(f"  | {printable(said)}")
        advice = advice_for(flag)
        print(f"  what to do: {advice.text}")
        if advice.words:
            file = Path(state.cluster) if state.cluster else None
            print(f"  $ {printable(command(advice.words, file))}")
    return DONE


def _said(about: About) -> dict[str, str | None]:
    return {"name": about.name or None, "note": about.note or None}


def attach(args: argparse.Namespace) -> int:
    """Print a run's events from the first, and go on until the trial is over."""
    stored = Store(paths.runs_folder()).open(args.run)
    tell: Callable[[Event], None] = output.print_event if args.json else output.narrate_event
    return run_until_signal(_follow(stored, tell))


async def _follow(stored: Run, tell: Callable[[Event], None]) -> int:
    tail, last = Tail(stored), ""
    while True:
        alive = stored.supervisor() is not None  # before reading: its last words count
        for happened in tail.read():
            tell(happened)
            last = happened.kind
        if last == "result" or not alive:  # a resumed run has a result for each time
            state = stored.state().state
            if last != "result":
                output.say(f"edgead-console: {stored.name} is {state}")
            return TRIAL_FAILED if state == "failed" else DONE
        await asyncio.sleep(POLL_SECONDS)


def stop(args: argparse.Namespace) -> int:
    """Ask a run's supervisor to stop, and wait until it has."""
    stored = Store(paths.runs_folder()).open(args.run)
    pid = stored.supervisor()
    if pid is None:
        raise UsageError(f"{stored.name}: not running ({stored.state().state})")
    return run_until_signal(_stop(stored, pid, args.json))


async def _stop(stored: Run, pid: int, as_json: bool) -> int:
    await stop_run(stored, pid)
    state = stored.state()
    if as_json:
        output.print_object("run", summary_of(state, stored.about))
    else:
        print(f"{stored.name} {state.state}")
    return DONE


def export(args: argparse.Namespace) -> int:
    """Print a run's epochs as CSV, or its result and events as JSON; or write it for MLflow."""
    stored = Store(paths.runs_folder()).open(args.run)
    if args.format == "mlflow":
        from edgead.console.reports.mlflow_files import export as export_mlflow

        folder = export_mlflow(stored, args.to or Path("mlruns"))
        if args.json:
            output.print_object("exported", {"run": stored.name, "folder": str(folder)})
        else:
            print(folder)
        return DONE
    if args.to is not None:
        raise UsageError("trial export: --to goes with --format mlflow; others go to stdout")
    state = stored.state()
    if args.format == "json":
        fields = {
            "result": result_of(state, state.state),
            "spec": state.spec.to_mapping(),
            "events": [happened.to_mapping() for happened in stored.events()],
        }
        print(json.dumps(fields, indent=None if args.json else 2))
        return DONE
    if args.json:
        for epoch in state.epochs:
            output.print_object("epoch", {"run": state.run, **asdict(epoch)})
        return DONE
    writer = csv.writer(sys.stdout, lineterminator="\n")
    writer.writerow(["run", "epoch", "loss", "seconds"])
    for epoch in state.epochs:
        writer.writerow([state.run, epoch.number, epoch.loss, epoch.seconds])
    return DONE
