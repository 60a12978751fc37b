"""Every cause of a failure, with what is done about it and what a person can do: one table."""

from __future__ import annotations

from enum import Enum
from typing import NamedTuple

from edgead.console.running.placement import HOST


class Cause(str, Enum):
    """Why a task, a node or a trial failed."""

    ENDED = "ended"
    OUT_OF_MEMORY = "out of memory"
    FROZEN = "frozen"
    STALLED = "stalled"
    NOT_READY = "not ready"
    NODE_LOST = "node lost"
    UNREACHABLE = "unreachable"
    STEP_ERROR = "step error"
    BAD_NUMBERS = "bad numbers"
    DISK_FULL = "disk full"
    UNFIT = "unfit"
    LOST_TOUCH = "lost touch"
    REFUSED = "refused"
    DATA = "data"
    DIVERGED = "diverged"
    PROGRAM = "program"


class Action(str, Enum):
    """What can be done."""

    RESTART = "restart"  # start the task again where it was; the others train on
    AWAIT = "await"  # wait for the node and start its tasks again; the others train on
    RESUME = "resume"  # start everything again from the last checkpoint
    LEAVE_OUT = "leave out"  # go on without the worker
    END = "end"  # end the trial


class Row(NamedTuple):
    """A cause's line: what it means, what is done for a worker and for ps or chief, advice."""

    means: str
    worker: Action
    others: Action
    advice: str


_RESTART, _AWAIT, _RESUME, _END = Action.RESTART, Action.AWAIT, Action.RESUME, Action.END

TABLE: dict[Cause, Row] = {
    Cause.ENDED: Row(
        "the process ended by itself or was killed",
        *(_RESTART, _RESUME),
        "read its last lines; edgead-console nodes check {node}",
    ),
    Cause.OUT_OF_MEMORY: Row(
        "the kernel ended the process to get memory back",
        *(_RESTART, _RESUME),
        "free memory on {node}, use a smaller batch, or give its container more memory",
    ),
    Cause.FROZEN: Row(
        "the process gives no sign of life though its node does",
        *(_RESTART, _RESUME),
        "look for swapping or a debugger: ssh {node} 'uptime; dmesg | tail'",
    ),
    Cause.STALLED: Row(
        "the process lives and its part of the work does not get done",
        *(_RESTART, _RESUME),
        "edgead-console nodes check {node}; raise stall_seconds if it is only slow",
    ),
    Cause.NOT_READY: Row(
        "the task did not serve in time",
        *(_RESTART, _RESUME),
        "edgead-console nodes check {node}; raise ready_seconds if its disk is slow",
    ),
    Cause.NODE_LOST: Row(
        "the SSH connection is gone or silent",
        *(_AWAIT, _RESUME),
        "look at power and cable of {node}; edgead-console nodes check {node}",
    ),
    Cause.UNREACHABLE: Row(
        "the node does not answer",
        *(_AWAIT, _RESUME),
        "look at power and cable of {node}; edgead-console nodes check {node}",
    ),
    Cause.STEP_ERROR: Row(
        "what the task is given to compute raises an error there",
        *(_RESUME, _RESUME),
        "edgead-console nodes check {node} --fix: its TensorFlow may be broken",
    ),
    Cause.BAD_NUMBERS: Row(
        "the task's copy of the data has gone bad; it is sent again",
        *(_RESUME, _RESUME),
        "check the disk and memory of {node}: staged data does not change by itself",
    ),
    Cause.DISK_FULL: Row(
        "the node's disk is full",
        *(_RESTART, _RESUME),
        "free room on {node}: ssh {node} 'df -h; docker system df'",
    ),
    Cause.UNFIT: Row(
        "the node is there and cannot be used",
        *(_RESTART, _RESUME),
        "edgead-console nodes check {node} --fix",
    ),
    Cause.LOST_TOUCH: Row(
        "tasks could not reach each other and none of them owns up",
        *(_RESUME, _RESUME),
        "look at the network between the nodes: edgead-console nodes check",
    ),
    Cause.REFUSED: Row(
        "the node does not let us in, or shows another host key",
        *(_END, _END),
        "edgead-console nodes check {node} says what to compare or to copy",
    ),
    Cause.DATA: Row(
        "the data set's files are wrong",
        *(_END, _END),
        "edgead-console dataset check",
    ),
    Cause.DIVERGED: Row(
        "the loss is no number any more",
        *(_END, _END),
        "try a lower learning_rate",
    ),
    Cause.PROGRAM: Row(
        "the chief's program failed in a way that a repetition would not mend",
        *(_END, _END),
        "read the end of console.log in the run's folder",
    ),
}
assert set(TABLE) == set(Cause)


# What is said of this machine instead, which no `ssh` leads to and no check of nodes looks at.
_HERE = {
    Cause.ENDED: "read the end of console.log in the run's folder",
    Cause.OUT_OF_MEMORY: "free memory on this machine, or train on fewer rows",
    Cause.FROZEN: "look for swapping or a debugger on this machine: uptime; dmesg | tail",
    Cause.STALLED: "look at this machine's load: uptime; raise stall_seconds if it is only slow",
    Cause.DISK_FULL: "free room on this machine, df -h; then trial run --resume goes on",
}


def advice(cause: Cause, node: str) -> str:
    """Give what a person can do about it."""
    here = _HERE.get(cause) if node == HOST else None
    return here or TABLE[cause].advice.format(node=node)
