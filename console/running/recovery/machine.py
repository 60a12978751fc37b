"""The state machine of recovery: what has been tried, and what a failure leads to. No IO.

A worker is here, being restarted, away (its node is lost and waited for) or left out for good.
The trial as a whole is resumed when its parameter server or chief fails, or when TensorFlow has
given up. Every transition is a function from a state to the next one.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import NamedTuple

from edgead.console.running.failure import Failure
from edgead.console.running.recovery.causes import TABLE, Action, Cause

LONGEST_WAIT = 30.0  # seconds between two tries


@dataclass(frozen=True)
class Recovery:
    """What has been tried so far.

    Attributes:
        retries: how often in a row a task is started again, and the trial resumed.
        minimum: workers without which the trial ends.
        workers: the names of all workers.
        tries: by worker, how often it was started again since it last did well.
        away: workers whose node is lost and waited for.
        left_out: workers given up.
        resumes: how often the trial was resumed since it last got on.
    """

    retries: int
    minimum: int
    workers: frozenset[str]
    tries: Mapping[str, int] = field(default_factory=dict)
    away: frozenset[str] = frozenset()
    left_out: frozenset[str] = frozenset()
    resumes: int = 0


class Decision(NamedTuple):
    """What to do: the action, the tasks it is for, seconds to wait first, and in words."""

    action: Action
    tasks: tuple[str, ...]
    wait: float
    text: str


def decide(state: Recovery, failure: Failure, *, training: bool) -> tuple[Recovery, Decision]:
    """Decide on a failure.

    `training` says that the chief has its cluster: then the others train on without a worker.
    Before that a worker may be restarted too, but nobody can be left out without a new start.
    """
    row = TABLE[failure.kind]
    workers = tuple(name for name in failure.tasks if name in state.workers)
    if row.worker is Action.END or not failure.tasks:
        return state, Decision(Action.END, failure.tasks, 0.0, "the trial was ended")
    if len(workers) < len(failure.tasks):  # its parameter server or chief
        return _resume(state, failure, workers)
    if row.worker is Action.AWAIT:
        return _await(state, workers, training)
    tries = {**state.tries, **{name: state.tries.get(name, 0) + 1 for name in workers}}
    state = replace(state, tries=tries)
    if max(tries[name] for name in workers) > state.retries:
        return _leave_out(state, workers, row.worker is Action.RESTART and training)
    wait, count = _wait(max(tries[name] for name in workers)), max(tries[n] for n in workers)
    again = f"try {count} of {state.retries}"
    if row.worker is Action.RESTART:
        going_on = "; the others train on" if training and len(state.workers) > 1 else ""
        text = f"{_named(workers)} is started again, {again}{going_on}"
        return state, Decision(Action.RESTART, workers, wait, text)
    text = f"everything is started again from the last checkpoint, {again}"
    return state, Decision(Action.RESUME, workers, wait, text)


def _resume(
    state: Recovery, failure: Failure, workers: tuple[str, ...]
) -> tuple[Recovery, Decision]:
    state = replace(state, resumes=state.resumes + 1)
    if state.resumes > state.retries:
        text = f"the trial was ended: it was resumed {state.retries} times without getting on"
        return state, Decision(Action.END, failure.tasks, 0.0, text)
    gone = failure.kind in (Cause.NODE_LOST, Cause.UNREACHABLE)
    state = replace(state, away=state.away | set(workers)) if gone else state
    text = "the trial is resumed from its last checkpoint"
    return state, Decision(Action.RESUME, failure.tasks, _wait(state.resumes), text)


def _await(state: Recovery, workers: tuple[str, ...], training: bool) -> tuple[Recovery, Decision]:
    state = replace(state, away=state.away | set(workers))
    if not training:
        text = f"the trial starts without {_named(workers)}"
        return state, Decision(Action.RESUME, workers, 0.0, text)
    text = f"{_named(workers)} comes back when the node does; the others train on"
    return state, Decision(Action.AWAIT, workers, 0.0, text)


def _leave_out(
    state: Recovery, workers: tuple[str, ...], going_on: bool
) -> tuple[Recovery, Decision]:
    state = replace(state, left_out=state.left_out | set(workers), away=state.away - set(workers))
    left = len(state.workers - state.left_out)
    if left < state.minimum:
        text = f"the trial was ended: {left} workers are left, {state.minimum} are the minimum"
        return state, Decision(Action.END, workers, 0.0, text)
    text = f"{_named(workers)} is left out for the rest of the trial; "
    if going_on:
        return state, Decision(Action.LEAVE_OUT, workers, 0.0, text + "the others train on")
    text += "the others go on from the last checkpoint"
    return state, Decision(Action.RESUME, workers, 0.0, text)


def absent(state: Recovery, failure: Failure) -> tuple[Recovery, Decision]:
    """Start without what is on a node that can't be had."""
    state = replace(state, away=state.away | (state.workers & set(failure.tasks)))
    text = f"the trial starts without {_named(failure.tasks)} there"
    return state, Decision(Action.AWAIT, failure.tasks, 0.0, text)


def overdue(state: Recovery, workers: Iterable[str]) -> tuple[Recovery, Decision]:
    """Give up workers whose node has not come back in time."""
    return _leave_out(state, tuple(workers), True)


def returned(state: Recovery, workers: Iterable[str]) -> Recovery:
    """Have workers back whose node was away."""
    return replace(state, away=state.away - set(workers))


def steady(state: Recovery, worker: str) -> Recovery:
    """A worker has done well for a while: its tries count anew."""
    return replace(state, tries={n: count for n, count in state.tries.items() if n != worker})


def progressed(state: Recovery) -> Recovery:
    """An epoch or a phase was finished: resumes count anew."""
    return replace(state, resumes=0)


def usable(state: Recovery) -> frozenset[str]:
    """Give the workers that a new start may count on: all that are not given up."""
    return state.workers - state.left_out


def _wait(tries: int) -> float:
    """Give the seconds before a try: none before the first, then 1, 2, 4 …"""
    return 0.0 if tries <= 1 else min(LONGEST_WAIT, 2.0 ** (tries - 2))


def _named(workers: tuple[str, ...]) -> str:
    return " and ".join(workers)
