"""The socket of a supervisor that lingers: only its owner gets in, and any request is survived."""

from __future__ import annotations

import asyncio
import json
import os
import stat
from pathlib import Path
from typing import Any

import pytest
from program import until

from edgead.console.running.lingering import Request, hand_over, linger, socket_path


class Warm:
    """Something warm until it is told to be gone."""

    def __init__(self) -> None:
        self.gone = asyncio.Event()


async def answer_to(line: bytes) -> bytes:
    reader, writer = await asyncio.open_unix_connection(str(socket_path()))
    writer.write(line)
    writer.write_eof()
    answer = await reader.read()
    writer.close()
    return answer


@pytest.fixture
def runs(home: Path) -> Path:
    (home / "runs").mkdir(parents=True)
    return home / "runs"


async def lingering(warm: Any, taken: list[Request]) -> asyncio.Task[int]:
    async def supervise(request: Request) -> int:
        taken.append(request)
        return 0

    task = asyncio.create_task(linger(warm, supervise))
    assert await asyncio.to_thread(until, socket_path().exists)
    return task


async def test_only_its_owner_may_connect(runs: Path) -> None:
    runs.chmod(0o777)
    before = os.umask(0)
    try:
        warm = Warm()
        task = await lingering(warm, [])
    finally:
        os.umask(before)
    assert stat.S_IMODE(socket_path().stat().st_mode) == 0o600
    warm.gone.set()
    assert await task == 0 and not socket_path().exists()


@pytest.mark.parametrize(
    "line",
    [b"", b"\n", b"3\n", b"[]\n", b"{}\n", b"[" * 20_000 + b"\n", b"x" * 200_000, b"\xff\n",
     b'{"run": 1, "data": "x"}\n', b'{"run": "T-001", "data": 1}\n',
     b'{"run": "T-001", "data": "x", "cluster": []}\n'],
)  # fmt: skip
async def test_what_is_no_request_is_not_taken(runs: Path, line: bytes) -> None:
    warm, taken = Warm(), []
    task = await lingering(warm, taken)
    assert await answer_to(line) in (b"", b"busy\n")
    good = Request("T-001", None, Path("/data"))
    assert await asyncio.to_thread(hand_over, good)
    assert await asyncio.to_thread(until, lambda: taken)
    assert taken == [good]
    warm.gone.set()
    await task


async def test_a_socket_that_talks_nonsense_takes_no_trial(runs: Path) -> None:
    async def nonsense(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(json.dumps({"taken": True}).encode())
        writer.close()

    async with await asyncio.start_unix_server(nonsense, socket_path()):
        assert not await asyncio.to_thread(hand_over, Request("T-001", None, Path("/data")))
