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
import sys
from collections.abc import Callable
from pathlib import Path, PurePosixPath
from typing import Any, NamedTuple

from edgead.agents.errors import NodeError
from edgead.agents.program import Program
from edgead.console.bundle import write_bundle
from edgead.console.chief_process import (
    Addresses,
    last_lines,
    read_cause,
)
from edgead.console.errors import TRIAL_FAILED, WRONG_USE
from edgead.console.events import Event, read_line
from edgead.console.failure import Failure
from edgead.console.placement import HOST
from edgead.console.store import Run
from edgead.models.spec import TrialSpec

MODULE = "edgead.models.node_chief"
MOST_BYTES = 256 << 20  # of files that a chief may send home
LAST_WORDS = 2.0  # seconds for its stderr to come once it has ended
MOST_LOG = 1 << 20  # bytes of its stderr that are kept
_TOPS = ("model.keras", "saved_model", "detector.json", "tensorboard")
_PART = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,200}")


class Staged(NamedTuple):
    """What a chief on a node needs there: its code, the dataset as plain data, and all files."""

    code: Path
    dataset: dict[str, Any]
    files: list[Path]


async def prepare(run: Run, spec: TrialSpec, data: Path, cache: Path) -> Staged:
    """Write the dataset's shards and the chief's code on this machine. Raises Failure."""
    job = {
        "name": spec.dataset,
        "coding": spec.coding,
        "folder": str(data.absolute()),
        "cache": str(cache.absolute()),
        "synthetic": spec.synthetic,
        "rows": spec.rows,
    }
    pipe = asyncio.subprocess.PIPE
    with run.log_path.open("ab") as log:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-I", "-m", "edgead.datasets.prepared"),
            stdin=pipe,
            stdout=pipe,
            stderr=log,
        )
        try:
            said, _ = await process.communicate(json.dumps(job).encode())
        finally:
            if process.returncode is None:
                process.kill()
                await process.wait()
    if process.returncode:
        lines = last_lines(run.log_path)
        raise Failure(HOST, "", lines[-1] if lines else "no dataset", lines, WRONG_USE)
    dataset = json.loads(said)
    folder = cache / "shards"
    code = await asyncio.to_thread(write_bundle, folder)
    return Staged(code, dataset, [code, *(folder / name for name in dataset["files"])])


async def run_node_chief(
    run: Run,
    node: str,
    program: Program,
    dataset: dict[str, Any],
    cluster: Addresses,
    on_event: Callable[[Event], None],
) -> None:
    """Run a chief on a node to its end; its events go to `on_event`, its files to the run's folder.

    Raises Failure when it does not end well. Cancelling this ends it.
    """
    home = Home(run.folder)
    job = {"spec": run.spec().to_mapping(), "dataset": dataset}
    complaining = asyncio.ensure_future(program.errors(_bounded_log(run)))
    cause = ""
    try:
        program.write(json.dumps(job).encode() + b"\n")
        program.write(json.dumps({"cluster": cluster}).encode() + b"\n")
        async for line in program.lines():
            happened = read_line(line)
            if happened is None:
                continue
            if happened.kind == "file":
                home.take(happened)
                continue
            cause = read_cause(happened) or cause
            on_event(happened)
        code = await program.end()
        await asyncio.wait({complaining}, timeout=LAST_WORDS)
    except (NodeError, ValueError, OSError) as error:
        raise Failure(node, "chief 0", str(error)) from None
    finally:
        complaining.cancel()
        program.close()
    if code != 0:
        how = f"the chief ended with exit code {code}" if code else "the chief was lost"
        raise Failure(node, "chief 0", cause or how, last_lines(run.log_path), TRIAL_FAILED)


def _bounded_log(run: Run) -> Callable[[bytes], None]:
    left = MOST_LOG

    def hear(data: bytes) -> None:
        nonlocal left
        with run.log_path.open("ab") as log:
            log.write(data[:left])
        left -= min(left, len(data))

    return hear


class Home:
    """Puts files that come in pieces into a run's folder; a folder's files replace it whole."""

    def __init__(self, folder: Path) -> None:
        self._folder, self._left = folder, MOST_BYTES
        self._begun: set[Path] = set()

    def take(self, happened: Event) -> None:
        """Append a piece. Raises ValueError for a wrong path or size."""
        path = self._path(str(happened.get("path", "")))
        try:
            piece = base64.b64decode(str(happened.get("data", "")), validate=True)
        except binascii.Error:
            raise ValueError("a file of the chief came damaged") from None
        self._left -= len(piece)
        if self._left < 0:
            raise ValueError(f"the chief's files are more than {MOST_BYTES >> 20} MB")
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("ab" if path in self._begun else "wb") as file:
            file.write(piece)
        self._begun.add(path)

    def _path(self, name: str) -> Path:
        parts = PurePosixPath(name).parts
        if not parts or parts[0] not in _TOPS or not all(map(_PART.fullmatch, parts)):
            raise ValueError(f"the chief sent a file that is none of a chief's: {name!r:.80}")
        path = self._folder.joinpath(*parts)
        if any(each.is_symlink() for each in (path, *path.parents) if self._folder in each.parents):
            raise ValueError(f"{path} is a link or lies behind one: nothing is written there")
        return path
