"""nodes check: the health of nodes, as a matrix and in words."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import asdict
from itertools import groupby

from edgead.console import output
from edgead.console.commands.nodes import chosen_cluster
from edgead.console.errors import DONE, TRIAL_FAILED, UNREACHABLE, UsageError
from edgead.console.glyphs import of_verdict
from edgead.console.interrupt import run_until_signal
from edgead.console.narration import printable
from edgead.console.nodes.health.check import HealthCheck, with_cluster
from edgead.console.nodes.health.fix import fix, safe
from edgead.console.nodes.health.run import NAMES, REACH, check_nodes, worst
from edgead.console.nodes.inventory import Cluster, Node
from edgead.console.nodes.on_nodes import chosen
from edgead.console.progress import progress


def check(args: argparse.Namespace) -> int:
    """Check the nodes; exit code 1 where a check fails, 3 where a node can't be reached."""
    if args.dry_run and not args.fix:
        raise UsageError("nodes check: --dry-run is for --fix; without it nothing is changed")
    cluster = chosen_cluster(args)
    nodes = chosen(cluster, args.names)
    return run_until_signal(_check(args, cluster, nodes))


async def _check(args: argparse.Namespace, cluster: Cluster, nodes: list[Node]) -> int:
    found = await _look(args, cluster, nodes)
    if args.fix and safe(found):
        if args.dry_run:
            _tell_plan(args, safe(found))
        else:
            await _fix(args, cluster, found)
            found = await _look(args, cluster, nodes)
    found = [with_cluster(each, args.cluster) for each in found]
    if not args.json:
        for line in matrix(nodes, found):
            print(line)
        for line in details(found):
            print(line)
    if any(each.name == REACH and each.verdict == "fail" for each in found):
        return UNREACHABLE
    return TRIAL_FAILED if worst(found) == "fail" else DONE


async def _look(args: argparse.Namespace, cluster: Cluster, nodes: list[Node]) -> list[HealthCheck]:
    """Run the checks, and show how far they are: as JSON lines, or on a terminal."""
    waiting = _Waiting(len(nodes))

    def tell(done: HealthCheck) -> None:
        waiting.end(done)
        if args.json:
            output.print_object("check", asdict(with_cluster(done, args.cluster)))

    left_out = ["self-test"] if args.no_self_test else []
    job = check_nodes(cluster, nodes, tell, leave_out=left_out, begin=waiting.begin)
    if args.json:
        return await job
    async with progress(waiting.text):
        return await job


class _Waiting:
    """Which checks are waited for, in a line."""

    def __init__(self, nodes: int) -> None:
        self._nodes, self._done = nodes, 0
        self._running: dict[tuple[str, str], None] = {}  # in the order in which they began

    def begin(self, node: str, name: str) -> None:
        self._running[node, name] = None

    def end(self, check: HealthCheck) -> None:
        self._done += 1
        self._running.pop((check.node, check.name), None)
        if check.verdict == "fail" and check.name == REACH:  # or it was lost: nothing more comes
            self._running = {each: None for each in self._running if each[0] != check.node}

    def text(self) -> str:
        nodes = f"{self._nodes} node{'s' if self._nodes > 1 else ''}"
        said = f"checking {nodes}: {self._done} of {self._done + len(self._running)} done"
        waited = [f"{node} {name}" for node, name in self._running]
        return f"{said}, waiting for {', '.join(waited)}" if waited else said


def _tell_plan(args: argparse.Namespace, checks: Sequence[HealthCheck]) -> None:
    for check in checks:
        remedy = with_cluster(check, args.cluster).remedy
        if args.json:
            output.print_object("plan", {"node": check.node, "name": check.name, "run": remedy})
        else:
            print(f"would run: {printable(remedy)}")


async def _fix(args: argparse.Namespace, cluster: Cluster, found: Sequence[HealthCheck]) -> None:
    for done in await fix(cluster, found):
        if args.json:
            output.print_object("fix", done._asdict())
        else:
            glyph = of_verdict("ok" if done.ok else "fail")
            output.say(f"{glyph} {done.node} {done.name}: {printable(done.text)}")


def matrix(nodes: Sequence[Node], found: Sequence[HealthCheck]) -> list[str]:
    """Give the table of every check and every node; a dot is a check that a node has not."""
    cells = {(each.name, each.node): f"{of_verdict(each.verdict)} {each.verdict}" for each in found}
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
            f"{of_verdict(each.verdict)} {each.node} {each.name}: {each.evidence}" for each in group
        ]
        lines += [f"    {remedy}"] if remedy else []
    return ["", *lines] if lines else []
