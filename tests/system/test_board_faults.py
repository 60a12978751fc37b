"""Each fault of tests/testbed/faults.py does what it says, and ends."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from on_board import DEADLINE, ping, say, ssh

from edgead.agents import connection as agent_connection
from edgead.agents.connection import connect
from edgead.agents.login import log_in
from testbed import faults
from testbed.board import Board, banner
from testbed.cgroups import Group
from testbed.commands import until
from testbed.fixtures import BoardMaker


@asynccontextmanager
async def followed(
    board: Board, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[asyncio.Future[str]]:
    """The agent's connection to a board that notices silence early; gives its end."""
    monkeypatch.setattr(agent_connection, "HEARTBEAT", 0.1)
    monkeypatch.setattr(agent_connection, "DEAD_AFTER", 0.5)
    link = await connect(board.address(), on_event=print)
    try:
        yield link.closed
    finally:
        await link.close()


async def test_unplugged(boards: BoardMaker, monkeypatch: pytest.MonkeyPatch) -> None:
    board, other = boards(2)
    async with followed(board, monkeypatch) as closed:
        faults.unplug(board)
        assert "has not answered" in await asyncio.wait_for(closed, DEADLINE)
    assert banner(board.host, 0.3) == "" and banner(other.host)
    faults.replug(board)
    until(lambda: banner(board.host), "the board that is plugged in again")


async def test_power_cut(boards: BoardMaker, monkeypatch: pytest.MonkeyPatch) -> None:
    (board,) = boards(1)
    await say(board, "echo kept > file; echo lost > /dev/shm/file")
    async with followed(board, monkeypatch) as closed:
        faults.power_cut(board)
        assert board.pid1() is None and board.group.pids() == []
        assert "has not answered" in await asyncio.wait_for(closed, DEADLINE)  # no goodbye
    faults.power_on(board)
    assert await say(board, "cat file; ls /dev/shm") == "kept\n"


async def test_frozen(boards: BoardMaker, monkeypatch: pytest.MonkeyPatch) -> None:
    (board,) = boards(1)
    async with followed(board, monkeypatch) as closed:
        faults.freeze(board)
        assert "has not answered" in await asyncio.wait_for(closed, DEADLINE)
    assert ping(board, 1)[0] == 1 and banner(board.host, 0.3) == ""
    faults.thaw(board)
    until(lambda: banner(board.host), "the thawed board")


def test_loss(boards: BoardMaker) -> None:
    board, other = boards(2)
    faults.set_loss(board, 50)
    assert 0 < ping(board, 60)[0] < 60 == ping(other, 60)[0]
    faults.set_loss(board, 20)  # in place of it
    faults.set_loss(board, 0)
    assert ping(board, 60)[0] == 60


async def test_delay(boards: BoardMaker) -> None:
    board, other = boards(2)
    async with await log_in(board.address()) as link:
        for delay in (20, 40):
            faults.set_delay(board, delay, jitter=5)
            came, fastest = ping(board, 10)
            assert came == 10 and fastest is not None and fastest >= 2 * delay
        assert (await link.run("echo still there")).stdout == "still there\n"
        # More than a frame at once goes through unharmed.
        assert await say(board, "md5sum", answer="x" * 300_000) == await say(
            other, "md5sum", answer="x" * 300_000
        )
        faults.set_delay(board, 0)
        assert (await link.run("echo as before")).stdout == "as before\n"
    assert not Group(f"{board.network.name}/relay-{board.name}").pids()


async def test_bandwidth(boards: BoardMaker) -> None:
    (board,) = boards(1)
    faults.set_bandwidth(board, 8)
    for command in ("cat >/dev/null", "head -c 500000 /dev/zero"):
        start = time.monotonic()
        await say(board, command, answer="x" * 500_000)
        assert time.monotonic() - start > 0.4  # half a second, less the first burst
    faults.set_bandwidth(board, 0)
    assert "tbf" not in board.run(["tc", "qdisc"])


async def test_out_of_memory(boards: BoardMaker) -> None:
    (board,) = boards(1)
    hog = "python3 -c 'print(len(b\"x\" * (400 << 20)))'"
    faults.limit_memory(board, 200)
    killed = await ssh(board, hog)
    assert killed.exit_signal is not None and killed.exit_signal[0] == "KILL"
    faults.limit_memory(board, None)
    assert await say(board, hog) == f"{400 << 20}\n"


async def test_full_disk(boards: BoardMaker) -> None:
    (board,) = boards(1)
    faults.fill_disk(board)
    write = await ssh(board, "head -c 100000 /dev/zero > big")
    assert write.exit_status and "No space left on device" in str(write.stderr)
    assert "100%" in await say(board, "df -P /")
    faults.free_disk(board)
    await say(board, "head -c 100000 /dev/zero > big")
    assert "28G" in await say(board, "df -h /")


async def test_skewed_clock(boards: BoardMaker) -> None:
    (board,) = boards(1)
    for seconds in (3600, -90, 0):
        faults.skew_clock(board, seconds)
        before = time.time()
        told = float(await say(board, "date +%s.%N"))
        assert before + seconds <= told <= time.time() + seconds
    assert (await say(board, "date -u -d @0 +%Y")) == "1970\n"
