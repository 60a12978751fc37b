"""What the fleet table says, and which columns it gives up."""

from __future__ import annotations

import pytest

from edgead.agents.tegrastats import parse
from edgead.console.nodes.fleet import Fleet, NodeStatus
from edgead.console.nodes.inventory import Node
from edgead.console.runs.state import TaskState, TrialState
from edgead.console.tui.fleet_columns import lay_out, role_of, state_of

LINE = "RAM 5120/15827MB (lfb 2x4MB) CPU [71%@2035,66%@2035] GR3D_FREQ 9% CPU@54C VDD_IN 9300/9300"


@pytest.fixture
def statuses() -> list[NodeStatus]:
    fleet = Fleet.of("lab", [Node(f"orin-{number}", "10.0.0.1") for number in (1, 2)])
    for status in fleet.statuses.values():
        status.state, status.telemetry, status.mode = "up", parse(LINE), "MODE_30W"
    return list(fleet.statuses.values())


@pytest.fixture
def trial() -> TrialState:
    state = TrialState(state="running", phase="train")
    state.tasks["worker 0"] = TaskState("worker", 0, "orin-1", "ready")
    return state


def heads(statuses, trial, width) -> list[str]:
    return [column.head for column in lay_out(statuses, trial, width).columns]


def test_columns_leave_by_rank(statuses, trial):
    every = ["node", "state", "role", "mode", "CPU", "GPU", "RAM", "temp", "power"]
    assert heads(statuses, trial, 200) == every
    assert heads(statuses, trial, 70) == [h for h in every if h not in ("mode", "power")]
    assert heads(statuses, trial, 1) == ["node", "state"]


def test_columns_that_know_nothing_leave_first(statuses, trial):
    for status in statuses:
        status.telemetry = parse("RAM 1/2MB CPU [7%@1] CPU@54C VDD_IN 9300/9300")
    assert "GPU" not in heads(statuses, trial, 78)
    assert "power" in heads(statuses, trial, 78)


@pytest.mark.parametrize("width", range(1, 220, 7))
def test_a_row_fits_wherever_columns_could_leave(statuses, trial, width):
    grid = lay_out(statuses, trial, width)
    if len(grid.columns) > 2:
        assert sum(grid.widths) + 2 * (len(grid.widths) - 1) <= width


def test_states_have_a_glyph_and_a_word(statuses, trial):
    assert state_of(statuses[0], trial).text == "▶ training"
    assert state_of(statuses[1], trial).text == "● up"
    statuses[0].state = "lost"
    assert state_of(statuses[0], trial).text == "✖ lost"
    statuses[0].state = "od\x1bd"
    assert state_of(statuses[0], trial).text == "? od·d"


def test_a_failed_task_is_loud_until_the_trial_is_over(statuses, trial):
    trial.tasks["worker 0"].state, trial.tasks["worker 0"].exit_code = "ended", 1
    assert role_of(statuses[0], trial).text == "✖ worker 0"
    trial.state = "failed"
    assert role_of(statuses[0], trial).text == "worker 0"
    assert role_of(statuses[1], trial).text == "—"
