"""trial queue: the trials that wait for their turn; add one, or run them all here."""

from __future__ import annotations

import argparse

from edgead.console import output, paths
from edgead.console.commands.runs import list_line, summary_of
from edgead.console.commands.trial import print_plan, run_all, specs_of
from edgead.console.errors import DONE, UsageError
from edgead.console.interrupt import run_until_signal
from edgead.console.runs.store import Run, Store


def queue(args: argparse.Namespace) -> int:
    """List what waits; with a spec, add it first; with --start, run all of it."""
    store = Store(paths.runs_folder())
    if args.spec is None and (args.set or args.seeds):
        raise UsageError("trial queue: --set and --seeds are for a SPEC that is added")
    if args.spec is not None:
        specs = specs_of(args, args.spec)
        if args.dry_run:
            return print_plan(args, store, specs)
        for spec in specs:
            store.create(spec).queue(True)
    waiting = [run for run in store.runs() if run.queued]
    if args.dry_run:
        return max((print_plan(args, store, (run.spec(),)) for run in waiting), default=DONE)
    if args.start:
        return run_until_signal(run_all(args, store, waiting))
    for run in waiting:
        _say(run, args.json)
    if not waiting and not args.json:
        output.say("no trial waits; edgead-console trial queue SPEC adds one")
    return DONE


def _say(run: Run, as_json: bool) -> None:
    state = run.state()
    if as_json:
        output.print_object("run", summary_of(state, run.about))
    else:
        print(list_line(state, run.about))
