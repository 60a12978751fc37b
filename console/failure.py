"""Failure: why a trial cannot go on, with its culprit named."""

from __future__ import annotations

from edgead.console.errors import TRIAL_FAILED


class Failure(Exception):  # noqa: N818 (it becomes a Flag, not a message of Python's)
    """One node or task has failed: becomes the trial's Flag.

    Attributes:
        node: the node's name, or "host".
        task: the task's name, such as "worker 2", or "".
        cause: one line.
        evidence: the last lines it said, oldest first.
        exit_code: what the command line ends with.
    """

    def __init__(
        self,
        node: str,
        task: str,
        cause: str,
        evidence: tuple[str, ...] = (),
        exit_code: int = TRIAL_FAILED,
    ) -> None:
        super().__init__(f"{node} {task}: {cause}")
        self.node, self.task, self.cause = node, task, cause
        self.evidence, self.exit_code = evidence, exit_code
