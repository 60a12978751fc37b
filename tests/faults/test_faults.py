"""Every fault at every phase of a trial: named rightly, survived, nothing lost, nothing left."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from faults.case import PHASES, Case, check
from faults.catalogue import BY_NAME, FAULTS, Fault
from faults.lab import Lab
from faults.report import Report

pytestmark = pytest.mark.slow
# What every run of the tests has; the rest is for `make faults`.
ALWAYS = {
    ("worker's board unplugged", "first epoch"),
    ("worker frozen", "prediction"),
    ("ps killed", "threshold"),
    ("chief killed", "later epoch"),
}


def cases() -> list[Any]:
    """Give every fault with every phase."""
    return [
        pytest.param(
            fault,
            phase,
            id=f"{fault.name}-{phase}",
            marks=[] if (fault.name, phase) in ALWAYS else [pytest.mark.fault],
        )
        for fault in FAULTS
        for phase in PHASES
    ]


@pytest.fixture(scope="module")
def report() -> Iterator[Report]:
    """The table, printed when all is done."""
    table = Report()
    yield table
    table.finish()


@pytest.fixture(scope="module")
def reference(boards_of_lab: Lab, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """The result of the same trial without a fault."""
    with pytest.MonkeyPatch.context() as patch:
        home = tmp_path_factory.mktemp("reference")
        patch.setenv("EDGEAD_HOME", str(home))
        nothing = Fault("none", "", "", frozenset(), lambda *_: None, True)
        outcome = Case(boards_of_lab, home, nothing, "first epoch").run()
        check(outcome, nothing, None)
        return outcome.result


@pytest.mark.timeout(400)
@pytest.mark.parametrize(("fault", "phase"), cases())
def test_fault(
    fault: Fault, phase: str, lab: Lab, home: Path, reference: dict[str, Any], report: Report
) -> None:
    with report.case(fault.name, phase) as told:
        outcome = told(Case(lab, home, fault, phase).run())
        check(outcome, fault, reference)


def test_every_fault_is_named_once() -> None:
    assert len(BY_NAME) == len(FAULTS)
