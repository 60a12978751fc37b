"""Getting a trial's data set: found, else downloaded with a progress bar."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

from edgead.console.errors import UnreachableError, UsageError

Progress = Callable[[str, int, int], None]


def ensure(name: str, folder: Path, progress: Progress) -> None:
    """Have the data set's files in a folder, downloading them if they are not there.

    Raises UnreachableError where they can't be had, UsageError where what came is wrong.
    """
    from edgead.datasets import DatasetError, DatasetUnreachable, fetch, find  # with NumPy

    try:
        if find(name, folder) is None:
            fetch(name, folder, progress)
    except DatasetUnreachable as error:
        raise UnreachableError(
            f"{error}; give --data DIR with {name}/ in it, or train on a labelled stand-in with "
            "--set synthetic=true"
        ) from None
    except (DatasetError, OSError) as error:
        raise UsageError(str(error)) from None


def bar(name: str, done: int, total: int) -> None:
    """Draw a download's progress on stderr: a bar on a terminal, a line at the end elsewhere."""
    share = done / total if total else 0.0
    size = f"{done / 1e6:.1f} of {total / 1e6:.1f} MB" if total else f"{done / 1e6:.1f} MB"
    if sys.stderr.isatty():
        filled = round(share * 30)
        end = "\n" if total and done >= total else ""
        line = f"\rdownloading {name} {'━' * filled}{'─' * (30 - filled)} {size}{end}"
        print(line, end="", file=sys.stderr, flush=True)
    elif total and done >= total:
        print(f"downloaded {name}: {size}", file=sys.stderr, flush=True)
