"""compare: runs side by side, and beside the paper."""

from __future__ import annotations

import argparse
import sys

from edgead.console import output, paths
from edgead.console.errors import DONE, UsageError
from edgead.console.files import write_whole
from edgead.console.reports.exports import PICTURES, exported
from edgead.console.runs.store import Store


def compare(args: argparse.Namespace) -> int:
    """Print the comparison in the format asked for, or write it to a file."""
    form = "json" if args.json else args.format
    if form == "png" and args.out is None and sys.stdout.isatty():
        raise UsageError("compare: a PNG is not for a terminal: give --out FILE")
    store = Store(paths.runs_folder())
    states = [store.open(name).state() for name in dict.fromkeys(args.runs)]
    if form in PICTURES and not any(state.epochs for state in states):
        raise UsageError(f"{', '.join(args.runs)}: no epoch was finished: there is no loss to draw")
    content = exported(
        states, form, with_paper=args.paper, means_only=args.means, log=not args.linear
    )
    if args.out is not None:
        write_whole(args.out, content)
        output.say(f"{args.out} written")
    else:
        sys.stdout.flush()
        sys.stdout.buffer.write(content)
    return DONE
