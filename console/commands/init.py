"""init: write a cluster file with the nodes that discovery finds."""

from __future__ import annotations

import argparse
import shlex
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
from edgead.console.errors import DONE, INTERRUPTED, UsageError
from edgead.console.interrupt import run_until_signal
from edgead.console.nodes.discovery import Wanted
from edgead.console.nodes.inventory import read_cluster
from edgead.console.nodes.inventory_file import as_toml, choose, exists, write_new


def init(args: argparse.Namespace) -> int:
    """Search, then write the file; one that is there is left alone unless forced."""
    if args.dry_run and args.accept_new:
        raise UsageError("init: --dry-run keeps no host keys; leave out --accept-new")
    if args.out.exists() and not (args.force or args.dry_run):
        raise exists(args.out)
    return run_until_signal(_init(args, wanted_of(args)))


async def _init(args: argparse.Namespace, wanted: Wanted) -> int:
    discovery, interrupted = await search(wanted)
    print_found(discovery.found, as_json=args.json)
    if interrupted:
        output.say(f"interrupted: {args.out} was not written")
        return INTERRUPTED
    nodes, others = choose(discovery.found)
    if not nodes:
        raise_changed(discovery)
        raise nobody(discovery, args.words)
    text = as_toml(_cluster_name(args.out), nodes, wanted, others)
    if args.dry_run:
        if args.json:
            output.print_object("plan", {"file": str(args.out), "text": text})
        else:
            print(text, end="")
        return DONE
    write_new(args.out, text, force=args.force)
    read_cluster(args.out)  # what we write, we can read
    here = args.out == Path("cluster.toml")
    chosen = "" if here else f"--cluster {shlex.quote(str(args.out))} "
    count = output.counted(len(nodes), "node")
    output.say(f"{args.out}: {count}; next: edgead-console {chosen}nodes check")
    tell_untrusted(discovery, args.words)
    return DONE


def _cluster_name(path: Path) -> str:
    """Name the cluster after its folder, as it is most often called cluster.toml."""
    return path.absolute().parent.name if path.stem == "cluster" else path.stem
