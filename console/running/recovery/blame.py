"""What a chief's failure means: whose it is, by what TensorFlow says and what is known of nodes."""

from __future__ import annotations

from collections.abc import Callable

from edgead.agents.protocol import one_line
from edgead.console.running.chief_process import ChiefFailure
from edgead.console.running.failure import Failure
from edgead.console.running.placement import Task
from edgead.console.running.recovery.causes import Cause
from edgead.console.running.recovery.evidence import cause_of_words

# TensorFlow's errors that say: somebody did not answer. Who is to blame, others know better.
NO_ANSWER = {
    *("UnavailableError", "AbortedError", "CancelledError", "DeadlineExceededError"),
    *("PSUnavailableError", "ClosureAbortedError", "ClosureInputError", "StalledError"),
}
DIVERGED = "DivergedError"

Find = Callable[[str, int], Task | None]  # a task by its role and TensorFlow's number


def attribute(failure: Failure, find: Find) -> Failure:
    """Give a chief's failure its cause, and its culprit where TensorFlow names one."""
    said = failure.said if isinstance(failure, ChiefFailure) else None
    if said is None:
        return failure
    error, task = str(said.get("error", "")), _task(str(said.get("task", "")), find)
    if failure.kind is Cause.DATA:
        return failure
    if error in NO_ANSWER:
        text = f"{task.name} did not answer the chief: " if task else ""
        return _like(failure, f"{text}{failure.cause}", Cause.LOST_TOUCH)
    also = _also(said.get("workers"), find)
    if task is not None and len(also) > 1:  # then it is not their fault
        return _like(failure, f"{failure.cause} (on {' and '.join(also)})", Cause.PROGRAM)
    if task is not None:
        kind = cause_of_words([failure.cause], Cause.STEP_ERROR)
        return Failure(task.node, task.name, failure.cause, failure.evidence, kind=kind)
    kind = Cause.DIVERGED if error == DIVERGED else Cause.PROGRAM
    return _like(failure, failure.cause, kind)


def _also(numbers: object, find: Find) -> list[str]:
    """Name the workers that have failed at the same time."""
    given = numbers if isinstance(numbers, list) else []
    tasks = [find("worker", number) for number in given if isinstance(number, int)]
    return [task.name for task in tasks if task is not None]


def _like(failure: Failure, text: str, kind: Cause) -> Failure:
    words = failure.node, failure.task, one_line(text)[:400]
    return Failure(*words, failure.evidence, failure.exit_code, kind)


def _task(name: str, find: Find) -> Task | None:
    role, _, number = name.partition(" ")
    return find(role, int(number)) if number.isdecimal() and len(number) < 6 else None
