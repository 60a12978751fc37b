"""trial rename, annotate, delete: what a person does with stored runs."""

from __future__ import annotations

import argparse

from edgead.console import output, paths
from edgead.console.confirm import can_ask, confirm
from edgead.console.errors import DONE, INTERRUPTED, UsageError
from edgead.console.interrupt import run_until_signal
from edgead.console.runs.store import Run, Store


def rename(args: argparse.Namespace) -> int:
    """Give a run a name."""
    store = Store(paths.runs_folder())
    run = store.open(args.run)
    store.rename(run, args.label)
    return _say(run, args.json)


def annotate(args: argparse.Namespace) -> int:
    """Put a note on a run."""
    store = Store(paths.runs_folder())
    run = store.open(args.run)
    store.annotate(run, args.note)
    return _say(run, args.json)


def delete(args: argparse.Namespace) -> int:
    """Delete runs, once that is confirmed."""
    store = Store(paths.runs_folder())
    runs = list({run.name: run for run in map(store.open, args.runs)}.values())
    names = ", ".join(run.name for run in runs)
    if not args.yes:
        if not can_ask():
            raise UsageError(f"trial delete {names}: nobody is here to confirm it; give --yes")
        if not run_until_signal(_agreed(names)):
            output.say("nothing was deleted")
            return INTERRUPTED
    for run in runs:
        store.delete(run)
        if args.json:
            output.print_object("deleted", {"run": run.name})
        else:
            print(f"{run.name} deleted")
    return DONE


async def _agreed(names: str) -> int:
    return await confirm(f"Delete {names} with log, model and detector?")


def _say(run: Run, as_json: bool) -> int:
    about = run.about
    if as_json:
        fields = {"run": run.name, "name": about.name or None, "note": about.note or None}
        output.print_object("about", fields)
    else:
        print(" · ".join(part for part in (run.name, about.name, about.note) if part))
    return DONE
