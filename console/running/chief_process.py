"""The chief as a process of this host: gets its job on stdin, its events come from stdout."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
import tempfile
from collections.abc import Awaitable, Callable
from contextlib import suppress
from pathlib import Path
from typing import Any, BinaryIO

from edgead.agents.launch import TENSORFLOW_SETTINGS
from edgead.agents.protocol import printable
from edgead.agents.waiting import within
from edgead.console.errors import TRIAL_FAILED, WRONG_USE
from edgead.console.events import Event, read_line
from edgead.console.regular import open_to_read
from edgead.console.running.failure import Failure
from edgead.console.running.placement import HOST
from edgead.console.running.recovery.causes import Cause
from edgead.console.running.recovery.evidence import how_returned, telling
from edgead.console.runs.store import Run
from edgead.models.spec import TrialSpec

Addresses = dict[str, list[str]]  # role to the host:port of its tasks

LINE_LIMIT = 1 << 20  # bytes: no event comes near it
BAD_DATA_EXIT = 4  # models/chief.py: the data set's files are wrong
EVIDENCE_LINES = 20
UNRECORDED = ("standby", "alive")  # what a chief says to its supervisor only


class ChiefFailure(Failure):
    """A chief did not end well; `said` is its own word about it, an event `error`, if any."""

    said: Event | None = None


def job_of(run: Run, data: Path, cache: Path, scratch: Path, told: int = 0) -> dict[str, Any]:
    """Make the job that models/chief.py reads from its stdin; `told` are the epochs in the log."""
    return {
        "spec": run.spec().to_mapping(),
        "data": str(data.absolute()),
        "cache": str(cache.absolute()),
        "folder": str(run.folder.absolute()),
        "log": str(run.log_path.absolute()),
        "scratch": str(scratch.absolute()),
        "told": told,
    }


async def start_chief(log: BinaryIO | None = None) -> asyncio.subprocess.Process:
    """Start a chief, which waits for its job; what it complains of until then goes to `log`."""
    return await asyncio.create_subprocess_exec(
        sys.executable,
        "-I",
        "-m",
        "edgead.models.chief",
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=log or asyncio.subprocess.DEVNULL,
        env={**os.environ, **TENSORFLOW_SETTINGS},
        limit=LINE_LIMIT,
        start_new_session=True,  # Ctrl-C is for the supervisor, which ends it in order
    )


async def end_chief(process: asyncio.subprocess.Process) -> None:
    """End a chief that still runs, with all that it has started."""
    if process.returncode is None:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        await process.wait()


async def run_chief(
    run: Run,
    data: Path,
    cache: Path,
    cluster: Awaitable[Addresses] | None,
    on_event: Callable[[Event], None],
    standby: asyncio.subprocess.Process | None = None,
    told: int = 0,
) -> None:
    """Run the chief to its end, one that stands by where there is one; its events go to `on_event`.

    It is told the cluster's addresses once they are there: None where it needs none. Its stderr
    goes to console.log.

    Raises ChiefFailure when it does not end well. Cancelling this ends the process.
    """
    # TensorFlow leaves generated files behind when it is ended: they go with this folder.
    with (
        tempfile.TemporaryDirectory(dir=run.folder, prefix="tmp-") as scratch,
        run.open_log() as log,
    ):
        process = standby or await start_chief(log)
        job = json.dumps(job_of(run, data, cache, Path(scratch), told)).encode() + b"\n"
        await _run(run, process, job, cluster, on_event)


async def _run(
    run: Run,
    process: asyncio.subprocess.Process,
    job: bytes,
    cluster: Awaitable[Addresses] | None,
    on_event: Callable[[Event], None],
) -> None:
    handing = asyncio.ensure_future(_tell(process, job, cluster))
    ear = Ear(HOST, run.spec(), on_event)
    try:
        while line := await ear.wait_for(next_line(process)):
            ear.hear(read_line(line))
        code = await process.wait()
    finally:
        handing.cancel()
        await end_chief(process)
    if code:
        how = how_returned(code)
        kind = Cause.DATA if code == BAD_DATA_EXIT else Cause.ENDED
        raise ear.failure(how, last_lines(run.log_path), kind)


class Ear:
    """Hears what a chief says, wherever it runs: hands on its events, and keeps its last word."""

    def __init__(self, node: str, spec: TrialSpec, on_event: Callable[[Event], None]) -> None:
        self._node, self._on_event = node, on_event
        self._limit, self._silence = spec.ready_seconds, 2 * spec.silence_seconds
        self._said: Event | None = None

    async def wait_for(self, line: Awaitable[bytes]) -> bytes:
        """Wait for a line; raises ChiefFailure where it gives no sign of life for too long."""
        try:
            return await within(line, self._limit)
        except asyncio.TimeoutError:
            text = f"the chief has given no sign of life for {self._limit:.0f} s: it is frozen"
            raise ChiefFailure(self._node, "chief 0", text, kind=Cause.FROZEN) from None

    def hear(self, happened: Event | None) -> None:
        """Take an event."""
        if happened is None:
            return
        if happened.kind == "alive":  # it has started, and beats from now on
            self._limit = self._silence
        if happened.kind == "error":
            self._said = happened
        if happened.kind not in UNRECORDED:
            self._on_event(happened)

    def failure(self, how: str, lines: tuple[str, ...], kind: Cause) -> ChiefFailure:
        """Make the failure of a chief that ended so, with these last lines."""
        exit_code = WRONG_USE if kind is Cause.DATA else TRIAL_FAILED
        cause = read_cause(self._said) if self._said else f"the chief ended with {how}"
        failure = ChiefFailure(self._node, "chief 0", cause, telling(lines), exit_code, kind)
        failure.said = self._said
        return failure


async def _tell(
    process: asyncio.subprocess.Process, job: bytes, cluster: Awaitable[Addresses] | None
) -> None:
    """Hand over the job, then the cluster; the chief's end says what goes wrong with that."""
    assert process.stdin is not None
    with suppress(ConnectionError, Failure):  # the supervisor hears of a cluster that failed
        process.stdin.write(job)
        await process.stdin.drain()
        if cluster is not None:
            process.stdin.write(json.dumps({"cluster": await cluster}).encode() + b"\n")
            await process.stdin.drain()


async def next_line(process: asyncio.subprocess.Process) -> bytes:
    """Read a line of a chief, b"" at its end; raises Failure for one without end."""
    assert process.stdout is not None
    try:
        return await process.stdout.readline()
    except ValueError:  # asyncio's word for it
        cause = f"the chief sent a line of more than {LINE_LIMIT >> 20} MiB"
        raise ChiefFailure(HOST, "chief 0", cause, kind=Cause.PROGRAM) from None


def read_cause(happened: Event) -> str:
    """Give the cause that a chief's event names, should it be an error."""
    said = happened.get("cause", "") if happened.kind == "error" else ""
    return str(said).partition("\\x0a")[0]  # line ends come as escapes


def last_lines(path: Path) -> tuple[str, ...]:
    """Give the last lines of a log, as evidence, printable; none where there is no log."""
    try:
        with open_to_read(path) as file:
            file.seek(0, os.SEEK_END)
            file.seek(max(0, file.tell() - 16_384))
            lines = file.read(16_384).decode("utf-8", "replace").splitlines()
    except OSError:
        return ()
    return tuple(printable(line) for line in lines if line.strip())[-EVIDENCE_LINES:]
