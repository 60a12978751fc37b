"""compare: runs side by side, and beside the paper."""

from __future__ import annotations

import argparse
import sys

from edgead.console import paths
from edgead.console.compare import compare as compare_states
from edgead.console.errors import DONE
from edgead.console.formats import FORMATS
from edgead.console.store import Store


def compare(args: argparse.Namespace) -> int:
    """Print the comparison in the format asked for."""
    store = Store(paths.runs_folder())
    states = [store.open(name).state() for name in args.runs]
    write = FORMATS["json" if args.json else args.format]
    sys.stdout.write(write(compare_states(states, with_paper=args.paper)))
    return DONE
