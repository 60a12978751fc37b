"""What is injected: each fault, whose fault it is, and the causes that may be told of it."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from dataclasses import dataclass

from program import Program, until

from faults.lab import Lab
from testbed import faults as board_faults

WORKER, PS = ("xavier-2", "worker 1"), ("xavier-1", "ps 0")
LOST = frozenset({"node lost", "unreachable"})


@dataclass(frozen=True)
class Fault:
    """A fault.

    Attributes:
        name: as the table has it.
        node, task: the culprit's; another one's name in a flag is wrong.
        causes: rows of the table of causes that are right.
        inject: does it, to the boards or to the program that supervises.
        harmless: the trial may end before anybody notices, and nothing is lost by that.
    """

    name: str
    node: str
    task: str
    causes: frozenset[str]
    inject: Callable[[Lab, Program], None]
    harmless: bool = False


def _on(
    place: tuple[str, str],
    name: str,
    causes: set[str] | frozenset[str],
    inject: object,
    harmless: bool = False,
) -> Fault:
    return Fault(name, *place, frozenset(causes), inject, harmless)  # type: ignore[arg-type]


def _chief(program: Program, number: int) -> None:
    """Signal the chief of the program's trial, as soon as it is there."""

    def pids() -> list[int]:
        return [pid for pid, words in program.running().items() if "edgead.models.chief" in words]

    os.kill(until(pids)[0], number)


FAULTS = (
    _on(WORKER, "worker killed", {"ended"}, lambda lab, _: lab.kill(*WORKER)),
    _on(
        WORKER,
        "worker out of memory",
        {"out of memory"},
        lambda lab, _: lab.exhaust_memory(*WORKER),
    ),
    _on(
        WORKER,
        "worker frozen",
        {"frozen", "not ready"},
        lambda lab, _: lab.kill(*WORKER, signal.SIGSTOP),
        True,
    ),
    _on(
        WORKER,
        "worker's board unplugged",
        LOST,
        lambda lab, _: board_faults.unplug(lab.boards["xavier-2"]),
        True,
    ),
    _on(
        WORKER,
        "worker's board powered off",
        LOST,
        lambda lab, _: board_faults.power_cut(lab.boards["xavier-2"]),
        True,
    ),
    _on(
        WORKER,
        "worker's board frozen",
        LOST,
        lambda lab, _: board_faults.freeze(lab.boards["xavier-2"]),
        True,
    ),
    _on(WORKER, "worker's address changed", LOST, lambda lab, _: lab.move("xavier-2"), True),
    _on(
        WORKER,
        "worker's library broken",
        {"ended"},
        lambda lab, _: (lab.break_library("xavier-2"), lab.kill(*WORKER)),
    ),
    _on(
        WORKER,
        "worker's data spoiled",
        {"bad numbers", "step error"},
        lambda lab, _: lab.spoil_data("xavier-2"),
        True,
    ),
    _on(
        WORKER, "worker's data lost", {"step error"}, lambda lab, _: lab.lose_data("xavier-2"), True
    ),
    _on(
        WORKER,
        "worker's disk full",
        {"disk full"},
        lambda lab, _: board_faults.fill_disk(lab.boards["xavier-2"]),
        True,
    ),
    _on(PS, "ps killed", {"ended"}, lambda lab, _: lab.kill(*PS)),
    _on(PS, "ps frozen", {"frozen", "not ready"}, lambda lab, _: lab.kill(*PS, signal.SIGSTOP)),
    _on(
        PS,
        "ps's board powered off",
        LOST,
        lambda lab, _: board_faults.power_cut(lab.boards["xavier-1"]),
    ),
    _on(("host", "chief 0"), "chief killed", {"ended"}, lambda _, program: _chief(program, 9)),
    _on(
        ("host", "chief 0"),
        "chief frozen",
        {"frozen"},
        lambda _, program: _chief(program, signal.SIGSTOP),
    ),
    _on(("", ""), "supervisor killed", set(), lambda _, program: program.process.kill(), True),
)
BY_NAME = {fault.name: fault for fault in FAULTS}
