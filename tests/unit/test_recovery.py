"""What is decided about failures: the table of causes, and the state machine on it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgead.console.running.failure import Failure
from edgead.console.running.recovery import machine
from edgead.console.running.recovery.causes import TABLE, Action, Cause, advice
from edgead.console.running.recovery.machine import Recovery, decide

WORKERS = ("worker 0", "worker 1", "worker 2")


def start(retries: int = 2, minimum: int = 1) -> Recovery:
    return Recovery(retries, minimum, frozenset(WORKERS))


def failure(task: str = "worker 1", kind: Cause = Cause.ENDED) -> Failure:
    return Failure("node-2", task, "it failed", kind=kind)


def test_every_cause_has_an_action_and_advice_that_names_the_node() -> None:
    for cause, row in TABLE.items():
        assert row.means and row.worker in Action and row.others in (Action.RESUME, Action.END)
        assert "{" not in advice(cause, "node-2")
    assert "node-2" in advice(Cause.NODE_LOST, "node-2")
    assert not any("ssh host" in advice(cause, "host") for cause in TABLE)


def test_a_worker_is_started_again_then_left_out() -> None:
    state, actions, waits = start(), [], []
    for _ in range(3):
        state, decision = decide(state, failure(), training=True)
        actions.append(decision.action)
        waits.append(decision.wait)
    assert actions == [Action.RESTART, Action.RESTART, Action.LEAVE_OUT]
    assert waits == [0.0, 1.0, 0.0]
    assert state.left_out == {"worker 1"}
    assert machine.usable(state) == {"worker 0", "worker 2"}


def test_before_training_nobody_is_left_out_without_a_new_start() -> None:
    state, decision = decide(start(retries=0), failure(), training=False)
    assert decision.action is Action.RESUME
    assert "worker 1 is left out" in decision.text and state.left_out == {"worker 1"}


def test_what_does_well_for_a_while_counts_anew() -> None:
    state, _ = decide(start(), failure(), training=True)
    state = machine.steady(state, "worker 1")
    _, decision = decide(state, failure(), training=True)
    assert "try 1 of 2" in decision.text


def test_fewer_than_the_minimum_end_the_trial() -> None:
    _, decision = decide(start(retries=0, minimum=3), failure(), training=True)
    assert decision.action is Action.END
    assert "2 workers are left, 3 are the minimum" in decision.text


@pytest.mark.parametrize("task", ["ps 0", "chief 0", "ps 0, worker 1"])
def test_ps_and_chief_are_resumed_from_the_checkpoint(task: str) -> None:
    state, actions = start(), []
    for _ in range(3):
        state, decision = decide(state, failure(task), training=True)
        actions.append(decision.action)
    assert actions == [Action.RESUME, Action.RESUME, Action.END]
    state, _ = decide(start(), failure(task), training=True)
    assert machine.progressed(state).resumes == 0


def test_a_lost_node_is_waited_for_while_the_others_train() -> None:
    state, decision = decide(start(), failure(kind=Cause.NODE_LOST), training=True)
    assert decision.action is Action.AWAIT and state.away == {"worker 1"}
    assert machine.returned(state, ["worker 1"]).away == frozenset()
    late, decision = machine.overdue(state, ["worker 1"])
    assert decision.action is Action.LEAVE_OUT
    assert (late.left_out, late.away) == ({"worker 1"}, frozenset())


def test_workers_of_a_lost_node_with_the_ps_are_away() -> None:
    lost = failure("ps 0, worker 0", Cause.NODE_LOST)
    state, decision = decide(start(), lost, training=True)
    assert decision.action is Action.RESUME and state.away == {"worker 0"}


@pytest.mark.parametrize("kind", [Cause.DIVERGED, Cause.DATA, Cause.PROGRAM, Cause.REFUSED])
def test_what_repetition_does_not_mend_ends_the_trial(kind: Cause) -> None:
    for task in ("worker 1", "chief 0", ""):
        assert decide(start(), failure(task, kind), training=True)[1].action is Action.END


def test_a_failure_of_nobody_ends_the_trial() -> None:
    assert decide(start(), failure(""), training=False)[1].action is Action.END


causes = st.sampled_from([cause for cause in Cause if TABLE[cause].worker is not Action.END])
tasks = st.sampled_from([*WORKERS, "ps 0", "chief 0", "worker 0, worker 2", "ps 0, worker 1"])


@given(st.lists(st.tuples(tasks, causes, st.booleans()), max_size=40), st.integers(0, 4))
def test_whatever_fails_it_comes_to_an_end(
    failures: list[tuple[str, Cause, bool]], retries: int
) -> None:
    state, resumes = start(retries), 0
    for task, cause, training in failures:
        state, decision = decide(state, failure(task, cause), training=training)
        assert state.left_out | state.away <= state.workers
        assert decision.text and 0.0 <= decision.wait <= machine.LONGEST_WAIT
        others = not task.startswith("worker")
        resumes += others
        if others and resumes > retries:
            assert decision.action is Action.END
        if decision.action is Action.END:
            break
        assert len(machine.usable(state)) >= state.minimum
