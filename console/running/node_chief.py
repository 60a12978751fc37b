"""A trial's chief on a node: its data staged there, its events and its files brought home.

What comes from the node is not trusted: lines are bounded, and files go only to the places that a
chief writes, inside the run's folder.
"""

from __future__ import annotations

import asyncio
import base64
import binascii
import json
import re
from collections.abc import Callable
from pathlib import Path, PurePosixPath
from typing import Any, NamedTuple

from edgead.agents.errors import NodeError
from edgead.agents.program import Program
from edgead.agents.protocol import printable
from edgead.console.errors import WRONG_USE
from edgead.console.events import Event, read_line
from edgead.console.regular import open_to_append
from edgead.console.running.bundle import write_bundle
from edgead.console.running.chief_process import Addresses, ChiefFailure, Ear, last_lines
from edgead.console.running.failure import Failure
from edgead.console.running.placement import HOST
from edgead.console.running.recovery.causes import Cause
from edgead.console.runs.asking import ask
from edgead.console.runs.store import Run

MODULE = "edgead.models.node_chief"
MOST_BYTES = 256 << 20  # of files that a chief may send home
MOST_FILES = 1000
MOST_EVENTS = 512 << 20  # bytes of its events: weeks of ten steps a second
LAST_WORDS = 2.0  # seconds for its stderr to come once it has ended
MOST_LOG = 1 << 20  # bytes of its stderr that are kept
_KINDS = {
    *("dataset", "phase", "step", "epoch", "trained", "threshold", "score"),
    *("round", "scoring", "saved", "file", "note", "error", "alive", "resumed", "stalled"),
}
_FILES = ("model.keras", "detector.json", "checkpoint.npz")
_TOPS = (*_FILES, "saved_model", "tensorboard")
_PART = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,200}")


class Staged(NamedTuple):
    """What a chief on a node needs there: its code, the dataset as plain data, and all files."""

    code: Path
    dataset: dict[str, Any]
    files: list[Path]


async def prepare(run: Run, data: Path, cache: Path) -> Staged:
    """Write the dataset's shards and the chief's code on this machine. Raises Failure."""
    spec = run.spec()
    job = {
        "name": spec.dataset,
        "coding": spec.coding,
        "folder": str(data.absolute()),
        "cache": str(cache.absolute()),
        "synthetic": spec.synthetic,
        "rows": spec.rows,
    }
    answer = await ask("edgead.datasets.describe", job, run)
    if answer.code:
        lines = last_lines(run.log_path)
        cause = lines[-1] if lines else "no dataset"
        raise Failure(HOST, "", cause, lines, WRONG_USE, Cause.DATA)
    dataset = json.loads(answer.output)
    folder = cache / "shards"
    try:
        code = await asyncio.to_thread(write_bundle, folder)
    except OSError as error:
        raise Failure(HOST, "", f"the chief's code can't be packed: {error}") from None
    return Staged(code, dataset, [code, *(folder / name for name in dataset["files"])])


async def run_node_chief(
    run: Run,
    node: str,
    program: Program,
    dataset: dict[str, Any],
    cluster: Addresses,
    checkpoint: str,
    told: int,
    on_event: Callable[[Event], None],
) -> None:
    """Run a chief on a node to its end; its events go to `on_event`, its files to the run's folder.

    `checkpoint` names the staged file that it goes on from, "" for none; `told` are the epochs that
    the run's log has.
    Raises ChiefFailure when it does not end well. Cancelling this ends it.
    """
    home = Home(run.folder)
    job = {
        "spec": run.spec().to_mapping(),
        "dataset": dataset,
        "checkpoint": checkpoint,
        "told": told,
    }
    ear = Ear(node, run.spec(), on_event)
    complaining = asyncio.ensure_future(program.errors(_bounded_log(run)))
    lines = program.lines()
    try:
        program.write(json.dumps(job).encode() + b"\n")
        program.write(json.dumps({"cluster": cluster}).encode() + b"\n")
        left = MOST_EVENTS
        while line := await ear.wait_for(anext(lines, b"")):
            happened = _read(line)
            if happened is None:
                continue
            left -= 0 if happened.kind == "file" else len(line)
            if left < 0:
                raise ValueError(f"the chief's events are more than {MOST_EVENTS >> 20} MB")
            try:
                if happened.kind == "file":
                    home.take(happened)
                    continue
                if happened.kind == "saved" or happened.get("checkpoint"):
                    home.keep()
            except OSError as error:
                text = f"{run.folder}: can't be written: {error.strerror}"
                raise Failure(HOST, "chief 0", text, kind=Cause.DISK_FULL) from None
            ear.hear(happened)
        ending = await program.end()
        await asyncio.wait({complaining}, timeout=LAST_WORDS)
    except (NodeError, ValueError, OSError) as error:
        raise ChiefFailure(node, "chief 0", printable(str(error)), kind=Cause.ENDED) from None
    finally:
        complaining.cancel()
        await program.close()
    if ending:
        raise ear.failure(ending, last_lines(run.log_path), Cause.ENDED)


def _read(line: bytes) -> Event | None:
    """Read a line; None for what is no event of a chief: a node can't speak for others."""
    happened = read_line(line)
    if happened is None or happened.kind not in _KINDS:
        return None
    data = {name: value for name, value in happened.data.items() if name != "node"}
    return Event(happened.time, happened.kind, data)


def _bounded_log(run: Run) -> Callable[[bytes], None]:
    left = MOST_LOG

    def hear(data: bytes) -> None:
        nonlocal left
        if not left:
            return
        with run.open_log() as log:
            log.write(data[:left])
        left -= min(left, len(data))

    return hear


class Home:
    """Puts files that come in pieces into a run's folder, each by its name once it is whole."""

    def __init__(self, folder: Path) -> None:
        self._folder, self._sizes = folder, dict[Path, int]()  # of what has come last
        self._parts: dict[Path, Path] = {}  # a file's own place, and where it lies until then

    def take(self, happened: Event) -> None:
        """Append a piece. Raises ValueError for a wrong path or size, OSError."""
        path = self._path(str(happened.get("path", "")))
        try:
            piece = base64.b64decode(str(happened.get("data", "")), validate=True)
        except binascii.Error:
            raise ValueError("a file of the chief came damaged") from None
        if path not in self._parts:
            self._begin(path)
        self._sizes[path] += len(piece)
        if sum(self._sizes.values()) > MOST_BYTES:
            raise ValueError(f"the chief's files are more than {MOST_BYTES >> 20} MB")
        with open_to_append(self._parts[path]) as file:
            file.write(piece)

    def keep(self) -> None:
        """Give the files that have come their names."""
        for path, part in self._parts.items():
            part.replace(path)
        self._parts.clear()

    def _begin(self, path: Path) -> None:
        self._sizes[path] = 0  # one that comes again takes the place of the one before
        if len(self._sizes) > MOST_FILES:
            raise ValueError(f"the chief's files are more than {MOST_FILES}")
        path.parent.mkdir(parents=True, exist_ok=True)
        part = path.with_name(f".{path.name}.part")
        part.unlink(missing_ok=True)
        self._parts[path] = part

    def _path(self, name: str) -> Path:
        parts = PurePosixPath(name).parts
        known = parts and (len(parts) == 1) == (parts[0] in _FILES) and parts[0] in _TOPS
        if not known or not all(map(_PART.fullmatch, parts)):
            raise ValueError(f"the chief sent a file that is none of a chief's: {name!r:.80}")
        path = self._folder.joinpath(*parts)
        if any(each.is_symlink() for each in (path, *path.parents) if self._folder in each.parents):
            raise ValueError(f"{path} is a link or lies behind one: nothing is written there")
        return path
