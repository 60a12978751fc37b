"""What can go wrong, each with the exit code the command line ends with."""

from __future__ import annotations

DONE = 0
TRIAL_FAILED = 1
WRONG_USE = 2
UNREACHABLE = 3
INTERRUPTED = 130


class ConsoleError(Exception):
    """An error told in one line. `exit_code` is what the process ends with."""

    exit_code = TRIAL_FAILED


class UsageError(ConsoleError):
    """Wrong use or a wrong file: what, where, what was expected, what to do."""

    exit_code = WRONG_USE


class UnreachableError(ConsoleError):
    """A node, a dataset or another thing that is needed can't be reached."""

    exit_code = UNREACHABLE
