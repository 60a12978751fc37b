"""The run store: one folder a run, whose events.jsonl is the run."""

from __future__ import annotations

import fcntl
import json
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, BinaryIO

import tomli_w

from edgead.console.errors import UsageError
from edgead.console.events import Event, read_lines
from edgead.console.files import write_whole
from edgead.console.regular import open_to_append, open_to_read, whole_lines
from edgead.console.runs.about import About, read_about, write_about
from edgead.console.runs.state import TrialState, fold
from edgead.console.toml import load_toml
from edgead.models.spec import SpecError, TrialSpec, read_spec

PREFIX = "T-"
MOST_BYTES = 1 << 30  # of an events.jsonl: weeks of ten steps a second
_PID_DIGITS = 12
# Events after which the log is forced to the disk: what a person would miss most.
DURABLE = {"started", "epoch", "saved", "threshold", "score", "flag", "flag_update", "result"}


class Run:
    """A stored run: spec.toml, events.jsonl, what the chief wrote, at the end summary.json."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.name = folder.name
        self.events_path = folder / "events.jsonl"
        self.log_path = folder / "console.log"
        self._lock_path = folder / "lock"
        self._queued_path = folder / "queued"

    def spec(self) -> TrialSpec:
        """Read the spec. Raises UsageError naming the file."""
        path = self.folder / "spec.toml"
        try:
            return read_spec(load_toml(path).get("trial"), str(path))
        except SpecError as error:
            raise UsageError(str(error)) from None

    def open_log(self) -> BinaryIO:
        """Open console.log at its end. Raises UsageError where that is no file of ours."""
        return _opened_to_append(self.log_path)

    @property
    def about(self) -> About:
        """What a person has said of it."""
        return read_about(self.folder)

    @property
    def queued(self) -> bool:
        """Whether it waits for its turn; once it has events it has had it."""
        return self._queued_path.exists() and not self.events_path.exists()

    def queue(self, waits: bool) -> None:
        """Let it wait for its turn, or not."""
        if waits:
            self._queued_path.touch()
        else:
            self._queued_path.unlink(missing_ok=True)

    def events(self) -> Iterator[Event]:
        """Read the events there are; a line cut off by a crash is left out. Raises UsageError."""
        yield from Tail(self).read()

    def state(self) -> TrialState:
        """Fold the run's events; a run that nobody supervises any more is interrupted."""
        alive = self.supervisor() is not None
        state = fold(self.events())
        state.run = self.name
        if not state.started:
            state.spec = self.spec()
        if not state.over and not alive:
            state.state = "interrupted" if state.started else "waiting"
        return state

    def supervisor(self) -> int | None:
        """Give the process id of the run's supervisor, or None where there is none alive."""
        try:
            with open_to_read(self._lock_path) as lock:
                try:
                    fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
                except BlockingIOError:
                    said = lock.read(_PID_DIGITS)
                    # It gets signals: -1 would be everybody.
                    return int(said) or None if said.isdigit() else None
        except OSError:
            pass
        return None

    @contextmanager
    def supervised(self) -> Iterator[None]:
        """Be the run's one supervisor. The lock goes with the process, however it ends.

        Raises UsageError where there is one, or where a link would have it write elsewhere.
        """
        for path in self.folder.rglob("*"):
            if path.is_symlink():
                raise UsageError(f"{path}: expected a file or a folder, it is a link")
        with _opened_to_append(self._lock_path) as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise UsageError(f"{self.name}: this run is already running") from None
            lock.truncate(0)
            lock.write(str(os.getpid()).encode())
            lock.flush()
            yield

    def reopen(self) -> None:
        """Take the word back that the run is over, and away what was left half done."""
        (self.folder / "summary.json").unlink(missing_ok=True)
        for scratch in self.folder.glob("tmp-*"):
            shutil.rmtree(scratch, ignore_errors=True)
        for part in self.folder.glob(".*.part"):
            part.unlink(missing_ok=True)

    def finish(self, summary: dict[str, Any]) -> None:
        """Write summary.json, whole or not at all: its presence says that the run is over."""
        write_whole(self.folder / "summary.json", json.dumps(summary, indent=2) + "\n")


class Log:
    """The open end of events.jsonl: appends whole lines, durable where it matters."""

    def __init__(self, run: Run) -> None:
        self._file = _opened_to_append(run.events_path)
        if not _ends_with_newline(self._file):
            self._file.write(b"\n")

    def append(self, event: Event) -> None:
        """Append one event; it is in the kernel's hands, or on the disk for DURABLE kinds."""
        self._file.write(event.to_line().encode())
        self._file.flush()
        if event.kind in DURABLE:
            os.fsync(self._file.fileno())

    def close(self) -> None:
        """Close the log."""
        with suppress(OSError):  # who appended has heard of it
            self._file.close()


class Tail:
    """Reads on in an events.jsonl that another process is writing."""

    def __init__(self, run: Run) -> None:
        self._path = run.events_path
        self._offset = 0

    def read(self) -> Iterator[Event]:
        """Give the events that have come between the last call and this one; a line not yet whole
        waits, and so do those that come meanwhile: a log may grow faster than it is read.

        Raises UsageError where they can't be read, or are too many to be ours.
        """
        try:
            with open_to_read(self._path) as file:
                size = file.seek(0, os.SEEK_END)
                if size > MOST_BYTES:
                    raise UsageError(f"{self._path}: expected at most {MOST_BYTES:,} bytes")
                file.seek(self._offset)
                yield from read_lines(self._whole_lines(file, size))
        except FileNotFoundError:
            return
        except OSError as error:
            raise UsageError(f"{self._path}: cannot be read: {error.strerror}") from None

    def _whole_lines(self, file: BinaryIO, end: int) -> Iterator[bytes]:
        for line in whole_lines(file):
            self._offset = file.tell()
            yield line
            if self._offset >= end:
                return


class Store:
    """The folder that holds the runs."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def create(self, spec: TrialSpec) -> Run:
        """Make the next run's folder with its spec.toml."""
        try:
            self.root.mkdir(parents=True, exist_ok=True, mode=0o700)
        except OSError as error:
            raise UsageError(f"{self.root}: cannot keep runs here: {error.strerror}") from None
        number = max((_number(run.name) for run in self.runs()), default=0) + 1
        while True:
            run = Run(self.root / f"{PREFIX}{number:03d}")
            try:
                run.folder.mkdir(mode=0o700)
            except FileExistsError:
                number += 1
                continue
            write_whole(run.folder / "spec.toml", tomli_w.dumps({"trial": spec.to_mapping()}))
            return run

    def runs(self) -> list[Run]:
        """Give all runs, oldest first."""
        try:
            folders = [path for path in self.root.iterdir() if _number(path.name)]
        except FileNotFoundError:
            return []
        except OSError as error:
            raise UsageError(f"{self.root}: cannot be read: {error.strerror}") from None
        return [Run(path) for path in sorted(folders, key=lambda path: _number(path.name))]

    def open(self, name: str) -> Run:
        """Give the run of that number or name. Raises UsageError saying what there is."""
        run = Run(self.root / name)
        if _number(name) and os.path.lexists(run.folder / "spec.toml"):
            return run
        runs = self.runs()
        known = name and not _number(name)
        named = next((run for run in runs if known and run.about.name == name), None)
        if named is None:
            latest = ", ".join(run.name for run in runs[-5:]) or "none yet"
            raise UsageError(f"{name}: no such run in {self.root}; the latest: {latest}")
        return named

    def rename(self, run: Run, name: str) -> None:
        """Give a run a name, or none. Raises UsageError where another one has it."""
        taken = next((r for r in self.runs() if name and r.about.name == name), run)
        if taken.name != run.name:
            raise UsageError(f"{name}: is the name of {taken.name} already")
        write_about(run.folder, run.about._replace(name=name))

    def annotate(self, run: Run, note: str) -> None:
        """Put a note on a run, or take it away."""
        write_about(run.folder, run.about._replace(note=note))

    def delete(self, run: Run) -> None:
        """Delete a run's folder. Raises UsageError while it runs, or where that can't be done."""
        if run.supervisor() is not None:
            raise UsageError(f"{run.name}: is running; stop it first")
        try:
            shutil.rmtree(run.folder)
        except OSError as error:
            raise UsageError(f"{run.folder}: can't be deleted: {error.strerror}") from None


def _number(name: str) -> int:
    digits = name.removeprefix(PREFIX)
    return int(digits) if name.startswith(PREFIX) and digits.isdecimal() else 0


def _opened_to_append(path: Path) -> BinaryIO:
    try:
        return open_to_append(path)
    except OSError as error:
        raise UsageError(f"{path}: cannot be written: {error.strerror}") from None


def _ends_with_newline(file: BinaryIO) -> bool:
    """Tell whether a line may be appended."""
    if not file.seek(0, os.SEEK_END):
        return True
    file.seek(-1, os.SEEK_END)
    return file.read(1) == b"\n"
