"""Embedded nodes as a process of their own: who may enter, when it ends, what it leaves."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import asyncssh
import pytest

from edgead.agents.address import NodeAddress
from edgead.agents.connection import connect
from edgead.agents.embedded import FolderInUseError, embedded_nodes

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

DEADLINE = 20.0


class Served:
    """`python -m edgead.agents.embedded` on a folder."""

    def __init__(self, folder: Path, *options: str) -> None:
        self.folder = folder
        self.marker = uuid.uuid4().hex
        self.process = subprocess.Popen(
            [sys.executable, "-m", "edgead.agents.embedded", str(folder), *options],
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, "TEST_MARKER": self.marker},
        )
        assert self.process.stdout is not None
        self.said = self.process.stdout.readline().strip()

    def nodes(self) -> list[dict[str, Any]]:
        nodes: list[dict[str, Any]] = tomllib.loads(self.cluster.read_text())["nodes"]
        return nodes

    @property
    def cluster(self) -> Path:
        return self.folder / "cluster.toml"

    def address(self, index: int = 0) -> NodeAddress:
        node = self.nodes()[index]
        where = {key: self.folder / node.pop(key) for key in ("key", "known_hosts")}
        return NodeAddress(**node, **where)

    def running(self) -> list[int]:
        """Return the processes of the nodes, but for zombies."""
        found = []
        for folder in Path("/proc").glob("[0-9]*"):
            with suppress(OSError):  # it ended meanwhile
                alive = (folder / "stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
                if alive and self.marker.encode() in (folder / "environ").read_bytes():
                    found.append(int(folder.name))
        return found


@pytest.fixture
def serve(tmp_path: Path) -> Iterator[Callable[..., Served]]:
    started: list[Served] = []

    def start(*options: str) -> Served:
        started.append(Served(tmp_path / "nodes", *options))
        return started[-1]

    yield start
    for served in started:
        for pid in served.running():
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        served.process.wait(DEADLINE)
        assert served.process.stdout is not None
        served.process.stdout.close()


def test_the_cluster_file_and_who_may_read_it(serve: Callable[..., Served]) -> None:
    served = serve("--count", "2")
    assert served.said == f"2 nodes on this machine: {served.cluster}"
    file = tomllib.loads(served.cluster.read_text())
    assert file["cluster"] == {
        "name": "this machine",
        "transport": "direct",
        "embedded": True,
        "ssh_config": os.devnull,
    }
    assert [node["name"] for node in file["nodes"]] == ["node-1", "node-2"]
    assert file["nodes"][0]["python"] == sys.executable
    assert served.folder.stat().st_mode & 0o777 == 0o700
    assert (served.folder / "key").stat().st_mode & 0o777 == 0o600


def test_ends_when_nobody_has_been_connected_for_a_while(serve: Callable[..., Served]) -> None:
    served = serve("--idle", "0.5")

    async def stay_longer_than_that() -> None:
        connection = await connect(served.address(), on_event=print)
        left = time.monotonic()
        while time.monotonic() < left + 1.0:
            await connection.facts()
            await asyncio.sleep(0.05)
        assert served.process.poll() is None
        await connection.close()

    asyncio.run(stay_longer_than_that())
    assert served.process.wait(DEADLINE) == 0
    assert sorted(path.name for path in served.folder.iterdir()) == ["lock"]


def test_a_second_start_says_so_and_leaves_the_first_alone(serve: Callable[..., Served]) -> None:
    first = serve()
    before = first.cluster.read_text()
    second = serve()
    assert "served already" in second.said and second.process.wait(DEADLINE) == 0
    assert first.cluster.read_text() == before and first.process.poll() is None


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_leaves_nothing(serve: Callable[..., Served], number: signal.Signals) -> None:
    served = serve()

    async def leave_tasks() -> None:
        connection = await connect(served.address(), on_event=print)
        script = "trap '' TERM HUP; setsid sleep 100 & sleep 100; sleep 100"
        await connection.start_task("t", ["sh", "-c", script], {})
        assert len(served.running()) > 2
        served.process.send_signal(number)
        await asyncio.wait_for(connection.closed, DEADLINE)
        await connection.close()

    asyncio.run(leave_tasks())
    assert served.process.wait(DEADLINE) == 0
    assert served.running() == [] and not served.cluster.exists()


def test_a_killed_server_leaves_nothing_but_files(serve: Callable[..., Served]) -> None:
    served = serve()

    async def lose_the_server() -> None:
        connection = await connect(served.address(), on_event=print)
        await connection.start_task("t", ["sh", "-c", "setsid sleep 100 & sleep 100"], {})
        served.process.kill()
        assert "lost" in await asyncio.wait_for(connection.closed, DEADLINE)
        await connection.close()

    asyncio.run(lose_the_server())
    end = time.monotonic() + DEADLINE
    while served.running():  # the agent hears the end of its input
        assert time.monotonic() < end, "something still runs"
        time.sleep(0.02)
    again = serve()
    assert again.said.startswith("3 nodes") and again.nodes()


def test_a_folder_that_cannot_be_used_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    run = subprocess.run(
        [sys.executable, "-m", "edgead.agents.embedded", str(tmp_path / "file")],
        capture_output=True,
        text=True,
    )
    assert run.returncode == 2 and run.stderr.count("\n") == 1 and "can't be served" in run.stderr


async def test_only_commands_and_only_with_the_key(tmp_path: Path) -> None:
    async with embedded_nodes(tmp_path / "nodes", 1) as file:
        node = tomllib.loads(file.read_text())["nodes"][0]
        login = {
            "port": node["port"],
            "username": node["user"],
            "known_hosts": str(file.parent / "known_hosts"),
            "config": None,
            "agent_path": None,
        }
        with pytest.raises(asyncssh.PermissionDenied):
            await asyncssh.connect("127.0.0.1", **login, client_keys=None, password="edgead")
        key = [str(file.parent / "key")]
        async with asyncssh.connect("127.0.0.1", **login, client_keys=key) as ssh:
            ran = await ssh.run("echo out; echo err >&2; exit 3")
            assert (ran.stdout, ran.stderr, ran.exit_status) == ("out\n", "err\n", 3)
            assert (await ssh.run("kill -9 $$")).exit_signal[0] == "KILL"  # type: ignore[index]
            shell = await ssh.run(None)
            assert shell.exit_status == 1 and "no shell" in str(shell.stderr)
            with pytest.raises(asyncssh.ChannelOpenError):
                await ssh.open_connection("127.0.0.1", node["port"])
            with pytest.raises(asyncssh.ChannelListenError):
                await ssh.forward_remote_port("127.0.0.1", 0, "127.0.0.1", 9)


async def test_a_command_ends_when_its_client_leaves(tmp_path: Path) -> None:
    async with embedded_nodes(tmp_path / "nodes", 1) as file:
        node = tomllib.loads(file.read_text())["nodes"][0]
        ssh = await asyncssh.connect(
            "127.0.0.1",
            node["port"],
            username=node["user"],
            known_hosts=str(file.parent / "known_hosts"),
            client_keys=[str(file.parent / "key")],
            config=None,
            agent_path=None,
        )
        process = await ssh.create_process("echo $$; exec sleep 100")
        pid = int(await process.stdout.readline())
        ssh.abort()
        end = time.monotonic() + DEADLINE
        while Path(f"/proc/{pid}").exists():
            assert time.monotonic() < end, "the command still runs"
            await asyncio.sleep(0.02)


async def test_a_folder_serves_once_at_a_time(tmp_path: Path) -> None:
    async with embedded_nodes(tmp_path, 1):
        with pytest.raises(FolderInUseError):
            async with embedded_nodes(tmp_path, 1):
                pass
    async with embedded_nodes(tmp_path, 1) as file:
        assert file.exists()
