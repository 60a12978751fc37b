"""The run store: one folder a run, whose events.jsonl is the run."""

from __future__ import annotations

import fcntl
import json
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO

import tomli_w

from edgead.console.errors import UsageError
from edgead.console.events import Event, read_line, read_lines
from edgead.console.state import TrialState, fold
from edgead.console.toml import load_toml
from edgead.models.spec import SpecError, TrialSpec, read_spec

PREFIX = "T-"
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

    def spec(self) -> TrialSpec:
        """Read the spec. Raises UsageError naming the file."""
        path = self.folder / "spec.toml"
        try:
            return read_spec(load_toml(path).get("trial", {}), str(path))
        except SpecError as error:
            raise UsageError(str(error)) from None

    def events(self) -> list[Event]:
        """Read the events there are; a line cut off by a crash is left out."""
        try:
            with self.events_path.open("rb") as file:
                return list(read_lines(file))
        except FileNotFoundError:
            return []

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
            with self._lock_path.open("r+b") as lock:
                try:
                    fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                except BlockingIOError:
                    return int(lock.read() or 0) or None
        except (FileNotFoundError, ValueError):
            pass
        return None

    @contextmanager
    def supervised(self) -> Iterator[None]:
        """Be the run's one supervisor. The lock goes with the process, however it ends."""
        with self._lock_path.open("a+b") as lock:
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
        self._file: BinaryIO = run.events_path.open("ab")
        if self._file.tell() and not _ends_with_newline(run.events_path):
            self._file.write(b"\n")

    def append(self, event: Event) -> None:
        """Append one event; it is in the kernel's hands, or on the disk for DURABLE kinds."""
        self._file.write(event.to_line().encode())
        self._file.flush()
        if event.kind in DURABLE:
            os.fsync(self._file.fileno())

    def close(self) -> None:
        """Close the log."""
        self._file.close()


class Tail:
    """Reads on in an events.jsonl that another process is writing."""

    def __init__(self, run: Run) -> None:
        self._path = run.events_path
        self._offset = 0

    def read(self) -> list[Event]:
        """Give the events that have come since the last call; a line not yet whole waits."""
        try:
            with self._path.open("rb") as file:
                file.seek(self._offset)
                chunk = file.read()
        except FileNotFoundError:
            return []
        whole = chunk[: chunk.rfind(b"\n") + 1]
        self._offset += len(whole)
        return [event for line in whole.splitlines() if (event := read_line(line)) is not None]


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
        if not self.root.is_dir():
            return []
        folders = [path for path in self.root.iterdir() if _number(path.name)]
        return [Run(path) for path in sorted(folders, key=lambda path: _number(path.name))]

    def open(self, name: str) -> Run:
        """Give the run of that name. Raises UsageError saying what there is."""
        run = Run(self.root / name)
        if not _number(name) or not (run.folder / "spec.toml").is_file():
            latest = ", ".join(run.name for run in self.runs()[-5:]) or "none yet"
            raise UsageError(f"{name}: no such run in {self.root}; the latest: {latest}")
        return run


def write_whole(path: Path, text: str) -> None:
    """Write a file so that a crash leaves the old one or the new one, never a part."""
    part = path.with_name(path.name + ".part")
    with part.open("w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    part.replace(path)


def _number(name: str) -> int:
    digits = name.removeprefix(PREFIX)
    return int(digits) if name.startswith(PREFIX) and digits.isdecimal() else 0


def _ends_with_newline(path: Path) -> bool:
    with path.open("rb") as file:
        file.seek(-1, os.SEEK_END)
        return file.read(1) == b"\n"
