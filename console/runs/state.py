"""TrialState: everything a person sees of a trial, folded from its events."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Any

from edgead.console.events import Event
from edgead.console.runs.measures import Measures, seconds_between
from edgead.models.spec import SpecError, TrialSpec, read_spec

MOST_SHARDS = 16  # of a node that are kept: a dataset has a few
MOST_STEPS = 4_000  # points of the loss that are kept: two a cell of the widest screen, and zoom
MOST_EPOCHS = 200_000
MOST_NAMES = 100  # of phases; a chief has some ten
SPLITS = ("validation", "test")
FINAL_STATES = ("finished", "failed", "stopped", "interrupted")


@dataclass(frozen=True, slots=True)
class Epoch:
    """One epoch done: number (from 1), mean loss, seconds."""

    number: int
    loss: float
    seconds: float


@dataclass(frozen=True)
class Flag:
    """A named culprit: node, task, cause, evidence (lines) and what was done.

    `name` is the cause's row in the table (recovery/causes.py), `suggestion` what a person can do;
    `recovered` the seconds until the trial was whole again, None where it is not.
    """

    time: str
    node: str
    task: str
    cause: str
    evidence: tuple[str, ...]
    action: str
    number: int = 0
    name: str = ""
    suggestion: str = ""
    recovered: float | None = None

    @property
    def done(self) -> str:
        """What was done, and after how long the trial was whole again."""
        whole = "" if self.recovered is None else f"whole again after {self.recovered:.1f} s"
        return " · ".join(part for part in (self.action, whole) if part)


@dataclass
class TaskState:
    """One task of the cluster and how it is.

    starting, ready, ended, restarting (after a failure) or quarantined (left out for good).
    """

    role: str
    index: int
    node: str
    state: str = "waiting"
    exit_code: int | None = None

    @property
    def failed(self) -> bool:
        """Whether it has ended badly, or is left out."""
        return self.state == "quarantined" or (self.state == "ended" and bool(self.exit_code))


@dataclass
class TrialState:
    """A trial so far. `steps` holds (epochs passed, loss) points, x from 0 to the epoch count."""

    run: str = ""
    spec: TrialSpec = field(default_factory=TrialSpec)
    state: str = "starting"
    started: str = ""
    latest: str = ""
    cluster: str = ""
    embedded: bool = False  # its nodes are this machine's own
    synthetic: bool = False
    rows: dict[str, int] = field(default_factory=dict)
    shards: list[str] = field(default_factory=list)  # of the data, by sha256
    phase: str = ""
    phase_seconds: dict[str, float] = field(default_factory=dict)
    steps: list[tuple[float, float]] = field(default_factory=list)
    epochs: list[Epoch] = field(default_factory=list)
    tasks: dict[str, TaskState] = field(default_factory=dict)
    nodes: dict[str, str] = field(default_factory=dict)
    threshold: float | None = None
    scores: dict[str, dict[str, Any]] = field(default_factory=dict)
    flags: list[Flag] = field(default_factory=list)
    warnings: int = 0
    collapsed: bool = False
    chief_cpu_seconds: float | None = None
    prepare_cpu_seconds: float = 0.0
    usage: dict[str, dict[str, int]] = field(default_factory=dict)
    boards: dict[str, dict[str, Any]] = field(default_factory=dict)  # what each node is
    measures: Measures = field(default_factory=Measures)  # what the plots draw besides
    result: dict[str, Any] | None = None
    kept_seconds: float = 0.0  # of epochs that were done before the trial was resumed

    @property
    def over(self) -> bool:
        """Whether nothing more will come."""
        return self.state in FINAL_STATES

    @property
    def title(self) -> str:
        """The trial in a few words: distributed · 3 workers (· paper engine), or centralised."""
        shape = f"distributed · {self.spec.workers} workers"
        shape += " · paper engine" if self.spec.engine == "paper" else ""
        name = shape if self.spec.distributed else "centralised"
        return f"{name} · synthetic" if self.synthetic else name

    @property
    def seconds(self) -> float:
        """Seconds from the first event to the latest."""
        return seconds_between(self.started, self.latest)

    @property
    def training_seconds(self) -> float | None:
        """Seconds of connecting and training until the weights were home; None before that."""
        if "train" not in self.phase_seconds:
            return None
        return sum(self.phase_seconds.get(name, 0.0) for name in ("connect", "train")) + (
            self.kept_seconds
        )

    @property
    def seconds_left(self) -> float | None:
        """Seconds the remaining epochs will take at the pace of the later ones so far."""
        if not self.epochs or self.over:
            return None
        later = [epoch.seconds for epoch in self.epochs[1:]] or [self.epochs[0].seconds]
        return sum(later) / len(later) * (self.spec.epochs - len(self.epochs))


def fold(events: Iterable[Event], state: TrialState | None = None) -> TrialState:
    """Fold events, in order, into a state (a new one unless one is given to go on from)."""
    state = state or TrialState()
    for event in events:
        apply(state, event)
    return state


def apply(state: TrialState, event: Event) -> None:
    """Take one event into the state. An event with missing or odd fields changes nothing."""
    state.started = state.started or event.time
    state.latest = event.time or state.latest
    handler = _HANDLERS.get(event.kind)
    try:
        if handler is not None:
            handler(state, event)
        state.measures.take(event, state.started)
    except (KeyError, TypeError, ValueError, AttributeError, OverflowError):
        state.warnings += 1


def _started(state: TrialState, event: Event) -> None:
    state.run = str(event["run"])
    state.cluster = str(event.get("cluster") or "")
    state.embedded = event.get("embedded") is True
    try:
        state.spec = read_spec(event["spec"])
    except SpecError:
        state.warnings += 1
    state.synthetic = state.spec.synthetic
    state.state, state.result = "starting", None  # a run may go on that had ended
    for task in event.get("tasks", []):
        found = TaskState(str(task["role"]), int(task["index"]), str(task["node"]))
        state.tasks[f"{found.role} {found.index}"] = found


def _node(state: TrialState, event: Event) -> None:
    state.nodes[str(event["node"])] = str(event["state"])


def _board(state: TrialState, event: Event) -> None:
    known = state.boards.setdefault(str(event["node"]), {})
    known.update({name: value for name, value in event.data.items() if name != "node"})


def _task(state: TrialState, event: Event) -> None:
    name = f"{event['role']} {event['index']}"
    task = state.tasks.setdefault(
        name, TaskState(str(event["role"]), int(event["index"]), str(event.get("node", "")))
    )
    task.state = str(event["state"])
    task.node = str(event.get("node", task.node))
    code = event.get("exit_code")
    task.exit_code = code if isinstance(code, int) else None
    if task.node in state.boards:  # they say what TensorFlow they have
        said = {name: event[name] for name in ("tensorflow", "cudnn") if event.get(name)}
        state.boards[task.node].update(said)


def _dataset(state: TrialState, event: Event) -> None:
    state.synthetic = bool(event["synthetic"])
    state.shards = [str(name).rpartition("/")[2][:64] for name in event.get("shards", [])]
    state.rows = {str(name): int(count) for name, count in event["rows"].items()}


def _stage(state: TrialState, event: Event) -> None:
    if "total" in event.data:
        state.phase = f"stage {int(event['done']) / max(1, int(event['total'])):.0%}"
    name, suffix, _ = str(event.get("file", "")).partition(".f32")
    board = state.boards.get(str(event["node"]))
    if board is not None and suffix and "sent" in event.data:
        there = {*str(board.get("dataset", "")).split(), name[:12]}
        board["dataset"] = " ".join(sorted(there)[:MOST_SHARDS])


def _phase(state: TrialState, event: Event) -> None:
    if len(state.phase_seconds) > MOST_NAMES:
        raise ValueError("too many phases")
    state.phase = str(event["phase"])[:40]
    state.state = "running"
    if event["state"] == "end":
        state.phase_seconds[state.phase] = float(event["seconds"])


def _step(state: TrialState, event: Event) -> None:
    done = int(event["epoch"]) - 1 + int(event["step"]) / max(1, int(event["steps"]))
    while state.steps and state.steps[-1][0] >= done:
        state.steps.pop()
    state.steps.append((done, float(event["loss"])))
    if len(state.steps) > MOST_STEPS:
        state.steps[:] = state.steps[::2]  # more than any plot can show all the same


def _epoch(state: TrialState, event: Event) -> None:
    number = int(event["epoch"])
    if not 0 < number <= MOST_EPOCHS or len(state.epochs) >= MOST_EPOCHS:
        raise ValueError(f"no epoch's number: {number}")
    while state.epochs and state.epochs[-1].number >= number:  # it is done again, from the start
        state.epochs.pop()
    state.epochs.append(Epoch(number, float(event["loss"]), float(event["seconds"])))


def _resumed(state: TrialState, event: Event) -> None:
    done = max(0, int(event["epoch"]))
    state.epochs[:] = state.epochs[:done]
    state.steps[:] = [(at, loss) for at, loss in state.steps if at <= done]
    state.kept_seconds = sum(epoch.seconds for epoch in state.epochs)


def _threshold(state: TrialState, event: Event) -> None:
    state.threshold = float(event["value"])


def _trained(state: TrialState, event: Event) -> None:
    state.chief_cpu_seconds = float(event["cpu_seconds"])
    state.prepare_cpu_seconds = float(event.get("prepare_cpu_seconds", 0.0))


def _usage(state: TrialState, event: Event) -> None:
    used = {name: int(event[name]) for name in ("rss", "peak", "sent", "received")}
    state.usage[f"{event['role']} {event['index']}"] = used


def _score(state: TrialState, event: Event) -> None:
    if event["split"] not in SPLITS:
        raise ValueError("no split of ours")
    state.scores[event["split"]] = {
        **{name: int(event[name]) for name in ("rows", "visited")},
        **{name: float(event[name]) for name in ("accuracy", "precision", "recall", "f1")},
        "where": str(event.get("where", "")),
        "seconds": {str(name): float(took) for name, took in event.get("seconds", {}).items()},
    }


def _note(state: TrialState, event: Event) -> None:
    state.warnings += event.get("level") in ("warn", "error")
    state.collapsed |= event.get("collapsed") is True


def _flag(state: TrialState, event: Event) -> None:
    evidence = tuple(str(line) for line in event.get("evidence", []))
    state.flags.append(
        Flag(
            event.time,
            str(event.get("node", "")),
            str(event.get("task", "")),
            str(event["cause"]),
            evidence,
            str(event.get("action", "")),
            int(event.get("number", 0)),
            str(event.get("name", "")),
            str(event.get("suggestion", "")),
        )
    )


def _flag_update(state: TrialState, event: Event) -> None:
    for place, flag in enumerate(state.flags):
        if flag.number == int(event["number"]):
            more = tuple(str(line) for line in event.get("evidence", []))
            seconds = event.get("seconds")
            state.flags[place] = replace(
                flag,
                action=str(event.get("action", flag.action)),
                evidence=flag.evidence + more,
                recovered=flag.recovered if seconds is None else float(seconds),
            )


def _result(state: TrialState, event: Event) -> None:
    state.state = str(event["state"])[:40]
    state.result = dict(event.data)


_HANDLERS = {
    "started": _started,
    "node": _node,
    "board": _board,
    "task": _task,
    "dataset": _dataset,
    "stage": _stage,
    "phase": _phase,
    "step": _step,
    "epoch": _epoch,
    "resumed": _resumed,
    "trained": _trained,
    "threshold": _threshold,
    "score": _score,
    "usage": _usage,
    "note": _note,
    "flag": _flag,
    "flag_update": _flag_update,
    "result": _result,
}
