"""Plan: what would happen if a trial were started: where, by which ports, with which data."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from edgead.console.errors import UsageError
from edgead.console.nodes.fleet import NodeStatus
from edgead.console.nodes.inventory import Cluster, Node
from edgead.console.running.placement import HOST, Task, place
from edgead.console.runs.run_lines import RunLine
from edgead.models.spec import TrialSpec

EMBEDDED = Cluster(
    "this machine",
    Path("nodes embedded in this machine"),
    tuple(Node(f"node-{number}", "127.0.0.1", transport="direct") for number in (1, 2, 3)),
    embedded=True,
)


@dataclass(frozen=True)
class PlanLine:
    """One thing that is planned: its level (info, good, warn, error), what of, and the text.

    `remedy` is a command that mends what is wrong; `stops` says that a trial can't start so.
    """

    level: str
    name: str
    text: str
    remedy: str = ""
    stops: bool = False


@dataclass(frozen=True)
class Plan:
    """What would happen. `tasks` is empty where the spec can't be placed."""

    spec: TrialSpec
    tasks: tuple[Task, ...]
    lines: tuple[PlanLine, ...]

    @property
    def ready(self) -> bool:
        """Whether it can be started."""
        return not any(line.stops for line in self.lines)


def make_plan(
    spec: TrialSpec,
    cluster: Cluster | None,
    statuses: Mapping[str, NodeStatus],
    data: Path,
    shards: Path,
    runs: Sequence[RunLine] = (),
) -> Plan:
    """Plan a trial from what is known now, without asking anybody.

    `shards` is the folder of coded data; earlier `runs` tell which files a trial needs.
    """
    try:
        tasks = place(spec, cluster)
    except UsageError as error:
        wrong = PlanLine("error", "placement", str(error), stops=True)
        return Plan(spec, (), (wrong, *_data(spec, data)))
    lines = [*_placement(tasks, cluster), *_transport(spec, cluster), *_data(spec, data)]
    lines += _shipping(spec, tasks, shards, runs)
    lines += _health(tasks, statuses)
    return Plan(spec, tasks, tuple(lines))


def _placement(tasks: Sequence[Task], cluster: Cluster | None) -> Iterable[PlanLine]:
    nodes = {node.name: node for node in cluster.nodes} if cluster else {}
    by_node: dict[str, list[str]] = {}
    for task in tasks:
        by_node.setdefault(task.node, []).append(task.name)
    for node, names in by_node.items():
        where = "this machine" if node == HOST else node
        runs = "" if cluster is None or cluster.embedded else _runs(nodes.get(node))
        yield PlanLine("info", where, ", ".join(names) + runs)


def _runs(node: Node | None) -> str:
    """Say with which Python a node runs its tasks."""
    if node is None:
        return ""
    return f" · {node.inside} in {node.container}" if node.container else f" · {node.python}"


def _transport(spec: TrialSpec, cluster: Cluster | None) -> Iterable[PlanLine]:
    if not spec.distributed or cluster is None:
        return
    ranges = dict.fromkeys(node.ports for node in cluster.nodes)
    said = ", ".join("any that are free" if r is None else f"{r[0]} to {r[1]}" for r in ranges)
    if cluster.embedded:
        yield PlanLine("info", "ports", f"on this machine's loopback: {said}")
    elif cluster.transport == "tunnel":
        text = f"{said}, on loopback, through SSH: nothing listens on the network"
        yield PlanLine("info", "ports", text)
    else:
        text = f"{said}, OPEN to the network: whoever reaches them can run code there"
        yield PlanLine("warn", "ports", text)


def _data(spec: TrialSpec, data: Path) -> Iterable[PlanLine]:
    from edgead.datasets.sources import ORIGINALS, find  # with NumPy: the app paints before

    if spec.synthetic:
        yield PlanLine("warn", "data", f"a made-up stand-in of {spec.dataset}, labelled SYNTHETIC")
    elif find(spec.dataset, data) is not None:
        yield PlanLine("good", "data", f"{spec.dataset} is here")
    else:
        size = sum(file.size for file in ORIGINALS[spec.dataset])
        if size:
            text = f"{spec.dataset} is not here: downloaded first, {size / 1e6:.0f} MB unpacked"
            yield PlanLine("warn", "data", text)
        else:
            text = f"{spec.dataset} is not in {data}: set synthetic to train on a stand-in"
            yield PlanLine("error", "data", text, stops=True)


def _shipping(
    spec: TrialSpec, tasks: Sequence[Task], shards: Path, runs: Sequence[RunLine]
) -> Iterable[PlanLine]:
    """Say how much goes to the nodes: known once the same data has been coded before."""
    nodes = {task.node for task in tasks if task.role == "worker" and task.node != HOST}
    if not nodes:
        return
    known = next((run for run in runs if run.shards and _same_data(run.spec, spec)), None)
    files = [shards / name for name in known.shards] if known else []
    if not files or not all(file.is_file() for file in files):
        yield PlanLine("info", "to ship", "what a node lacks; how much, the first trial will say")
        return
    size = sum(file.stat().st_size for file in files)
    each = f"{len(files)} files, {size / 1e6:.1f} MB"
    yield PlanLine("info", "to ship", f"{each}, to each of {len(nodes)} nodes that has them not")


def _same_data(one: TrialSpec, other: TrialSpec) -> bool:
    def what(spec: TrialSpec) -> tuple[object, ...]:
        return spec.dataset, spec.coding, spec.synthetic, spec.rows

    return what(one) == what(other)


def _health(tasks: Sequence[Task], statuses: Mapping[str, NodeStatus]) -> Iterable[PlanLine]:
    used = [name for name in dict.fromkeys(task.node for task in tasks) if name in statuses]
    bad = 0
    for name in used:
        status = statuses[name]
        if status.state == "lost":
            bad += 1
            text = f"lost: {status.error or 'no answer'}"
            yield PlanLine("error", name, text, f"edgead-console nodes check {name}", stops=True)
        for check in status.checks.values():
            if check.verdict != "ok" and not (check.name == "reach" and status.state == "lost"):
                bad += 1
                level = "error" if check.verdict == "fail" else "warn"
                yield PlanLine(level, name, f"{check.name}: {check.evidence}", check.remedy)
    if used and not bad:
        checked = all(statuses[name].checks for name in used)
        said = "every check is well" if checked else "no check has failed; not all were run"
        yield PlanLine("good" if checked else "info", "checks", said)
