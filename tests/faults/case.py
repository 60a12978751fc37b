"""One case: a trial, a fault at a phase of it, and all that must hold afterwards."""

from __future__ import annotations

import json
import threading
import time
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Any

from program import Program, until

from edgead.console.events import Event
from edgead.console.runs.store import Run
from faults.catalogue import Fault
from faults.lab import Lab

PHASES = ("connecting", "first epoch", "later epoch", "threshold", "prediction")
SPEC = {
    "synthetic": "true", "workers": "3", "epochs": "40", "seed": "5", "silence_seconds": "5",
    "ready_seconds": "45", "stall_seconds": "30", "rejoin_seconds": "60",
}  # fmt: skip
SECONDS = 180.0  # for a trial with a fault in it
GONE_SECONDS = 30.0  # for the last process on a node that was out of reach
WORK = ("epoch", "threshold", "score")


@dataclass
class Outcome:
    """What came of a case; seconds count from the fault."""

    fault: str
    phase: str
    result: dict[str, Any]
    flags: list[dict[str, Any]]
    folder: Path
    to_flag: float | None = None
    to_recover: float | None = None
    resumed: bool = False
    events: list[dict[str, Any]] = field(default_factory=list)

    @property
    def word(self) -> str:
        """Say in a word or two how it went on."""
        if self.result.get("state") != "finished":
            return str(self.result.get("state", "no result"))
        if self.resumed:
            return "resumed"
        back = any(flag["recovered"] is not None for flag in self.flags)
        return "rejoined" if back else "went on" if self.flags else "not hit"


def begins(phase: str, fault: Fault, event: dict[str, Any]) -> bool:
    """Tell whether the phase has begun in which the fault is to happen."""
    kind = event["kind"]
    if phase == "connecting":
        role, _, index = fault.task.partition(" ")
        here = kind == "task" and event["state"] == "starting"
        return here and (event["role"], str(event["index"])) == (role or "worker", index or "1")
    if phase == "first epoch":
        return bool(kind == "phase" and event["phase"] == "train" and event["state"] == "begin")
    if phase == "later epoch":
        return bool(kind == "epoch" and event["epoch"] == 5)
    name = {"threshold": "threshold", "prediction": "test"}[phase]
    return bool(kind == "phase" and event["phase"] == name and event["state"] == "begin")


def slows(phase: str, event: dict[str, Any]) -> bool:
    """Tell whether it is time to slow the boards, so that the phase lasts."""
    if phase == "threshold":
        return bool(event["kind"] == "trained")
    return bool(
        phase == "prediction"
        and event["kind"] == "phase"
        and (event["phase"], event["state"]) == ("validation", "end")
    )


class Case:
    """A trial that a fault happens to."""

    def __init__(self, lab: Lab, home: Path, fault: Fault, phase: str) -> None:
        self.lab, self.home, self.fault, self.phase = lab, home, fault, phase
        self._at = 0.0  # seconds since 1970, of the fault

    def run(self) -> Outcome:
        """Run it to its end, resuming it by hand where its supervisor was killed."""
        settings = [word for key, value in SPEC.items() for word in ("--set", f"{key}={value}")]
        events = self._follow("paper-kdd99", *settings)
        run = self._run()
        if not events or events[-1]["kind"] != "result":
            until(lambda: not self.lab.left_over(), GONE_SECONDS)
            assert run.state().state == "interrupted"
            events += self._follow("--resume", run.name, inject=False)
        self._look_for_leftovers()
        return self._outcome(run, events)

    def _run(self) -> Run:
        (folder,) = (self.home / "runs").glob("T-*")
        return Run(folder)

    def _follow(self, *arguments: str, inject: bool = True) -> list[dict[str, Any]]:
        events: list[dict[str, Any]] = []
        late, waiting = threading.Event(), inject
        with Program(
            "--cluster", self.lab.cluster, "trial", "run", *arguments, "--json"
        ) as program:
            timer = threading.Timer(SECONDS, lambda: (late.set(), program.process.kill()))
            timer.daemon = True  # a test that fails does not wait for it
            timer.start()
            for line in program.process.stdout:
                event = json.loads(line)
                events.append(event)
                if waiting and slows(self.phase, event):
                    for board in self.lab.boards.values():
                        board.group.limit_cpu(5)
                if waiting and begins(self.phase, self.fault, event):
                    waiting = False
                    self._at = time.time()
                    self.fault.inject(self.lab, program)
                    self.lab.hurry()
            timer.cancel()
            program.process.wait()
            until(lambda: not program.running(), GONE_SECONDS)
        assert not late.is_set(), f"it took more than {SECONDS:.0f} s"
        assert not waiting, "the phase never began"
        return events

    def _look_for_leftovers(self) -> None:
        """Nothing may be left running, on boards that were cut off not for longer than it takes."""
        for board in self.lab.boards.values():
            board.group.thaw()
        until(lambda: not self.lab.left_over(), GONE_SECONDS)

    def _outcome(self, run: Run, events: list[dict[str, Any]]) -> Outcome:
        result = events[-1]
        flags = list(result["flags"]) if result["kind"] == "result" else []
        outcome = Outcome(self.fault.name, self.phase, result, flags, run.folder, events=events)
        outcome.resumed = any(e["kind"] == "resumed" for e in events) or (
            sum(e["kind"] == "task" and e["role"] == "chief" and e["state"] == "starting"
                for e in events) > 1
        )  # fmt: skip
        if flags:
            outcome.to_flag = max(0.0, seconds(flags[0]["time"]) - self._at)
        outcome.to_recover = longest_pause(events, self._at)
        return outcome


def seconds(time_: str) -> float:
    """Give an event's time as seconds since 1970."""
    from datetime import datetime

    return datetime.fromisoformat(time_.replace("Z", "+00:00")).timestamp()


def longest_pause(events: list[dict[str, Any]], since: float) -> float | None:
    """Give when, after the fault, the longest pause without progress was over."""
    times = [seconds(e["time"]) for e in events if e["kind"] in WORK]
    later = [since, *(at for at in times if at > since)]
    pauses = [(b - a, b) for a, b in pairwise(later)]
    return max(pauses)[1] - since if pauses else None


def check(outcome: Outcome, fault: Fault, reference: dict[str, Any] | None) -> None:
    """Assert all that must hold."""
    shown = [(f["node"], f["task"], f["name"], f["cause"], f["action"]) for f in outcome.flags]
    for flag in outcome.flags:
        assert flag["node"] == fault.node, shown
        assert fault.task in flag["task"].split(", "), shown
        assert flag["name"] in fault.causes, shown
        assert flag["action"] and flag["suggestion"], shown
    assert outcome.flags or fault.harmless, "nothing was flagged"
    result = outcome.result
    assert result["kind"] == "result" and result["state"] == "finished", (result, shown)
    for split in ("validation", "test"):
        assert result[split]["visited"] == result[split]["rows"], split
    assert len(result["loss"]) == int(SPEC["epochs"])
    if reference is not None:  # whatever happened: the same model, to the last bit
        assert result["loss"] == reference["loss"]
        assert result["threshold"] == reference["threshold"]
        assert result["test"]["accuracy"] == reference["test"]["accuracy"]
        assert result["test"]["f1"] == reference["test"]["f1"]
    check_folder(outcome.folder)


def check_folder(folder: Path) -> None:
    """Assert that a run's folder is whole."""
    names = {path.name for path in folder.iterdir()}
    wanted = {"spec.toml", "events.jsonl", "summary.json", "model.keras", "detector.json",
              "saved_model", "tensorboard", "console.log"}  # fmt: skip
    assert wanted <= names, wanted - names
    stray = [n for n in names if n.startswith("tmp-") or ".part" in n]
    assert not stray, stray
    lines = (folder / "events.jsonl").read_text().splitlines()
    events = [json.loads(line) for line in lines]
    assert all(isinstance(Event(e["time"], e["kind"], e).kind, str) for e in events)
    assert events[-1]["kind"] == "result"
    assert json.loads((folder / "summary.json").read_text())["state"] == "finished"
    assert json.loads((folder / "detector.json").read_text())["value"] > 0
