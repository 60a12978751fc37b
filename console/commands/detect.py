"""detect: score new rows by a stored run's detector, as they come."""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
from collections.abc import Generator, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import IO

from edgead.console import output, paths
from edgead.console.errors import DONE, WRONG_USE, ConsoleError, UsageError
from edgead.console.events import Event, read_lines
from edgead.console.narration import printable
from edgead.console.reports.detection import as_json, as_text, fault_lines, sum_up
from edgead.console.runs.store import Run, Store

NEEDED = ("detector.json", "saved_model")
STDIN = "-"
LOG_TAIL = 4096  # bytes


def detect(args: argparse.Namespace) -> int:
    """Print a verdict for each row of a file, or of stdin, and on stderr what they come to."""
    stored = Store(paths.runs_folder()).open(args.run)
    _check(stored)
    name = "stdin" if args.file == STDIN else args.file
    with (
        _opened(args.file) as rows,
        tempfile.TemporaryFile() as log,
        closing(_scored(stored, rows, log)) as events,
    ):
        for happened in events:
            if happened.kind == "summary":
                output.say(sum_up(name, happened))
                return DONE if happened["rows"] else WRONG_USE
            if happened.kind == "error":
                where = f"{name}: " if happened["of"] == "rows" else ""
                raise UsageError(where + printable(happened["cause"]))
            sys.stdout.write((as_json if args.json else as_text)(happened, args.all))
            sys.stdout.flush()
            sys.stderr.write(fault_lines(name, happened))
        raise ConsoleError(f"the process that scores ended early: {_last_line(log)}")


def _check(stored: Run) -> None:
    """Raise UsageError unless the run has a detector; say so when that one is worthless."""
    state = stored.state()
    if state.state != "finished":
        raise UsageError(f"{stored.name}: {state.state}; only a finished run has a detector")
    absent = [name for name in NEEDED if not (stored.folder / name).exists()]
    if absent:
        raise UsageError(f"{stored.name}: no {absent[0]} in {stored.folder}: run the trial again")
    if state.collapsed:
        output.say(f"edgead-console: {stored.name} collapsed: its verdicts mean nothing")


@contextmanager
def _opened(file: str) -> Iterator[IO[bytes] | None]:
    """Open the file; None stands for our own stdin."""
    if file == STDIN:
        if sys.stdin is not None and sys.stdin.isatty():
            output.say("edgead-console: reading rows from the terminal; Ctrl-D ends them")
        yield None
        return
    with _readable(Path(file)) as rows:
        yield rows


def _readable(path: Path) -> IO[bytes]:
    try:
        return path.open("rb")
    except OSError as error:
        raise UsageError(f"{path}: cannot be read: {error.strerror}") from None


def _scored(stored: Run, rows: IO[bytes] | None, log: IO[bytes]) -> Generator[Event, None, None]:
    """Have the rows scored by a process of its own, and give what it says until it ends.

    The rows are its stdin: they do not pass through here. Closing this ends the process.
    """
    process = subprocess.Popen(
        [sys.executable, "-I", "-m", "edgead.models.detect", str(stored.folder.absolute())],
        stdin=rows,
        stdout=subprocess.PIPE,
        stderr=log,
        env={**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3"},
        start_new_session=True,  # Ctrl-C is for us, who end it
    )
    assert process.stdout is not None
    try:
        yield from read_lines(process.stdout)
    finally:
        process.kill()
        process.wait()
        process.stdout.close()


def _last_line(log: IO[bytes]) -> str:
    log.seek(max(0, log.seek(0, os.SEEK_END) - LOG_TAIL))
    lines = log.read().decode("utf-8", "replace").split("\n")
    return printable(next((line for line in reversed(lines) if line.strip()), "it said nothing"))
