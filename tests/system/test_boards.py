"""The virtual boards of tests/testbed/ are what they say."""

from __future__ import annotations

import asyncio
import json

import pytest
from on_board import DEADLINE, say, ssh, telemetry

from edgead.agents.connection import connect
from edgead.agents.login import log_in
from edgead.agents.tegrastats import parse
from edgead.console.nodes.inventory import read_cluster
from testbed import faults
from testbed.board import REPOSITORY, banner
from testbed.commands import until
from testbed.fixtures import BoardMaker
from testbed.root import IMAGES


async def test_boards_run_the_agent(boards: BoardMaker) -> None:
    for board, l4t in zip(boards(3), ["35.3.1", "32.6.1", "35.3.1"], strict=True):
        for user in ("nvidia", "root"):
            link = await connect(board.address(user), on_event=print)
            facts = await link.facts()
            await link.close()
            assert (facts.hostname, facts.l4t, facts.model) == (board.name, l4t, "Jetson-AGX")


async def test_the_agent_without_a_console(boards: BoardMaker) -> None:
    for board in boards(2):
        agent = f"{REPOSITORY}/agents/agent.py"  # as if copied there
        said = (await say(board, f"python3 {agent} --once")).splitlines()
        facts, health, sample = map(json.loads, said)
        assert facts["hostname"] == board.name and facts["l4t"]
        assert health["power_mode"] == "MODE_15W_DESKTOP"  # for a plain user too
        assert sample["source"] == "tegrastats" and parse(sample["line"]).temperatures_c


async def test_cluster_file(boards: BoardMaker) -> None:
    made = boards(2)
    cluster = read_cluster(made[0].keys / "cluster.toml")
    assert [node.name for node in cluster.nodes] == ["xavier-1", "xavier-2"]
    assert [node.host for node in cluster.nodes] == [board.host for board in made]
    assert await say(made[1], f"{cluster.nodes[1].python} -c 'print(6 * 7)'") == "42\n"


@pytest.mark.slow
async def test_tensorflow_runs_there(boards: BoardMaker) -> None:
    (board,) = boards(1)
    program = "import tensorflow as tf; print(tf.linalg.trace(tf.ones((3, 3)) @ tf.ones((3, 3))))"
    async with await log_in(board.address()) as link:
        done = await asyncio.wait_for(link.run(f'{board.address().python} -c "{program}"'), 120)
    assert "tf.Tensor(9.0" in str(done.stdout), done.stderr


async def test_boards_see_each_other_and_nothing_else(boards: BoardMaker) -> None:
    one, other = boards(2)
    script = "import socket; print(socket.create_connection(('{}', {}), 5).recv(4))"
    there = f'python3 -c "{script.format(other.host, 22)}"'
    assert await say(one, there) == "b'SSH-'\n"
    away = await ssh(one, f'python3 -c "{script.format("192.0.2.1", 80)}"')
    assert "Network is unreachable" in str(away.stderr)
    routes = await say(one, "ip route", "root")
    assert routes.split()[0] == str(one.network.addresses) and len(routes.splitlines()) == 1


async def test_telemetry_of_root_and_of_others(boards: BoardMaker) -> None:
    new, old = boards(2)
    root, other = await telemetry(new, "root"), await telemetry(new, "nvidia")
    assert root.printed_time and other.printed_time and root.rails and other.rails
    assert root.gpus[0].clocks_mhz and not other.gpus[0].clocks_mhz
    root, other = await telemetry(old, "root"), await telemetry(old, "nvidia")
    assert root.printed_time is None and root.rails and root.mts
    assert not other.rails and not other.mts and other.gpus[0].load is not None


async def test_telemetry_follows_the_power_mode(boards: BoardMaker) -> None:
    (board,) = boards(1, jetpacks=["4.6"])
    for mode, cores in ((0, 8), (4, 6), (6, 2)):
        await say(board, f"sudo -n nvpmodel -m {mode} </dev/null")
        sample = await telemetry(board, "root")
        assert sum(core is not None for core in sample.cpus) == cores


async def test_power_modes(boards: BoardMaker) -> None:
    new, old = boards(2)
    assert await say(new, "sudo -n nvpmodel -q") == "NV Power Mode: MODE_15W_DESKTOP\n7\n"
    assert await say(new, "nvpmodel -q") == "NV Power Mode: MODE_15W_DESKTOP\n7\n"
    fan, *mode = (await say(old, "sudo -n nvpmodel -q")).splitlines()
    assert (fan, mode) == ("NV Fan Mode:quiet", ["NV Power Mode: MODE_15W_DESKTOP", "7"])
    assert (await say(old, "nvpmodel -q")).count("NVPM ERROR") == 14
    for board in (new, old):
        listed = await say(board, "nvpmodel -p --verbose")
        assert "NVPM VERB: POWER_MODEL: ID=0 NAME=MAXN" in listed
        assert await say(board, "sudo -n nvpmodel -m 0 </dev/null") == ""
        assert "MAXN\n0\n" in await say(board, "nvpmodel -q")
        assert "NVPM ERROR" in await say(board, "nvpmodel -m 3")
        assert "MAXN\n0\n" in await say(board, "nvpmodel -q")


async def test_reboot_that_is_declined(boards: BoardMaker) -> None:
    (board,) = boards(1)
    for answer in ("no\n", ""):
        said = await say(board, "sudo -n nvpmodel -m 1", answer=answer)
        assert "DO YOU WANT TO REBOOT NOW?" in said and "no request for power mode" in said
    assert "MODE_15W_DESKTOP" in await say(board, "nvpmodel -q")


async def test_reboot_prompt_waits_for_an_answer(boards: BoardMaker) -> None:
    (board,) = boards(1)
    async with (
        await log_in(board.address()) as link,
        link.create_process("sudo -n nvpmodel -m 1") as process,
    ):
        await asyncio.wait_for(process.stdout.readuntil("to confirm:"), DEADLINE)
        assert process.exit_status is None
        await say(board, "touch before")
        process.stdin.write("yes\n")
        await asyncio.wait_for(link.wait_closed(), DEADLINE)
    until(lambda: banner(board.host), "the board after its reboot")
    assert "MODE_10W\n1\n" in await say(board, "nvpmodel -q; ls before")


async def test_sudo_is_for_power_and_clocks_only(boards: BoardMaker) -> None:
    (board,) = boards(1)
    assert "password is required" in str((await ssh(board, "sudo -n true")).stderr)
    assert "as a root user" in str((await ssh(board, "jetson_clocks")).stdout)
    assert "docker" in await say(board, "id -nG")


async def test_jetson_clocks(boards: BoardMaker) -> None:
    (board,) = boards(1)
    gpu = "sudo -n jetson_clocks --show | grep -o 'GPU MinFreq=[0-9]*'"
    free = await say(board, gpu)
    await say(board, "sudo -n jetson_clocks --store /tmp/clocks && sudo -n jetson_clocks")
    assert await say(board, gpu) == "GPU MinFreq=1377000000\n" != free
    await say(board, "sudo -n jetson_clocks --restore /tmp/clocks")
    assert await say(board, gpu) == free


async def test_docker_with_the_nvidia_runtime(boards: BoardMaker) -> None:
    (board,) = boards(1, docker=True)
    assert '"nvidia"' in await say(board, "docker info -f '{{json .Runtimes}}'")
    image = IMAGES["5.1"]
    run = "docker run --rm --network host"
    python = board.address().python
    inside = f"cat /proc/1/comm; {python} -c 'import numpy; print(numpy.ones(3).sum())'"
    said = await say(board, f'{run} --runtime nvidia {image} sh -c "{inside}"')
    assert said.split() == ["sh", "3.0"]
    plain = await ssh(board, f"{run} {image} {python} --version")
    assert plain.exit_status == 127  # it is the runtime that brings it
    hog = f"{run} --runtime nvidia --memory 50m {image} {python} -c 'b\"x\" * (90 << 20)'"
    assert (await ssh(board, hog)).exit_status == 137
    await say(board, f"docker run -d --label edgead --name task {image} sleep 100")
    assert await say(board, "docker ps -q --filter label=edgead")
    faults.power_cut(board)
    faults.power_on(board)
    assert "Exited" in await say(board, "docker ps -a --format '{{.Status}}'")
