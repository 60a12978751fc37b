"""A supervisor that lingers after its trial, its nodes warm, and takes the next one handed to it.

It listens on a Unix socket in the folder of the runs, which only this user can enter. A request is
one JSON line {run, cluster, data}; the answer, `taken` or `busy`, comes before the trial begins.
"""

from __future__ import annotations

import asyncio
import json
import socket
from collections.abc import Awaitable, Callable
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from edgead.agents.waiting import within
from edgead.console import paths
from edgead.console.errors import DONE

if TYPE_CHECKING:  # it brings asyncssh, and the app is to paint first
    from edgead.console.running.warm import Warm

ANSWER_SECONDS = 2.0
_TAKEN, _BUSY = b"taken\n", b"busy\n"


class Request(NamedTuple):
    """A trial to supervise: the run's name, its cluster file, its data folder."""

    run: str
    cluster: Path | None
    data: Path


def socket_path() -> Path:
    """Give the place of the socket."""
    return paths.runs_folder() / "warm.sock"


def hand_over(request: Request) -> bool:
    """Give a trial to a supervisor that lingers; False where none takes it."""
    line = json.dumps({key: value and str(value) for key, value in request._asdict().items()})
    try:
        with socket.socket(socket.AF_UNIX) as link:
            link.settimeout(ANSWER_SECONDS)
            link.connect(str(socket_path()))
            link.sendall(line.encode() + b"\n")
            return link.recv(len(_TAKEN)) == _TAKEN
    except (OSError, ValueError):
        return False


async def linger(warm: Warm, supervise: Callable[[Request], Awaitable[int]]) -> int:
    """Supervise trial after trial until nothing is warm any more; gives the last exit code.

    Where another supervisor lingers already, or no socket can be had, this one ends at once.
    """
    waiting: asyncio.Queue[Request] = asyncio.Queue()
    busy = False

    async def hear(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal busy
        with suppress(OSError, ValueError, asyncio.TimeoutError):
            request = _read(await within(reader.readline(), ANSWER_SECONDS))
            taken = request is not None and not busy and not warm.gone.is_set()
            if request is not None and taken:
                busy = True
                waiting.put_nowait(request)
            writer.write(_TAKEN if taken else _BUSY)
            await writer.drain()
        writer.close()

    path = socket_path()
    if _answers(path):
        return DONE
    try:
        path.unlink(missing_ok=True)
        listening = _own_socket(path)
    except OSError:  # its path is too long, for one
        return DONE
    server = await asyncio.start_unix_server(hear, sock=listening)
    code = DONE
    try:
        while code == DONE and (request := await _next(waiting, warm)) is not None:
            code = await supervise(request)
            busy = False
    finally:
        server.close()
        path.unlink(missing_ok=True)
    return code


async def _next(waiting: asyncio.Queue[Request], warm: Warm) -> Request | None:
    """Wait for the next trial; None when what was warm has ended first."""
    get, gone = asyncio.ensure_future(waiting.get()), asyncio.ensure_future(warm.gone.wait())
    jobs: set[asyncio.Future[Any]] = {get, gone}
    try:
        await asyncio.wait(jobs, return_when=asyncio.FIRST_COMPLETED)
        return get.result() if get.done() else None
    finally:
        for job in jobs:
            job.cancel()


def _own_socket(path: Path) -> socket.socket:
    """Bind a socket that nobody else may connect to, whoever may enter its folder."""
    bound = socket.socket(socket.AF_UNIX)
    try:
        bound.bind(str(path))
        path.chmod(0o600)  # nobody can connect yet: it does not listen
    except OSError:
        bound.close()
        raise
    return bound


def _read(line: bytes) -> Request | None:
    """Read a request; None for what is none."""
    try:
        said = json.loads(line)
    except (ValueError, RecursionError):
        return None
    run, cluster, data = (
        said.get(name) if isinstance(said, dict) else None for name in Request._fields
    )
    if not isinstance(run, str) or not isinstance(data, str):
        return None
    if cluster is not None and not isinstance(cluster, str):
        return None
    return Request(run, Path(cluster) if cluster else None, Path(data))


def _answers(path: Path) -> bool:
    with suppress(OSError), socket.socket(socket.AF_UNIX) as link:
        link.connect(str(path))
        return True
    return False
