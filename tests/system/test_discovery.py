"""Discovery on virtual boards: who is found, whose host key is new, and what init writes."""

from __future__ import annotations

import asyncio
import json
import os
import pty
import signal
import subprocess
import sys
from ipaddress import IPv4Address
from pathlib import Path
from typing import Any

import pytest
from program import Program, until
from real_sshd import fingerprint, fingerprints_in, free_port, make_key
from zeroconf import ServiceInfo
from zeroconf.asyncio import AsyncZeroconf

from edgead.agents.mdns import SERVICE, Announcement, listen
from edgead.console.cli import main
from edgead.console.nodes.inventory import read_cluster
from testbed.board import Board
from testbed.fixtures import BoardMaker

pytestmark = pytest.mark.usefixtures("home", "own_home")


def search(board: Board, known_hosts: Path, *more: str) -> list[str]:
    """The arguments that look for boards on the network of this one."""
    network = str(board.network.addresses)
    login = ["--user", "nvidia", "--key", str(board.keys / "id_ed25519")]
    return [network, *login, "--known-hosts", str(known_hosts), "--no-mdns", *more]


def objects(text: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in text.splitlines()]


def change_key(known_hosts: Path, board: Board, folder: Path) -> Path:
    """Have another key stand for a board in a known_hosts file; gives that key."""
    key = make_key(folder / "before")
    kept = [line for line in known_hosts.read_text().splitlines() if board.host not in line]
    public = Path(f"{key}.pub").read_text().strip()
    known_hosts.write_text("\n".join([*kept, f"{board.host} {public}", ""]))
    return key


def test_boards_are_identified(boards: BoardMaker, capsys: pytest.CaptureFixture[str]) -> None:
    first, second = boards(2)
    known = first.keys / "known_hosts"
    assert main(["nodes", "discover", *search(first, known, "--json")]) == 0
    found = objects(capsys.readouterr().out)
    said = ("host", "state", "hostname", "model", "l4t", "jetpack")
    assert [tuple(each[key] for key in said) for each in found] == [
        (first.host, "identified", "xavier-1", "Jetson-AGX", "35.3.1", "5.1.1"),
        (second.host, "identified", "xavier-2", "Jetson-AGX", "32.6.1", "4.6"),
    ]
    assert all(each["kind"] == "discovered" and "OpenSSH" in each["banner"] for each in found)


def test_new_keys_are_shown_then_init_writes_what_trust_accepts(
    boards: BoardMaker, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    first, second = boards(2)
    known, file = tmp_path / "kh", tmp_path / "cluster.toml"
    real = [
        fingerprint(Path(board.folder / "upper/etc/ssh/ssh_host_ed25519_key"))
        for board in (first, second)
    ]
    init = ["init", *search(first, known), "--out", str(file)]
    assert main(init) == 3
    out, err = capsys.readouterr()
    assert fingerprints_in(out) == real and not known.exists() and not file.exists()
    assert "--accept-new" in err.splitlines()[-1]
    assert main([*init, "--accept-new", "--dry-run"]) == 2 and not known.exists()
    capsys.readouterr()
    assert main([*init, "--accept-new"]) == 0
    assert [node.name for node in read_cluster(file).nodes] == ["xavier-1", "xavier-2"]
    assert len(known.read_text().splitlines()) == 2
    capsys.readouterr()
    assert main([*init, "--dry-run"]) == 0
    assert file.read_text() in capsys.readouterr().out  # the same, printed
    capsys.readouterr()
    assert main(init) == 2
    assert "is there already; --force" in capsys.readouterr().err
    known.write_text("")
    trust = ["--cluster", str(file), "nodes", "trust", "--json"]
    assert main(trust) == 3
    out, err = capsys.readouterr()
    assert [each["state"] for each in objects(out)] == ["unknown", "unknown"]
    assert [each["fingerprint"] for each in objects(out)] == real and len(err.splitlines()) == 2
    assert main([*trust, "--accept-new", "--dry-run"]) == 3 and not known.read_text()
    capsys.readouterr()
    assert main([*trust, "xavier-2", "--accept-new"]) == 0
    assert main(trust) == 3
    out, _ = capsys.readouterr()
    assert [each["state"] for each in objects(out)] == ["accepted", "unknown", "known"]


def test_a_changed_key_is_refused_by_every_command_though_new_ones_are_accepted(
    boards: BoardMaker, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    first, second = boards(2)
    known, file = first.keys / "known_hosts", first.keys / "cluster.toml"
    both = [
        fingerprint(Path(second.folder / "upper/etc/ssh/ssh_host_ed25519_key")),
        fingerprint(change_key(known, second, tmp_path)),
    ]
    held = known.read_text()
    for command in (
        ["nodes", "discover", *search(first, known, "--accept-new")],
        ["--cluster", str(file), "nodes", "trust", "--accept-new"],
    ):
        assert main(command) == 3
        said = capsys.readouterr().err.splitlines()[-1]
        assert "CHANGED" in said and fingerprints_in(said) == both and known.read_text() == held
        assert second.host in said


def test_at_a_terminal_it_asks_and_shows_a_changed_key_in_red(
    boards: BoardMaker, tmp_path: Path
) -> None:
    (board,) = boards(1)
    known = tmp_path / "kh"
    text = (board.keys / "cluster.toml").read_text()
    file = board.keys / "here.toml"
    file.write_text(text.replace('"known_hosts"', f'"{known}"'))
    command = ["--cluster", str(file), "nodes", "trust"]
    code, said = at_terminal(command, "n")
    assert code == 3 and "Accept it? [y/N]" in said and "was not accepted" in said
    assert not known.exists()
    code, said = at_terminal(command, "y")
    assert code == 0 and board.host in known.read_text() and "accepted" in said
    change_key(known, board, tmp_path)
    code, said = at_terminal(command, "y")
    assert code == 3 and "\x1b[1;31m" in said and "CHANGED" in said and "[y/N]" not in said


def at_terminal(arguments: list[str], answer: str) -> tuple[int, str]:
    """Run the program in a pty, answer its question if it has one; gives its code and words."""
    ours, theirs = pty.openpty()
    command = [sys.executable, "-m", "edgead.console.cli", *arguments]
    env = {name: value for name, value in os.environ.items() if name != "NO_COLOR"}
    process = subprocess.Popen(
        command, stdin=theirs, stdout=theirs, stderr=theirs, env=env, start_new_session=True
    )
    os.close(theirs)
    said, answered = b"", False
    try:
        while data := os.read(ours, 4096):
            said += data
            if b"[y/N]" in said and not answered:
                answered = True
                os.write(ours, f"{answer}\n".encode())
    except OSError:  # how Linux tells that the other side is closed
        pass
    finally:
        os.close(ours)
    return process.wait(30), said.decode()


def test_ctrl_c_ends_a_search_at_once_with_what_was_found() -> None:
    network = ["127.0.0.0/16", "--port", str(free_port()), "--no-mdns"]  # nobody listens there
    with Program("nodes", "discover", *network) as program:
        assert "scanning 65,534 addresses" in program.process.stderr.readline()
        program.process.send_signal(signal.SIGINT)
        _, err = program.process.communicate(timeout=30)
    assert program.process.returncode == 130
    assert "interrupted: this is what was found so far" in err and "Traceback" not in err


def test_nobody_and_wrong_networks_are_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    nobody = ["127.0.0.9", "--port", str(free_port()), "--no-mdns"]
    assert main(["init", *nobody]) == 3
    assert "no SSH server at any of 1 addresses" in capsys.readouterr().err.splitlines()[-1]
    assert main(["nodes", "discover", "300.1.2.3/24"]) == 2
    assert len(capsys.readouterr().err.splitlines()) == 1
    assert main(["nodes"]) == 2
    assert "edgead-console init" in capsys.readouterr().err


async def test_announcements_are_heard() -> None:
    info = ServiceInfo(
        SERVICE,
        f"xavier\u202e1.{SERVICE}",
        port=2222,
        addresses=[IPv4Address("127.0.0.1").packed],
        server="xavier-1.local.",
    )
    heard: list[Announcement] = []
    zeroconf = AsyncZeroconf(interfaces=["127.0.0.1"])
    listening = asyncio.ensure_future(listen(heard.append, interfaces=["127.0.0.1"]))
    try:
        await (await zeroconf.async_register_service(info))
        await asyncio.to_thread(until, lambda: heard)
    finally:
        listening.cancel()
        await asyncio.gather(listening, return_exceptions=True)
        await zeroconf.async_close()
    assert heard[0] == Announcement("xavier\\u202e1", "127.0.0.1", 2222)
