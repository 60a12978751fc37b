"""Failure: what went wrong, with its culprit named."""

from __future__ import annotations

from edgead.console.errors import TRIAL_FAILED
from edgead.console.running.recovery.causes import Cause


class Failure(Exception):  # noqa: N818 (it becomes a Flag, not a message of Python's)
    """A node or some of its tasks have failed: becomes a Flag.

    Attributes:
        node: the node's name, or "host".
        task: the task's name, such as "worker 2", several with commas between, or "".
        cause: one line.
        evidence: the last lines it said, oldest first.
        exit_code: what the command line ends with, where this ends the trial.
        kind: its row in the table of causes.
    """

    def __init__(
        self,
        node: str,
        task: str,
        cause: str,
        evidence: tuple[str, ...] = (),
        exit_code: int = TRIAL_FAILED,
        kind: Cause = Cause.UNFIT,
    ) -> None:
        super().__init__(f"{node} {task}: {cause}")
        self.node, self.task, self.cause = node, task, cause
        self.evidence, self.exit_code, self.kind = evidence, exit_code, kind

    def of(self, task: str) -> Failure:
        """Give the same failure as one of these tasks."""
        return Failure(self.node, task, self.cause, self.evidence, self.exit_code, self.kind)

    @property
    def killed(self) -> bool:
        """Whether somebody ended it: then its node's health has nothing to do with it."""
        return self.kind is Cause.ENDED and "SIGKILL" in self.cause

    @property
    def tasks(self) -> tuple[str, ...]:
        """The names of the tasks that are hit."""
        return tuple(name for name in self.task.split(", ") if name)
