"""nodes check: the health of nodes, as a matrix and in words."""

from __future__ import annotations

import argparse
import asyncio
import sys
from collections.abc import Sequence
from dataclasses import asdict
from itertools import groupby

from edgead.console import output
from edgead.console.commands.nodes import chosen_cluster
from edgead.console.errors import DONE, TRIAL_FAILED, UNREACHABLE
from edgead.console.health.check import HealthCheck, with_cluster
from edgead.console.health.fix import fix, safe
from edgead.console.health.run import NAMES, REACH, check_nodes, worst
from edgead.console.interrupt import run_until_signal
from edgead.console.inventory import Cluster, Node
from edgead.console.narration import printable
from edgead.console.on_nodes import chosen

GLYPHS = {"ok": "✔", "warn": "▲", "fail": "✖"}


def check(args: argparse.Namespace) -> int:
    """Check the nodes; exit code 1 where a check fails, 3 where a node can't be reached."""
    cluster = chosen_cluster(args)
    nodes = chosen(cluster, args.names)
    return run_until_signal(_check(args, cluster, nodes))


async def _check(args: argparse.Namespace, cluster: Cluster, nodes: list[Node]) -> int:
    left_out = ["self-test"] if args.no_self_test else []

    def tell(done: HealthCheck) -> None:
        if args.json:
            output.print_object("check", asdict(with_cluster(done, args.cluster)))

    job = asyncio.ensure_future(check_nodes(cluster, nodes, tell, leave_out=left_out))
    if not args.json and sys.stderr.isatty():
        output.say(f"checking {len(nodes)} nodes…")
    found = await job
    if args.fix and safe(found):
        await _fix(args, cluster, found)
        found = await check_nodes(cluster, nodes, tell, leave_out=left_out)
    found = [with_cluster(each, args.cluster) for each in found]
    if not args.json:
        for line in matrix(nodes, found):
            print(line)
        for line in details(found):
            print(line)
    if any(each.name == REACH and each.verdict == "fail" for each in found):
        return UNREACHABLE
    return TRIAL_FAILED if worst(found) == "fail" else DONE


async def _fix(args: argparse.Namespace, cluster: Cluster, found: Sequence[HealthCheck]) -> None:
    for done in await fix(cluster, found):
        if args.json:
            output.print_object("fix", done._asdict())
        else:
            glyph = GLYPHS["ok" if done.ok else "fail"]
            output.say(f"{glyph} {done.node} {done.name}: {printable(done.text)}")


def matrix(nodes: Sequence[Node], found: Sequence[HealthCheck]) -> list[str]:
    """Give the table of every check and every node; a dot is a check that a node has not."""
    cells = {(each.name, each.node): f"{GLYPHS[each.verdict]} {each.verdict}" for each in found}
    names = [name for name in NAMES if any(each.name == name for each in found)]
    rows = [(name, *(cells.get((name, node.name), "·") for node in nodes)) for name in names]
    return output.columns([("CHECK", *(node.name for node in nodes)), *rows])


def details(found: Sequence[HealthCheck]) -> list[str]:
    """Give what is not well in words: evidence, and the command that mends it."""
    lines = []
    bad = [each for each in found if each.verdict != "ok"]
    bad.sort(key=lambda each: (each.verdict, each.node, each.remedy, NAMES.index(each.name)))
    for remedy, group in groupby(bad, key=lambda each: each.remedy):
        lines += [
            f"{GLYPHS[each.verdict]} {each.node} {each.name}: {each.evidence}" for each in group
        ]
        lines += [f"    {remedy}"] if remedy else []
    return ["", *lines] if lines else []
