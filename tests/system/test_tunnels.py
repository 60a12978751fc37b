"""Tunnels between virtual boards: a distributed trial over them, and nothing open but sshd."""

from __future__ import annotations

import asyncio
import json
import re
import socket
import stat
import subprocess
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from on_board import say
from program import Program, until

from edgead.agents.connection import connect
from edgead.agents.tunnel import LOOPBACK, PortTakenError
from edgead.console.nodes.inventory import read_cluster
from edgead.console.running.failure import Failure
from edgead.console.running.placement import HOST, Task
from edgead.console.running.wiring import Wiring
from testbed.board import Board
from testbed.fixtures import BoardMaker

SECRET = "hunter2-hunter2"
TRIAL = ("kdd99", "--set", "synthetic=true", "--set", "workers=3", "--set", "epochs=4", "--json")
SCAN = """
import socket
for port in range(1, 65536):
    with socket.socket() as probe:
        probe.settimeout(0.2)
        if probe.connect_ex(("{}", port)) == 0:
            print(port)
"""


def run_trial(cluster: Path, *more: str) -> list[dict[str, Any]]:
    with Program("--cluster", cluster, "trial", "run", *TRIAL, *more) as program:
        code, events, err = program.finish()
        assert code == 0, err
        assert program.running() == {}
    return list(events)


def open_ports(seen_by: Board, board: Board) -> list[int]:
    program = SCAN.format(board.host)
    return [int(line) for line in seen_by.run(["python3", "-ISc", program]).split()]


def ports_of(processes: dict[int, str]) -> set[int]:
    """Give the ports on which these processes of this machine listen."""
    said = subprocess.run(["ss", "-ltnpH"], capture_output=True, text=True, check=True).stdout
    rows = re.findall(r":(\d+)\s+\S+\s+users:.*?pid=(\d+)", said)
    return {int(port) for port, pid in rows if int(pid) in processes}


def connects(seen_by: Board, port: int) -> bool:
    """Tell whether something answers on a port of a board's own loopback."""
    program = f"import socket; print(socket.socket().connect_ex(('{LOOPBACK}', {port})))"
    return seen_by.run(["python3", "-ISc", program]).strip() == "0"


def open_here(seen_by: Board) -> set[int]:
    """Give the ports of this machine that a board can reach."""
    program = SCAN.format(seen_by.network.address(0))
    return {int(line) for line in seen_by.run(["python3", "-ISc", program]).split()}


@pytest.mark.slow
def test_the_trial_is_the_same_through_tunnels_and_direct(home: Path, boards: BoardMaker) -> None:
    made = boards(3)
    cluster = made[0].keys / "cluster.toml"
    tunnelled = run_trial(cluster)
    ready = [e for e in tunnelled if e["kind"] == "task" and e["state"] == "ready"]
    assert {e["node"] for e in ready} == {board.name for board in made}
    log = "".join(json.dumps(each) for each in tunnelled)
    assert not any(board.host in log for board in made)  # no address of a node is in the trial
    content = cluster.read_text()
    cluster.write_text(content.replace("[cluster]", '[cluster]\ntransport = "direct"'))
    direct = run_trial(cluster)
    (warning,) = (e for e in direct if e["kind"] == "note" and e.get("level") == "warn")
    assert "transport direct" in warning["text"] and made[0].host in warning["text"]
    one, other = (events[-1] for events in (tunnelled, direct))
    assert one["state"] == other["state"] == "finished"
    assert one["loss"] == other["loss"] and one["threshold"] == other["threshold"]
    assert one["test"]["accuracy"] == other["test"]["accuracy"]


@pytest.mark.slow
@pytest.mark.parametrize("chief_node", ["", "xavier-1"])
def test_only_sshd_is_open_while_a_trial_runs(
    home: Path, boards: BoardMaker, chief_node: str
) -> None:
    made = boards(3)
    cluster = made[0].keys / "cluster.toml"
    more = ("--set", "epochs=500", "--set", f'chief_node="{chief_node}"')
    arguments = ("--cluster", cluster, "trial", "run", *TRIAL, *more)
    with Program(*arguments) as program:
        program.read_until(lambda happened: happened["kind"] == "epoch")
        for seen_by, board in zip((made[1], made[2], made[0]), made, strict=True):
            assert open_ports(seen_by, board) == [22]
        ours = ports_of(program.running())  # on this machine, where the chief may be
        assert ours and not ours & open_here(made[0])
        chief = {p: c for p, c in program.running().items() if "edgead.models.chief" in c}
        assert bool(ports_of(chief)) is not bool(chief_node)
        # Its server runs what it is sent: no node has a way to it.
        assert not any(connects(board, port) for board in made for port in ports_of(chief))
        listening = made[0].run(["sh", "-c", "cat /proc/net/tcp /proc/net/tcp6"])
        assert listening.count(" 0A ") > 3  # LISTEN: the tasks and tunnels that nobody sees


@pytest.mark.slow
def test_nothing_is_open_while_nodes_are_kept_warm(
    home: Path, boards: BoardMaker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SOMEBODYS_TOKEN", SECRET)
    made = boards(2)
    cluster = made[0].keys / "cluster.toml"
    shape = ("--set", "synthetic=true", "--set", "workers=2", "--set", "epochs=2", "--json")
    arguments = ("--cluster", cluster, "trial", "run", "kdd99", *shape, "--linger")
    with Program(*arguments) as program:
        program.read_until(lambda happened: happened["kind"] == "result")
        until((home / "runs" / "warm.sock").exists)
        assert open_ports(made[1], made[0]) == [22]
        ours = ports_of(program.running())
        assert ours and not ours & open_here(made[0])  # the tunnels' ends, on loopback
        assert nothing_shared(home)
        assert not any(SECRET in command for command in program.running().values())
    kept = [path for path in home.rglob("*") if path.is_file()]
    assert kept and not any(SECRET.encode() in path.read_bytes() for path in kept)


def nothing_shared(folder: Path) -> bool:
    """Tell whether nobody else gets at what is kept in a folder: no file, no socket."""
    runs = folder / "runs"
    assert stat.S_IMODE(runs.stat().st_mode) == 0o700
    return stat.S_IMODE((runs / "warm.sock").stat().st_mode) == 0o600


async def test_ports_come_and_go_with_their_connection(boards: BoardMaker) -> None:
    (board,) = boards(1)
    link = await connect(board.address(), on_event=print)
    try:
        tunnel = await link.tunnel()
        assert await link.tunnel() is tunnel
        with closing(socket.create_server((LOOPBACK, 0))) as ours:
            port = ours.getsockname()[1]
            with pytest.raises(PortTakenError, match="taken"):
                await tunnel.bring(port)
            await tunnel.offer(port)
            with pytest.raises(PortTakenError, match="does not listen"):
                await tunnel.offer(port)
            ours.listen()
            client = f"import socket; socket.create_connection(('{LOOPBACK}', {port})).send(b'hi')"
            saying = asyncio.create_task(say(board, f'python3 -c "{client}"'))
            accepted, _ = await asyncio.to_thread(ours.accept)
            with accepted:
                await saying
                assert await asyncio.to_thread(accepted.recv, 9) == b"hi"
    finally:
        await link.close()
    again = await connect(board.address(), on_event=print)
    await (await again.tunnel()).offer(port)  # it was free
    await again.close()


async def test_a_lost_tunnel_is_a_lost_node(boards: BoardMaker) -> None:
    (board,) = boards(1)
    link = await connect(board.address(), on_event=print)
    tunnel = await link.tunnel()
    tunnel.abort()
    assert await asyncio.wait_for(link.closed, 10) == "the connection for tunnels is lost"


async def test_an_sshd_without_forwarding_is_named(boards: BoardMaker) -> None:
    one, other = boards(2)
    config = "/etc/ssh/sshd_config"
    other.run(["sh", "-c", f"echo 'AllowTcpForwarding no' >> {config} && pkill -o sshd"])
    cluster = read_cluster(one.keys / "cluster.toml")
    links = {}
    for board in (one, other):
        links[board.name] = await connect(board.address(), on_event=print)
    try:
        tasks = [Task("ps", 0, one.name), Task("worker", 0, other.name), Task("chief", 0, HOST)]
        with pytest.raises(Failure) as caught:
            await Wiring(cluster, links).addresses(tasks)
    finally:
        for link in links.values():
            await link.close()
    assert caught.value.node == other.name
    assert "AllowTcpForwarding" in caught.value.cause
