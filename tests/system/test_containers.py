"""Containers on virtual boards: trials in them, every verb, and what a lost agent left."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest
from on_board import edit, objects, say
from program import Program

from edgead.agents.commands import commands_on
from edgead.agents.power import clocks_pinned
from edgead.console.cli import main
from edgead.console.nodes.inventory import read_cluster
from testbed.board import Board
from testbed.fixtures import BoardMaker
from testbed.root import IMAGES


@pytest.mark.slow
def test_a_trial_in_containers(home: Path, boards: BoardMaker, capsys: Any) -> None:
    made = boards(2, docker=True, jetpacks=["5.1"])
    power = {"power_mode": "MAXN", "clocks": "pin"}
    settings = {"container": IMAGES["5.1"], "memory": "4g", **power}
    file = edit(made[0], {"restore_power": True}, **settings)
    trial = ("kdd99", "--set", "synthetic=true", "--set", "workers=2", "--set", "epochs=2")
    with Program("--cluster", file, "trial", "run", *trial, "--json") as program:
        code, events, err = program.finish()
        assert (code, err) == (0, "")
    notes = [each["text"] for each in events if each["kind"] == "note"]
    assert sum(text.startswith("container: ") for text in notes) == 2
    change = "power mode MAXN, clocks pinned, it was MODE_15W_DESKTOP, clocks free"
    assert notes.count(change) == 2
    for board in made:
        assert "MODE_15W_DESKTOP" in board.run(["nvpmodel", "-q"])  # given back
        assert not clocks_pinned(board.run(["jetson_clocks", "--show"]))
        top = board.run(["docker", "top", "edgead", "-o", "pid,args"])
        assert "tail -f" in top and "python" not in top
    container = ["--cluster", str(file), "nodes", "container"]
    assert main([*container, "stats", "xavier-1", "--json"]) == 0
    (used,) = objects(capsys)
    assert used["ok"] and used["memory"].endswith("4GiB")
    assert main([*container, "stop"]) == 0
    assert capsys.readouterr().out == "xavier-1: stopped\nxavier-2: stopped\n"
    assert not made[0].run(["docker", "ps", "--all", "--quiet"])


@pytest.mark.slow
async def test_what_a_lost_agent_left_in_a_container_is_ended(boards: BoardMaker) -> None:
    (board,) = boards(1, docker=True, jetpacks=["5.1"])
    file = edit(board, container=IMAGES["5.1"])
    node = read_cluster(file).node("xavier-1")
    async with commands_on(node) as commands:
        from edgead.agents import docker
        from edgead.console.nodes import containers

        assert (await containers.start(node, commands)).ok
        asleep = docker.inside(["sleep", "1000"], {})
        job = asyncio.ensure_future(commands.run(asleep, timeout=100))
        running = "docker top edgead | grep -c 'sleep 1000' || true"
        while (await say(board, running)).strip() == "0":  # each takes a login: no busy loop
            pass
        agent = commands.connection.hello.pid
        board.run(["kill", "-9", str(agent)])
        await asyncio.wait({job})
        assert job.exception() is not None
        assert (await say(board, running)).strip() == "1"  # dockerd's, not ours to lose
    async with commands_on(node):
        assert (await say(board, running)).strip() == "0"
    await _ends_with_its_command(board, node)


async def _ends_with_its_command(board: Board, node: Any) -> None:
    """A late command in the container is ended there, too."""
    from edgead.agents import docker

    async with commands_on(node) as commands:
        outcome = await commands.run(docker.inside(["sleep", "1000"], {}), timeout=1.0)
        assert outcome.late
        running = "docker top edgead | grep -c 'sleep 1000' || true"
        assert (await say(board, running)).strip() == "0"


def test_container_verbs(home: Path, boards: BoardMaker, capsys: Any, tmp_path: Path) -> None:
    (board,) = boards(1, docker=True, jetpacks=["5.1"])
    base, built = IMAGES["5.1"], "edgead/tensorflow:r35.3"
    file = edit(board, container=built)
    container = ["--cluster", str(file), "nodes", "container"]
    for verb in ("list", "start", "stop", "restart", "logs", "stats", "prune", "pull"):
        assert main([*container, verb, "--dry-run"]) == 0
        assert "xavier-1: " in (said := capsys.readouterr().out) and "docker " in said
    assert main([*container, "logs", "--lines", "7", "--dry-run", "--json"]) == 0
    assert "--tail 7" in json.loads(capsys.readouterr().out)["command"]
    assert main([*container, "start"]) == 1
    assert "nodes container pull xavier-1" in capsys.readouterr().err
    image = ["--cluster", str(file), "nodes", "image", "build", "--base", base]
    assert main(image) == 0
    assert f'built: container = "{built}"' in capsys.readouterr().out
    for verb, said in (
        ("start", "runs"),
        ("start", "runs already"),
        ("list", f"{built} running"),
        ("restart", "restarted"),
        ("logs", ""),
        ("stop", "stopped"),
        ("stop", "it does not run"),
        ("prune", "0 containers of ours removed"),
    ):
        assert main([*container, verb]) == 0
        assert said in capsys.readouterr().out
    for name, label in (("foreign", "other"), ("ours", "edgead")):
        board.run(["docker", "create", "--name", name, "--label", label, base, "true"])
    assert main([*container, "prune"]) == 0
    assert "1 container of ours removed" in capsys.readouterr().out
    names = ["docker", "ps", "--all", "--format", "{{.Names}}"]
    assert board.run(names).split() == ["foreign"]
    for memory in ("3g", "2g"):  # what the cluster file says now counts
        edit(board, memory=memory)
        assert main([*container, "start"]) == 0 and main([*container, "stats"]) == 0
        assert f"{memory[0]}GiB" in capsys.readouterr().out
    board.run(["docker", "rm", "--force", "foreign", "edgead"])
    archive = tmp_path / "image.tar"
    archive.write_bytes(b"no image at all" * 100_000)
    assert main([*container, "load", "--file", str(archive)]) == 1
    assert "xavier-1" in capsys.readouterr().err
    save = f"docker save {base} && docker rmi -f {built} {base} >&2"
    archive.write_bytes(_bytes_of(board, save))
    assert main([*container, "load", "--file", str(archive)]) == 0
    assert base in capsys.readouterr().out


def _bytes_of(board: Board, script: str) -> bytes:
    import subprocess

    enter = ["nsenter", "--target", str(board.pid1()), "--all", "--", "sh", "-c", script]
    return subprocess.run(enter, check=True, capture_output=True).stdout
