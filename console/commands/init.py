"""init: write a cluster file with the nodes that discovery finds."""

from __future__ import annotations

import argparse
from pathlib import Path

from edgead.console import output
from edgead.console.commands.discover import (
    nobody,
    print_found,
    raise_changed,
    search,
    tell_untrusted,
    wanted_of,
)
from edgead.console.discovery import Wanted
from edgead.console.errors import DONE, INTERRUPTED
from edgead.console.interrupt import run_until_signal
from edgead.console.inventory import read_cluster
from edgead.console.inventory_file import as_toml, choose, exists, write_new


def init(args: argparse.Namespace) -> int:
    """Search, then write the file; one that is there is left alone unless forced."""
    if args.out.exists() and not args.force:
        raise exists(args.out)
    return run_until_signal(_init(args, wanted_of(args)))


async def _init(args: argparse.Namespace, wanted: Wanted) -> int:
    discovery, interrupted = await search(wanted)
    print_found(discovery.found, as_json=args.json)
    if interrupted:
        output.say(f"interrupted: {args.out} was not written")
        return INTERRUPTED
    nodes, _ = choose(discovery.found)
    if not nodes:
        raise_changed(discovery)
        raise nobody(discovery, args.words)
    write_new(args.out, as_toml(_cluster_name(args.out), discovery.found, wanted), force=args.force)
    read_cluster(args.out)  # what we write, we can read
    output.say(f"{args.out}: {len(nodes)} nodes; next: edgead-console --cluster {args.out}")
    tell_untrusted(discovery, args.words)
    return DONE


def _cluster_name(path: Path) -> str:
    """Name the cluster after its folder, as it is most often called cluster.toml."""
    return path.absolute().parent.name if path.stem == "cluster" else path.stem
