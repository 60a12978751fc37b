"""The recorder: an event is in the log before it is told, and nobody else pays where that fails."""

from __future__ import annotations

import errno

from edgead.console.events import Event
from edgead.console.running.recorder import Recorder


class Log:
    """Keeps events in memory, unless it is full."""

    def __init__(self) -> None:
        self.events: list[Event] = []
        self.full = False

    def append(self, happened: Event) -> None:
        if self.full:
            raise OSError(errno.ENOSPC, "No space left on device")
        self.events.append(happened)


def test_the_log_comes_before_whoever_listens() -> None:
    log, heard = Log(), []
    recorder = Recorder(log, lambda happened: heard.append(len(log.events)))  # type: ignore[arg-type]
    recorder.record("note", text="a")
    recorder.record("note", text="b")
    assert heard == [1, 2] and recorder.lost is None


def test_a_full_disk_is_remembered_and_raises_nothing() -> None:
    log, heard = Log(), []
    recorder = Recorder(log, heard.append)  # type: ignore[arg-type]
    log.full = True
    recorder.record("node", node="x", state="up")
    log.full = False
    recorder.record("note", text="b")
    assert recorder.lost is not None and recorder.lost.errno == errno.ENOSPC
    assert recorder.state.nodes == {"x": "up"} and len(heard) == 2 and len(log.events) == 1


def test_a_terminal_that_is_gone_is_left_alone() -> None:
    log, tries = Log(), []

    def gone(happened: Event) -> None:
        tries.append(happened)
        raise BrokenPipeError

    recorder = Recorder(log, gone)  # type: ignore[arg-type]
    recorder.record("note", text="a")
    recorder.record("note", text="b")
    assert len(tries) == 1 and len(log.events) == 2
