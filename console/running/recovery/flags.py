"""Flags: every failure recorded with its culprit, and later with what came of it."""

from __future__ import annotations

import time

from edgead.console.running.failure import Failure
from edgead.console.running.recorder import Recorder
from edgead.console.running.recovery.causes import advice


class Flags:
    """Raises flags in a trial's log, numbered, and updates them."""

    def __init__(self, recorder: Recorder) -> None:
        self._recorder = recorder
        self.next = max((flag.number for flag in recorder.state.flags), default=0) + 1
        self._open: dict[int, tuple[Failure, float]] = {}  # and when each was raised
        self._actions: dict[int, str] = {}

    def raise_flag(self, failure: Failure, action: str) -> int:
        """Record a failure and what is done about it; gives the flag's number."""
        number, self.next = self.next, self.next + 1
        self._open[number] = failure, time.monotonic()
        self._actions[number] = action
        self._recorder.record(
            "flag",
            number=number,
            node=failure.node,
            task=failure.task,
            name=failure.kind.value,
            cause=failure.cause,
            evidence=list(failure.evidence),
            action=action,
            suggestion=advice(failure.kind, failure.node),
        )
        return number

    def update(self, number: int, action: str) -> None:
        """Say what is done now about a failure."""
        node = self._open[number][0].node if number in self._open else ""
        self._actions[number] = action
        self._recorder.record("flag_update", number=number, node=node, action=action)

    def add(self, number: int, evidence: list[str]) -> None:
        """Add evidence that took longer to find."""
        if evidence:
            self._recorder.record("flag_update", number=number, evidence=evidence)

    def recovered(self, number: int, action: str) -> None:
        """Say that the trial is whole again, as far as this failure goes."""
        if number in self._open:
            failure, raised = self._open.pop(number)
            seconds = round(time.monotonic() - raised, 3)
            action = f"{self._actions[number]}; {action} after {seconds:.1f} s"
            self._recorder.record(
                "flag_update", number=number, node=failure.node, action=action, seconds=seconds
            )

    def finish(self) -> None:
        """Say of what is still open that it did not matter any more."""
        for number, action in [(number, self._actions[number]) for number in sorted(self._open)]:
            self.update(number, f"{action}; the trial was finished without that")
        self._open.clear()

    def given_up(self, number: int) -> None:
        """Take note that nothing more comes of a failure."""
        self._open.pop(number, None)

    def still_open(self, seconds: float) -> list[int]:
        """Give the flags of so many last seconds of which nothing has come yet, oldest first."""
        since = time.monotonic() - seconds
        return sorted(number for number, (_, raised) in self._open.items() if raised >= since)
