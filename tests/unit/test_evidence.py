"""What tells of a failure, in what tasks, chiefs and kernels say."""

from __future__ import annotations

import logging
import signal

import pytest

from edgead.console.events import event
from edgead.console.running.chief_process import ChiefFailure
from edgead.console.running.failure import Failure
from edgead.console.running.placement import HOST, Task
from edgead.console.running.recovery.blame import attribute
from edgead.console.running.recovery.causes import Cause
from edgead.console.running.recovery.evidence import (
    Memory,
    cause_of_end,
    hint,
    how_it_ended,
    read_memory,
    telling,
)
from edgead.models.blame import Complaints, blame

# As TensorFlow 2.21 says them when it starts.
CHATTER = [
    "WARNING: All log messages before absl::InitializeLog() is called are written to STDERR",
    "I0000 00:00:1795640368.241016   22099 port.cc:153] oneDNN custom operations are on.",
    "E0000 00:00:1795640369.758585   22099 cuda_platform.cc:52] failed call to cuInit: INTERNAL",
    "2026-11-25 20:59:28.241342: I tensorflow/core/platform/cpu_feature_guard.cc:210] This binary",
    "To enable the following instructions: AVX2 FMA, in other operations, rebuild TensorFlow",
    '{"event": "ready", "tensorflow": "2.21.0", "seconds": 4.2}',
    '{"rss": 1, "event": "usage"}',
    "",
]
# As the eager runtime of TensorFlow 2.21 says it of a closure, shortened in the middle.
STEP = """Graph execution error:

Detected at node switch_case/indexed_case/CheckNumerics defined at (most recent call last):
File "/x/models/staged.py", line 48, in take

the shard e1e7.f32 holds no numbers : Tensor had NaN values
\t [[{{node switch_case/indexed_case/CheckNumerics}}]]
Additional GRPC error information from remote target /job:worker/replica:0/task:2 while calling \
/tensorflow.eager.EagerService/Enqueue:
:UNKNOWN:Error received from peer  {grpc_message:" the shard e1e7.f32 holds no num"""
GONE = """recvmsg:Connection reset by peer
Additional GRPC error information from remote target /job:ps/replica:0/task:0 while calling \
/tensorflow.eager.EagerService/Enqueue:
:UNKNOWN:Error received from peer  {grpc_message:"recvmsg:Connection reset by peer"} \
[Op:VarHandleOp] name:"""


def test_chatter_is_left_out_and_lines_are_bounded() -> None:
    said = ["Traceback (most recent call last):", "ImportError: libcudnn.so.8: file too short"]
    assert telling([*CHATTER, *said]) == tuple(said)
    assert telling(CHATTER) == ()
    assert len(telling(["x" * 10_000])[0]) == 400
    assert "\x1b" not in telling(["\x1b[31mred"])[0]
    assert len(telling(str(n) for n in range(100))) == 20


def test_ends_are_said_for_people() -> None:
    assert how_it_ended(3, None) == "exit code 3"
    assert how_it_ended(None, 9) == "signal 9 (SIGKILL)"
    assert how_it_ended(None, 99) == "signal 99"
    assert "file too short" in hint(["ImportError: libcudnn.so.8: file too short"])
    assert hint(["nothing of that kind"]) == ""


def test_out_of_memory_is_what_the_kernel_has_counted_and_nothing_else() -> None:
    before = read_memory("oom_kill 2\noom_kill 7\n")
    after = read_memory("oom_kill 3\noom_kill 8\n[1.0] Out of memory: Killed process 7 (python)\n")
    assert (before, after.kills) == (Memory(9, ()), 11)
    assert after.lines == ("[1.0] Out of memory: Killed process 7 (python)",)
    assert cause_of_end(signal.SIGKILL, (), before, after) is Cause.OUT_OF_MEMORY
    assert cause_of_end(signal.SIGKILL, (), before, before) is Cause.ENDED
    assert cause_of_end(signal.SIGTERM, (), before, after) is Cause.ENDED
    assert cause_of_end(None, ["OSError: [Errno 28] No space left on device"], before, before) is (
        Cause.DISK_FULL
    )


class InvalidArgumentError(Exception):
    pass


class UnavailableError(Exception):
    pass


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (
            InvalidArgumentError(STEP),
            (
                "worker 2",
                "InvalidArgumentError: the shard e1e7.f32 holds no numbers : Tensor had NaN values",
            ),
        ),
        (UnavailableError(GONE), ("ps 0", "UnavailableError: recvmsg:Connection reset by peer")),
        (ValueError("batch is odd"), ("", "ValueError: batch is odd")),
        (ValueError(""), ("", "ValueError: ")),
    ],
)
def test_an_error_names_its_task_and_its_reason(
    error: Exception, expected: tuple[str, str]
) -> None:
    found = blame(error)
    assert (found["task"], found["cause"]) == expected
    assert found["error"] == type(error).__name__


def of_chief(error: Exception) -> Failure:
    failure = ChiefFailure(HOST, "chief 0", blame(error)["cause"], ("last",), kind=Cause.ENDED)
    failure.said = event("error", **blame(error))
    return attribute(failure, lambda role, number: Task(role, number + 5, "xavier-9"))


def test_an_error_of_a_step_is_its_workers_by_our_number() -> None:
    found = of_chief(InvalidArgumentError(STEP))
    assert (found.node, found.task, found.kind) == ("xavier-9", "worker 7", Cause.BAD_NUMBERS)


def test_what_fails_on_several_workers_at_once_is_not_theirs() -> None:
    complaints, log = Complaints(), logging.getLogger("tensorflow")
    text = " /job:worker/task:%d encountered the following error when processing closure: %r"
    for number in (1, 2, 1):
        log.error(text, number, InvalidArgumentError("15 nodes in a cycle"))
    log.error("something else of /job:worker/task:0")
    log.removeHandler(complaints)
    said = complaints.blame(InvalidArgumentError(STEP))
    assert said["workers"] == [1, 2]
    failure = ChiefFailure(HOST, "chief 0", said["cause"], kind=Cause.ENDED)
    failure.said = event("error", **said)
    found = attribute(failure, lambda role, number: Task(role, number + 5, "xavier-9"))
    assert (found.node, found.task, found.kind) == (HOST, "chief 0", Cause.PROGRAM)
    assert "on worker 6 and worker 7" in found.cause


def test_who_does_not_answer_is_not_blamed_for_it() -> None:
    found = of_chief(UnavailableError(GONE))
    assert (found.node, found.task, found.kind) == (HOST, "chief 0", Cause.LOST_TOUCH)
    assert "ps 5 did not answer the chief" in found.cause


def test_errors_of_nobody_are_the_programs() -> None:
    class DivergedError(Exception):
        pass

    assert of_chief(ValueError("x")).kind is Cause.PROGRAM
    assert of_chief(DivergedError("the loss is nan")).kind is Cause.DIVERGED
    silent = ChiefFailure(HOST, "chief 0", "signal 9", kind=Cause.ENDED)
    assert attribute(silent, lambda role, number: None) is silent
