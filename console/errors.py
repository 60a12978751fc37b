"""What can go wrong, each with the exit code the command line ends with."""

from __future__ import annotations

from edgead.agents.protocol import printable

DONE = 0
TRIAL_FAILED = 1
WRONG_USE = 2
UNREACHABLE = 3
INTERRUPTED = 130
LINE_LIMIT = 4000  # characters


class ConsoleError(Exception):
    """An error told in one line, or several errors in a line each, safe to print.

    Attributes:
        exit_code: what the process ends with.
        alarming: it may be an attack: shown in red where there is colour.
    """

    exit_code = TRIAL_FAILED
    alarming = False

    def __init__(self, *lines: str) -> None:
        self.lines = tuple(printable(line)[:LINE_LIMIT] for line in lines)
        super().__init__(*self.lines)

    def __str__(self) -> str:
        more = len(self.lines) - 1
        return (self.lines or ("",))[0] + (f" (and {more} more)" if more > 0 else "")


class UsageError(ConsoleError):
    """Wrong use or a wrong file: what, where, what was expected, what to do."""

    exit_code = WRONG_USE


class UnreachableError(ConsoleError):
    """A node, a dataset or another thing that is needed can't be reached."""

    exit_code = UNREACHABLE
