"""The connection over real SSH, to nodes embedded in this process."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar

import asyncssh
import pytest
from agent_host import marked
from node_addresses import addresses

from edgead.agents import agent
from edgead.agents.address import NodeAddress
from edgead.agents.connection import NodeConnection, connect
from edgead.agents.embedded import embedded_nodes
from edgead.agents.errors import (
    AgentFailed,
    AuthenticationFailed,
    HostKeyChanged,
    HostKeyUnknown,
    NodeError,
    NodeUnreachable,
)
from edgead.agents.messages import Exit, Line, Message, TelemetryLine

DEADLINE = 20.0
HELLO = '{"event": "hello", "python": "3", "pid": 1, "parent": 1, "version": 1, "loopback": ""}'
Kind = TypeVar("Kind", bound=Message)


@pytest.fixture
async def nodes(tmp_path: Path) -> AsyncIterator[list[NodeAddress]]:
    async with embedded_nodes(tmp_path / "nodes", 3) as file:
        yield addresses(file)


async def until(condition: Callable[[], Any], what: str) -> None:
    end = asyncio.get_running_loop().time() + DEADLINE
    while not condition():
        assert asyncio.get_running_loop().time() < end, f"still waiting for {what}"
        await asyncio.sleep(0.02)


def agents() -> list[int]:
    """Return the agents that run at the nodes of this process."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):  # it ended meanwhile
            parent = (folder / "stat").read_text().rsplit(")", 1)[1].split()[1]
            if int(parent) == os.getpid() and b"'agent'" in (folder / "cmdline").read_bytes():
                found.append(int(folder.name))
    return found


class Events(list[Message]):
    """What came through on_event."""

    async def wait(self, kind: type[Kind], **fields: Any) -> Kind:
        def matches(each: Message) -> bool:
            return isinstance(each, kind) and all(
                getattr(each, key) == value for key, value in fields.items()
            )

        await until(lambda: any(map(matches, self)), f"{kind.__name__} with {fields}: {self}")
        found = next(filter(matches, self))
        assert isinstance(found, kind)
        return found


@asynccontextmanager
async def connected(address: NodeAddress) -> AsyncIterator[tuple[NodeConnection, Events]]:
    events = Events()
    connection = await connect(address, on_event=events.append)
    try:
        yield connection, events
    finally:
        await connection.close()
        # At once after a close; a moment later where the agent was killed.
        await until(lambda: marked(connection.marker) == [], "the end of its tasks")


async def test_hello_facts_ports_and_telemetry(nodes: list[NodeAddress]) -> None:
    async with connected(nodes[0]) as (connection, events):
        assert connection.hello.python.startswith(f"{sys.version_info[0]}.{sys.version_info[1]}")
        first, facts = await asyncio.gather(connection.ports(20), connection.facts())
        assert len(set(first)) == 20 and facts.cores == os.cpu_count()
        await connection.telemetry(0.05)
        assert "CPU [" in (await events.wait(TelemetryLine)).line


async def test_task_from_start_to_exit(nodes: list[NodeAddress]) -> None:
    async with connected(nodes[0]) as (connection, events):
        argv = ["sh", "-c", 'echo "$A"; cat; which python3; exit 4']
        pid = await connection.start_task("t", argv, {"A": "é"}, "from stdin\n")
        ended = await events.wait(Exit, task="t")
        python3 = str(Path(sys.executable).parent / "python3")
        assert pid > 0 and ended.code == 4 and ended.lines == ("é", "from stdin", python3)
        assert await events.wait(Line, line="é")
        with pytest.raises(AgentFailed, match=r"node-1: /no/such can't be started"):
            await connection.start_task("t", ["/no/such"], {})
        with pytest.raises(AgentFailed, match="1048576"):
            await connection.start_task("t", ["cat"], {}, "x" * (1 << 20))


async def test_stop_ends_a_task_and_its_children(nodes: list[NodeAddress]) -> None:
    async with connected(nodes[0]) as (connection, events):
        argv = ["sh", "-c", "trap '' TERM; setsid sleep 100 & echo up; wait; wait"]
        await connection.start_task("t", argv, {})
        await events.wait(Line, line="up")
        with pytest.raises(AgentFailed, match="runs already"):
            await connection.start_task("t", argv, {})
        await connection.stop_task("t", grace=0.1)
        assert isinstance(events[-1], Exit) and marked(connection.marker) == []
        await connection.stop_task("t")  # again is no error
        await connection.start_task("t", ["true"], {})


async def test_many_requests_at_once(nodes: list[NodeAddress]) -> None:
    async with connected(nodes[0]) as (connection, events):
        names = [f"t{number}" for number in range(20)]
        argv = ["sleep", "100"]
        pids = await asyncio.gather(*(connection.start_task(n, argv, {}) for n in names))
        assert len(set(pids)) == 20
        await asyncio.gather(*(connection.stop_task(name) for name in names))
        assert {each.task for each in events if isinstance(each, Exit)} == set(names)


async def test_cancelled_start_leaves_nothing(nodes: list[NodeAddress]) -> None:
    async with connected(nodes[0]) as (connection, _):
        start = asyncio.create_task(connection.start_task("t", ["sleep", "100"], {}))
        await asyncio.sleep(0)  # the request is on its way
        start.cancel()
        with pytest.raises(asyncio.CancelledError):
            await start
        await connection.stop_task("t")  # answered once it is gone, however it went
        assert marked(connection.marker) == []
        await connection.start_task("t", ["true"], {})


async def test_cancelled_connect_leaves_nothing(nodes: list[NodeAddress]) -> None:
    for steps in range(0, 60, 3):
        job = asyncio.create_task(connect(nodes[0], on_event=print))
        for _ in range(steps):
            await asyncio.sleep(0)
        job.cancel()
        with suppress(asyncio.CancelledError):
            await (await job).close()
    await until(lambda: agents() == [], "the end of every agent")


async def test_close_ends_everything(nodes: list[NodeAddress]) -> None:
    events = Events()
    connection = await connect(nodes[0], on_event=events.append)
    await connection.start_task("t", ["sh", "-c", "setsid sleep 100 & sleep 100"], {})
    assert marked(connection.marker)
    await asyncio.gather(connection.close(), connection.close())
    assert connection.closed.result() == "closed" and marked(connection.marker) == []
    with pytest.raises(AgentFailed, match="closed"):
        await connection.start_task("t", ["true"], {})
    await connection.close()


async def test_unknown_host_key(nodes: list[NodeAddress], tmp_path: Path) -> None:
    missing = replace(nodes[0], known_hosts=tmp_path / "none")
    other = tmp_path / "other"
    assert nodes[0].known_hosts is not None
    other.write_text(nodes[0].known_hosts.read_text().split("\n")[1] + "\n")
    for address in (missing, replace(nodes[0], known_hosts=other)):
        with pytest.raises(HostKeyUnknown, match="compare its fingerprint"):
            await connect(address, on_event=print)


@pytest.mark.parametrize("kind", ["ssh-ed25519", "ecdsa-sha2-nistp256"])
async def test_changed_host_key(nodes: list[NodeAddress], tmp_path: Path, kind: str) -> None:
    impostor = asyncssh.generate_private_key(kind).export_public_key("openssh").decode()
    changed = tmp_path / "changed"
    changed.write_text(f"[127.0.0.1]:{nodes[0].port} {impostor}")
    with pytest.raises(HostKeyChanged, match="ssh-keygen -f"):
        await connect(replace(nodes[0], known_hosts=changed), on_event=print)


async def test_wrong_key_and_unreadable_keys(nodes: list[NodeAddress], tmp_path: Path) -> None:
    key = asyncssh.generate_private_key("ssh-ed25519")
    key.write_private_key(str(tmp_path / "wrong"))
    key.write_private_key(str(tmp_path / "locked"), passphrase="secret")
    (tmp_path / "junk").write_text("junk")
    for name, text in [
        ("wrong", "does not accept"),
        ("locked", "ssh-add"),
        ("junk", "can't be used"),
        ("missing", "can't be used"),
    ]:
        with pytest.raises(AuthenticationFailed, match=text):
            await connect(replace(nodes[0], key=tmp_path / name), on_event=print)


async def test_nobody_answers(nodes: list[NodeAddress]) -> None:
    async def say_nothing(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        writer.close()

    silent = await asyncio.start_server(say_nothing, "127.0.0.1", 0)
    port = silent.sockets[0].getsockname()[1]
    with pytest.raises(NodeUnreachable, match=r"no answer .* within 0.3 s"):
        await connect(replace(nodes[0], port=port), on_event=print, timeout=0.3)
    silent.close()
    with pytest.raises(NodeUnreachable, match="no connection"):
        await connect(replace(nodes[0], port=port), on_event=print)


@pytest.mark.parametrize(
    ("python", "text"),
    [
        ("/no/such/python", "exit code 127.*/no/such/python"),
        ("false", "exit code 1"),
        ("echo", "exit code 0"),
    ],
)
async def test_agent_that_does_not_start(nodes: list[NodeAddress], python: str, text: str) -> None:
    with pytest.raises(AgentFailed, match=text):
        await connect(replace(nodes[0], python=python), on_event=print)


@pytest.mark.parametrize(
    ("lines", "text"),
    [
        ([HELLO, "nonsense"], "not the protocol"),
        ([HELLO.replace('"version": 1', '"version": 2')], "version 1"),
        (['{"event": "pong", "n": 0}'], "version 1"),
        ([HELLO, '{"event": "pong", "n": 1}'], "a wrong answer"),
    ],
)
async def test_agent_that_does_not_keep_to_the_protocol(
    nodes: list[NodeAddress], tmp_path: Path, lines: list[str], text: str
) -> None:
    greeting, *after = [f"echo '{line}'\n" for line in lines]
    length = Path(agent.__file__).stat().st_size
    fake = tmp_path / "python"
    fake.write_text(
        f"#!/bin/sh\necho Welcome\nhead -c {length} >/dev/null\n{greeting}"
        f"read -r request\n{''.join(after)}cat >/dev/null\n"
    )
    fake.chmod(0o755)
    with pytest.raises(NodeError, match=text):
        await connect(replace(nodes[0], python=str(fake)), on_event=print)


async def test_killed_agent_closes_the_connection(nodes: list[NodeAddress]) -> None:
    async with connected(nodes[0]) as (connection, _):
        await connection.start_task("t", ["sleep", "100"], {})
        os.kill(connection.hello.pid, signal.SIGKILL)
        reason = await asyncio.wait_for(connection.closed, DEADLINE)
        assert "signal KILL" in reason
        with pytest.raises(AgentFailed, match="signal KILL"):
            await connection.facts()


async def test_frozen_agent_closes_the_connection(
    nodes: list[NodeAddress], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("edgead.agents.connection.HEARTBEAT", 0.1)
    monkeypatch.setattr("edgead.agents.connection.DEAD_AFTER", 0.5)
    async with connected(nodes[0]) as (connection, _):
        os.kill(connection.hello.pid, signal.SIGSTOP)
        reason = await asyncio.wait_for(connection.closed, DEADLINE)
        os.kill(connection.hello.pid, signal.SIGCONT)
        assert "has not answered" in reason


async def test_node_that_goes_closes_the_connection(tmp_path: Path) -> None:
    async with embedded_nodes(tmp_path / "nodes", 1) as file:
        connection = await connect(addresses(file)[0], on_event=print)
        await connection.start_task("t", ["sh", "-c", "setsid sleep 100 & sleep 100"], {})
        assert marked(connection.marker)
    assert "SIGHUP" in await asyncio.wait_for(connection.closed, DEADLINE)
    assert marked(connection.marker) == []
    await connection.close()


async def test_leftovers_of_a_lost_agent_are_swept(nodes: list[NodeAddress]) -> None:
    lost = await connect(nodes[0], on_event=print, marker="run-7/node-1")
    await lost.start_task("t", ["sh", "-c", "setsid sleep 100 & sleep 100"], {})
    os.kill(lost.hello.pid, signal.SIGKILL)
    await asyncio.wait_for(lost.closed, DEADLINE)
    after = await connect(nodes[0], on_event=print, sweep=["run-7/node-1"])
    assert marked("run-7/node-1") == []
    await asyncio.gather(lost.close(), after.close())


async def test_three_nodes_at_once(nodes: list[NodeAddress]) -> None:
    connections = await asyncio.gather(*(connect(each, on_event=print) for each in nodes))
    assert len({connection.hello.pid for connection in connections}) == 3
    await asyncio.gather(*(connection.close() for connection in connections))
