"""Workers that come back, from a lost board or a stall, into a trial that never stopped."""

from __future__ import annotations

import signal
from collections.abc import Callable
from pathlib import Path

import pytest
from program import Program, until

from faults.case import SPEC
from faults.lab import Lab
from testbed import faults

pytestmark = pytest.mark.slow
LONG = {**SPEC, "epochs": "100000"}


def unplug_for_a_while(lab: Lab, program: Program) -> None:
    faults.unplug(lab.boards["xavier-2"])
    program.read_until(lambda e: e["kind"] == "flag")
    faults.replug(lab.boards["xavier-2"])


def power_cycle(lab: Lab, program: Program) -> None:
    faults.power_cut(lab.boards["xavier-2"])
    program.read_until(lambda e: e["kind"] == "flag")
    faults.power_on(lab.boards["xavier-2"])


def change_address(lab: Lab, _: Program) -> None:
    lab.move("xavier-2")


@pytest.mark.timeout(400)
@pytest.mark.parametrize(
    "fault",
    [
        change_address,
        pytest.param(unplug_for_a_while, marks=pytest.mark.fault),
        pytest.param(power_cycle, marks=pytest.mark.fault),
    ],
)
def test_a_board_that_comes_back_rejoins(
    fault: Callable[[Lab, Program], None], lab: Lab, home: Path
) -> None:
    settings = [word for key, value in LONG.items() for word in ("--set", f"{key}={value}")]
    with Program(
        "--cluster", lab.cluster, "trial", "run", "paper-kdd99", *settings, "--json"
    ) as program:
        program.read_until(lambda e: e["kind"] == "epoch")
        fault(lab, program)
        back = program.read_until(lambda e: e["kind"] == "flag_update" and "seconds" in e)
        assert "it is back, and worker 1 serves" in back["action"]
        before = lab.seconds("xavier-2", "worker 1")
        until(lambda: lab.seconds("xavier-2", "worker 1") > before + 0.3)  # it has work again
        program.process.send_signal(signal.SIGINT)
        code, events, _ = program.finish()
        assert (code, events[-1]["state"]) == (130, "stopped")
        assert not any(e["kind"] == "resumed" for e in events)
    (flag,) = events[-1]["flags"]
    assert (flag["node"], flag["task"]) == ("xavier-2", "worker 1")
    until(lambda: not lab.left_over())


@pytest.mark.fault
@pytest.mark.timeout(400)
def test_a_worker_that_only_does_not_get_on_is_found_by_that(lab: Lab, home: Path) -> None:
    """As a frozen one would be whose signs of life nobody missed."""
    spec = {**LONG, "silence_seconds": "600", "stall_seconds": "2"}
    settings = [word for key, value in spec.items() for word in ("--set", f"{key}={value}")]
    with Program(
        "--cluster", lab.cluster, "trial", "run", "paper-kdd99", *settings, "--json"
    ) as program:
        program.read_until(lambda e: e["kind"] == "epoch")
        lab.kill("xavier-2", "worker 1", signal.SIGSTOP)
        flag = program.read_until(lambda e: e["kind"] == "flag")
        assert (flag["node"], flag["task"], flag["name"]) == ("xavier-2", "worker 1", "stalled")
        program.read_until(lambda e: e["kind"] == "epoch")  # on the others
        program.read_until(lambda e: e["kind"] == "flag_update" and "seconds" in e)
        program.process.send_signal(signal.SIGINT)
        code, events, _ = program.finish()
        assert (code, len(events[-1]["flags"])) == (130, 1)
    until(lambda: not lab.left_over())
