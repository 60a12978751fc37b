"""A session with seeded data and no clock: what pilot and snapshot tests look at."""

from __future__ import annotations

import asyncio
import random
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from edgead.agents.tegrastats import parse
from edgead.console.errors import ConsoleError
from edgead.console.events import Event
from edgead.console.narration import Sentence, narrate
from edgead.console.nodes.fleet import Fleet
from edgead.console.nodes.inventory import Cluster, Node, cluster_of
from edgead.console.reports.describe import Section, describe_run
from edgead.console.running.plan import Plan, make_plan
from edgead.console.runs.about import About
from edgead.console.runs.run_lines import RunLine, line_of
from edgead.console.runs.state import TrialState, apply
from edgead.console.session.session import LogSource, Playing
from edgead.console.toml import parse_toml
from edgead.models.spec import TrialSpec


class FakeNodes:
    """Asked of the nodes."""

    def __init__(self, session: FakeSession) -> None:
        self._session = session
        self.cluster: Path | None = Path("cluster.toml")
        self.undecided = False
        self.checking = False
        self.search_made: Any = None

    async def use(self, cluster: Path | None) -> str:
        return self._session.ask(f"use {cluster}")

    async def check(self, names: Sequence[str] = ()) -> str:
        return self._session.ask(" ".join(["check", *names]))

    async def mend(self, names: Sequence[str] = ()) -> str:
        return self._session.ask(" ".join(["mend", *names]))

    async def power(self, names: Sequence[str], mode: str) -> str:
        return self._session.ask(" ".join(["power", *names, mode]))

    async def container(self, verb: str, names: Sequence[str]) -> str:
        return self._session.ask(" ".join(["container", verb, *names]))

    async def container_log(self, name: str) -> list[str]:
        return [self._session.ask(f"container_log {name}")]

    def shell(self, name: str) -> list[str]:
        return ["sh", "-c", f"echo shell of {name}"]

    def search(self, wanted: Any, changed: Callable[[], None]) -> Any:
        self._session.ask(f"search {' '.join(map(str, wanted.networks))} port {wanted.port}")
        return self.search_made

    async def accept(self, offer: Any) -> None:
        self._session.ask(f"accept {offer.target}")

    async def add(self, found: Sequence[Any], wanted: Any, file: Path) -> str:
        return self._session.ask(f"add {' '.join(each.host for each in found)} to {file}")

    def mistakes(self, text: str, file: Path) -> list[str]:
        try:
            cluster_of(parse_toml(text, file), file)
        except ConsoleError as error:
            return list(error.lines)
        return []

    async def write(self, text: str, file: Path) -> str:
        return self._session.ask(f"write {file}")


class FakeTrials:
    """Asked of the trials; the lines are of the session's two trials unless others are given."""

    def __init__(self, session: FakeSession) -> None:
        self._session = session
        self.more: list[RunLine] = []
        self.started: list[TrialSpec] = []

    @property
    def lines(self) -> list[RunLine]:
        return [*self.more, *(line_of(s.run, s, About()) for s in self._states())]

    async def states(self, names: Sequence[str]) -> list[TrialState]:
        return [state for name in names for state in self._states() if state.run == name]

    def _states(self) -> list[TrialState]:
        session = self._session
        return [s for s in (*session.others, session.trial, session.reference) if s is not None]

    def plan(self, spec: TrialSpec) -> Plan:
        statuses = self._session.fleet.statuses
        nodes = tuple(status.node for status in statuses.values())
        cluster = Cluster("demo", Path("cluster.toml"), nodes) if nodes else None
        return make_plan(replace(spec, synthetic=True), cluster, statuses, Path("/"), Path("/"))

    def describe(self, name: str) -> list[Section]:
        line = next(each for each in self.lines if each.run == name)
        states = (self._session.trial, self._session.reference)
        state = next(s for s in states if s is not None and s.run == name)
        return describe_run(state, line, self.lines)

    async def start(self, specs: Sequence[TrialSpec], *, stand_in: bool = False) -> str:
        said = self._session.ask("start " + " ".join(str(spec.seed) for spec in specs))
        self.started += specs
        self._session._running = True
        return said

    async def rerun(self, names: Sequence[str]) -> str:
        return self._session.ask(" ".join(["rerun", *names]))

    async def stop(self, name: str = "") -> str:
        self._session._running = False
        return self._session.ask("stop")

    async def rename(self, name: str, label: str) -> str:
        return self._session.ask(f"rename {name} {label}")

    async def annotate(self, name: str, note: str) -> str:
        return self._session.ask(f"annotate {name} {note}")

    async def delete(self, names: Sequence[str]) -> str:
        return self._session.ask(" ".join(["delete", *names]))


class FakeHistory:
    """Asked of what is on the plots."""

    def __init__(self, session: FakeSession) -> None:
        self._session = session
        self.playing: Playing | None = None

    async def show(self, name: str) -> str:
        self.playing = None
        return self._session.ask(f"show {name}")

    async def lay_beside(self, name: str) -> str:
        return self._session.ask(f"beside {name}")

    async def replay(self, name: str, speed: float) -> str:
        self.playing = Playing(3.0, 60.0, speed, False)
        return self._session.ask(f"replay {name} {speed:g}")

    def pace(self, speed: float) -> None:
        assert self.playing is not None
        self.playing = replace(self.playing, speed=speed)
        self._session.ask(f"pace {speed:g}")
        self._session.changed()

    def pause(self) -> None:
        self._session.ask("pause")

    def step(self, by: int) -> None:
        self._session.ask(f"step {by}")


class FakeLogs:
    """Logs by name."""

    def __init__(self, session: FakeSession) -> None:
        self._session = session
        self.texts: dict[str, list[str]] = {}

    def sources(self) -> list[LogSource]:
        return [LogSource(key, key) for key in self.texts]

    async def read(self, key: str) -> list[str]:
        return self.texts[key]


ROWS = {"train": 77821, "validation": 98805, "test": 311029}
TEGRASTATS = "RAM {ram}/15827MB (lfb 2x4MB) CPU [{a}%@2035,{b}%@2035] {gpu}CPU@{c}C VDD_IN {p}/{p}"


class FakeSession:
    """Holds what it is given; counts what it is asked for."""

    def __init__(self, *, running: bool = False) -> None:
        self.fleet = Fleet("no nodes yet")
        self.trial: TrialState | None = None
        self.reference: TrialState | None = None
        self.sentences: deque[Sentence] = deque(maxlen=2000)
        self.message = ""
        self.read_only = False
        self.nodes, self.trials = FakeNodes(self), FakeTrials(self)
        self.history, self.logs = FakeHistory(self), FakeLogs(self)
        self.others: list[TrialState] = []  # runs of the store that are not on the plots
        self.asked: list[str] = []
        self.error: ConsoleError | None = None
        self.crash: Exception | None = None
        self.changed: Callable[[], None] = lambda: None
        self._running = running

    async def run(self, changed: Callable[[], None], fleet_changed: Callable[[], None]) -> None:
        self.changed = lambda: (changed(), fleet_changed())
        changed()
        if self.crash:
            raise self.crash
        await asyncio.Event().wait()

    def ask(self, what: str) -> str:
        """Note that something was asked for, and answer as told to."""
        self.asked.append(what)
        if self.error:
            raise self.error
        return what

    def running(self) -> bool:
        return self._running

    async def close(self, *, stop: bool) -> None:
        self.asked.append(f"close stop={stop}")

    def take(self, kind: str, second: int, **data: object) -> None:
        """Take an event of the trial, as a real session would."""
        event = Event(f"2026-11-23T14:{second // 60:02d}:{second % 60:02d}.000Z", kind, data)
        assert self.trial is not None
        apply(self.trial, event)
        said = narrate(event)
        if said is not None:
            self.sentences.append(said)


def demo_session(epochs_done: int = 6, *, lost: bool = False) -> FakeSession:
    """Give the demo at work: the centralised trial over, the distributed one under way."""
    session = FakeSession(running=epochs_done < 10)
    dice = random.Random(7)
    session.fleet = _fleet(lost)
    session.trial = TrialState()
    train(session, dice, "T-001", 0, 10, first=2.4, later=0.31)
    session.reference, session.trial = session.trial, TrialState()
    train(session, dice, "T-002", 3, epochs_done, first=4.9, later=1.24)
    if lost:
        cause = "node-3 stopped answering"
        session.take("node", 95, node="node-3", state="lost", evidence="no keepalive for 15 s")
        session.take(
            "flag", 96, node="node-3", task="worker 2", cause=cause, action="the trial was ended"
        )
    return session


def train(
    session: FakeSession,
    dice: random.Random,
    run: str,
    workers: int,
    epochs: int,
    *,
    first: float,
    later: float,
) -> None:
    """Let a trial run for some epochs, and to its end where that is the tenth."""
    strategy = "parameter-server" if workers else "central"
    spec = {"preset": "paper-kdd99", "strategy": strategy, "workers": max(1, workers), "seed": 1}
    at = 40 if workers else 2
    tasks = [{"role": "ps", "index": 0, "node": "node-1"}] if workers else []
    tasks += [{"role": "worker", "index": i, "node": f"node-{i + 1}"} for i in range(workers)]
    session.take("started", at, run=run, spec={**spec, "dataset": "kdd99"}, tasks=tasks)
    session.take("dataset", at + 1, name="kdd99", synthetic=False, rows=ROWS)
    for task in tasks:
        session.take("task", at + 3, **task, state="ready")
    session.take("phase", at + 4, phase="connect", state="begin")
    session.take("phase", at + 5, phase="connect", state="end", seconds=0.9)
    session.take("phase", at + 5, phase="train", state="begin")
    if workers:
        session.take("phase", at + 3, phase="prepare", state="end", seconds=0.6)
        session.take("phase", at + 5, phase="ship", state="end", seconds=0.4)
    loss = 0.42
    for epoch in range(1, epochs + 1):
        for step in range(1, 9):
            loss = max(0.004, loss * (0.72 if epoch == 1 else 0.955) + dice.gauss(0, 0.0006))
            session.take("step", at + 5 + epoch, epoch=epoch, step=step, steps=8, loss=loss)
            if workers:
                parts = [_part(dice, worker, loss) for worker in range(workers)]
                session.take("round", at + 5 + epoch, epoch=epoch, step=step, steps=8, parts=parts)
        seconds = (first if epoch == 1 else later) * dice.uniform(0.9, 1.1)
        mean = loss * 1.06
        session.take("epoch", at + 5 + epoch, epoch=epoch, epochs=10, loss=mean, seconds=seconds)
        for worker in range(workers):
            watts = 5200 + 3000 * worker + 900 * epoch % 2100 + dice.randrange(600)
            heat = 46 + 4 * worker + 1.5 * epoch
            drawn = {"power_mw": watts, "celsius": heat, "cpu": 40 + 9 * worker, "gpu": 88}
            node = {"node": f"node-{worker + 1}", "source": "tegrastats"}
            session.take("telemetry", at + 5 + epoch, **node, **drawn)
    if epochs == 10:
        finish(session, dice, run, at + 20)


def _part(dice: random.Random, worker: int, loss: float) -> dict[str, object]:
    """Make what a worker says of its part up."""
    seconds = (0.16, 0.19, 0.27)[worker % 3] * dice.uniform(0.9, 1.1)
    mine = loss * (1 + 0.25 * worker) * dice.uniform(0.97, 1.03)
    return {"worker": worker, "rows": 12_970, "seconds": seconds, "loss": mine}


def finish(session: FakeSession, dice: random.Random, run: str, at: int) -> None:
    """Let a trial find its threshold and scores."""
    session.take(
        "threshold", at, value=0.01243, rule="mean+std", seconds=0.4, mean=0.008, std=0.004
    )
    for split, accuracy in (("validation", 0.956), ("test", 0.9234)):
        rows = ROWS[split]
        session.take("phase", at, phase=split, state="begin")
        session.take("scoring", at + 1, split=split, done=rows, rows=rows)
        session.take(
            "score",
            at + 1,
            split=split,
            rows=rows,
            visited=rows,
            accuracy=accuracy + dice.gauss(0, 0.004),
            precision=0.951 + dice.gauss(0, 0.01),
            recall=0.97 + dice.gauss(0, 0.01),
            f1=0.962,
            seconds={"predict": 1.21},
        )
    session.take("result", at + 2, run=run, state="finished", seconds={"total": 14.2})


def _fleet(lost: bool) -> Fleet:
    nodes = [Node(f"node-{number}", "127.0.0.1") for number in (1, 2, 3)]
    fleet = Fleet.of("demo", nodes, embedded=not lost)
    figures = [(5120, 71, 66, 54.5, 9300), (4730, 48, 52, 51.0, 8800), (6240, 93, 88, 88.5, 14100)]
    for status, (ram, a, b, celsius, power) in zip(fleet.statuses.values(), figures, strict=True):
        gpu = f"GR3D_FREQ {a}%@1109 " if lost else ""
        line = TEGRASTATS.format(ram=ram, a=a, b=b, gpu=gpu, c=celsius, p=power)
        status.state, status.telemetry = "up", parse(line if lost else line.split(" VDD_IN")[0])
        status.mode = "MODE_20W" if lost else ""
    if lost:
        last = fleet.statuses["node-3"]
        last.state, last.telemetry, last.error = "lost", None, "no answer for 15 s"
    return fleet
