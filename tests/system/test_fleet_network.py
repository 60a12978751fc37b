"""Boards as networks have them: announced, behind another one, with another address tomorrow."""

from __future__ import annotations

import json
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from program import Program

from edgead.console.cli import main
from edgead.console.nodes.health.check import send_key, there
from edgead.console.nodes.inventory import read_cluster
from testbed.board import Board
from testbed.fixtures import BoardMaker

pytestmark = pytest.mark.usefixtures("home", "own_home")

ANNOUNCE = """
import sys
from ipaddress import IPv4Address
from zeroconf import ServiceInfo, Zeroconf
host, name, kind = sys.argv[1:]
address = IPv4Address(host).packed
server = ServiceInfo(kind, f"{name}.{kind}", port=22, addresses=[address], server="x.local.")
network = Zeroconf(interfaces=[host])
network.register_service(server)
print("announced", flush=True)
sys.stdin.read()
"""


def objects(text: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in text.splitlines()]


def login(board: Board) -> str:
    """What ~/.ssh/config says of a board, but for its name and address."""
    return f"""
    User nvidia
    IdentityFile {board.keys}/id_ed25519
    UserKnownHostsFile {board.keys}/known_hosts
    HostKeyAlias {board.name}
"""


def write_cluster(folder: Path, boards: list[Board]) -> Path:
    """A cluster file that knows boards by name only; the rest is ssh's."""
    lines = [f"[cluster]\nssh_config = {str(folder / 'config')!r}"]
    lines += [
        f'[[nodes]]\nname = "{each.name}"\npython = "{sys.prefix}/bin/python"' for each in boards
    ]
    file = folder / "named.toml"
    file.write_text("\n".join(lines))
    return file


def test_a_board_that_announces_itself(boards: BoardMaker, capsys: Any) -> None:
    (board,) = boards(1)
    enter = ["nsenter", "--target", str(board.pid1()), "--all", "--", f"{sys.prefix}/bin/python"]
    command = [*enter, "-c", ANNOUNCE, board.host, "the-left-one", "_ssh._tcp.local."]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as announcing:
        assert announcing.stdout and announcing.stdout.readline() == "announced\n"
        # Nothing is at port 1: only the announcement leads to the board.
        network = str(board.network.addresses)
        known = ["--key", str(board.keys / "id_ed25519"), "--known-hosts"]
        more = ["--user", "nvidia", *known, str(board.keys / "known_hosts"), "--json"]
        assert main(["nodes", "discover", network, "--port", "1", *more]) == 0
        announcing.communicate()
    (found,) = objects(capsys.readouterr().out)
    assert (found["host"], found["port"], found["announced"]) == (board.host, 22, "the-left-one")
    assert (found["state"], found["hostname"]) == ("identified", "xavier-1")


def test_a_board_behind_another(boards: BoardMaker, tmp_path: Path, capsys: Any) -> None:
    gate, inner = boards(2)
    rule = "nft add table ip f; nft add chain ip f i '{ type filter hook input priority 0; }'"
    inner.run(
        ["sh", "-c", f"{rule}; nft add rule ip f i ip saddr != {gate.host} tcp dport 22 reject"]
    )
    config = tmp_path / "config"
    names = f"Host xavier-1\n    HostName {gate.host}{login(gate)}"
    names += f"Host xavier-2\n    HostName {inner.host}\n    ProxyJump xavier-1{login(inner)}"
    config.write_text(names)
    file = write_cluster(tmp_path, [gate, inner])
    assert main(["--cluster", str(file), "nodes", "check", "--no-self-test", "--json"]) == 0
    found = objects(capsys.readouterr().out)
    verdicts = {each["name"]: each["verdict"] for each in found if each["node"] == "xavier-2"}
    assert verdicts["reach"] == verdicts["ports"] == "ok"
    config.write_text(names.replace("    ProxyJump xavier-1\n", ""))
    assert main(["--cluster", str(file), "nodes", "check", "--no-self-test", "--json"]) == 3


@pytest.mark.slow
def test_a_board_whose_address_changes_between_trials(boards: BoardMaker, tmp_path: Path) -> None:
    """As DHCP may have it: the name leads to another address; no file of ours is edited."""
    (board,) = boards(1)
    config = tmp_path / "config"
    config.write_text(f"Host xavier-1\n    HostName {board.host}{login(board)}")
    file = write_cluster(tmp_path, [board])
    trial = ("kdd99", "--set", "synthetic=true", "--set", "workers=1", "--set", "epochs=2")
    results = []
    for address in (board.host, board.network.address(100)):
        board.run(["ip", "address", "flush", "dev", "eth0"])
        board.run(["ip", "address", "add", f"{address}/24", "dev", "eth0"])
        config.write_text(config.read_text().replace(board.host, address))
        with Program("--cluster", file, "trial", "run", *trial, "--json") as program:
            code, events, err = program.finish()
        assert code == 0, err
        results.append(events[-1])
    assert [each["state"] for each in results] == ["finished", "finished"]
    assert results[0]["loss"] == results[1]["loss"]


def test_remedies_work_when_pasted(boards: BoardMaker) -> None:
    (board,) = boards(1)
    file = board.keys / "cluster.toml"
    node = read_cluster(file).node("xavier-1")

    def paste(command: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            ["sh", "-c", f"{command} </dev/null"], capture_output=True, text=True, timeout=60
        )

    for terminal in (False, True):
        done = paste(there(node, "hostname; echo \"$HOME\" 'a b'", terminal=terminal))
        assert done.stdout.split() == ["xavier-1", "/home/nvidia", "a", "b"], done
    done = paste(send_key(node))
    assert done.returncode == 0 and "already exist" in done.stderr  # it logs in by that very key
    done = paste(f"{shlex.quote(sys.executable)} -m edgead.console.cli --cluster {file} nodes list")
    assert done.returncode == 0
