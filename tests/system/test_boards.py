"""The virtual boards of tests/testbed/: they are what they say, and go as they came."""

from __future__ import annotations

import asyncio
import re
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import asyncssh
import pytest

from edgead.agents import connection as agent_connection
from edgead.agents.connection import connect
from edgead.agents.login import log_in
from edgead.agents.messages import Message, TelemetryLine
from edgead.agents.tegrastats import parse
from edgead.agents.telemetry import Telemetry
from edgead.console.inventory import read_cluster
from testbed import faults, requirements
from testbed.board import Board, banner
from testbed.cgroups import Group, alive
from testbed.commands import until
from testbed.fixtures import BoardMaker, refuse
from testbed.root import IMAGES
from testbed.testbed import Testbed

TESTS = Path(__file__).resolve().parents[1]
DEADLINE = 30.0


async def ssh(
    board: Board, command: str, user: str = "nvidia", answer: str = ""
) -> asyncssh.SSHCompletedProcess:
    """Run a command on a board; `answer` is all its standard input."""
    async with await log_in(board.address(user)) as link:
        source = {"input": answer} if answer else {"stdin": asyncssh.DEVNULL}
        return await asyncio.wait_for(link.run(command, **source), DEADLINE)


async def say(board: Board, command: str, user: str = "nvidia", answer: str = "") -> str:
    """Give what a command prints there; it must succeed."""
    done = await ssh(board, command, user, answer)
    assert done.exit_status == 0, f"{command}: {done.exit_status}: {done.stdout}{done.stderr}"
    return str(done.stdout)


async def telemetry(board: Board, user: str) -> Telemetry:
    """Give the first sample that the agent there sends."""
    lines: asyncio.Queue[Message] = asyncio.Queue()
    link = await connect(board.address(user), on_event=lines.put_nowait)
    try:
        await link.telemetry(0.1)
        found = await asyncio.wait_for(lines.get(), DEADLINE)
    finally:
        await link.close()
    assert isinstance(found, TelemetryLine) and found.source == "tegrastats"
    return parse(found.line)


def ping(board: Board, count: int) -> tuple[int, float | None]:
    """Give how many of so many echoes came back, and the milliseconds of the fastest."""
    command = f"busybox ping -q -c {count} -i 0.01 -W 2 {board.host}"
    said = subprocess.run(command.split(), capture_output=True, text=True).stdout
    came = re.search(r"(\d+) packets received", said)
    fastest = re.search(r"min/avg/max = ([\d.]+)/", said)
    assert came, said
    return int(came[1]), float(fastest[1]) if fastest else None


# -- what a board is


async def test_boards_run_the_agent(boards: BoardMaker) -> None:
    for board, l4t in zip(boards(3), ["35.3.1", "32.6.1", "35.3.1"], strict=True):
        for user in ("nvidia", "root"):
            link = await connect(board.address(user), on_event=print)
            facts = await link.facts()
            await link.close()
            assert (facts.hostname, facts.l4t, facts.model) == (board.name, l4t, "Jetson-AGX")


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
    hog = f"{run} --runtime nvidia --memory 50m {image} {python} -c 'len(bytes(90 << 20))'"
    assert (await ssh(board, hog.replace("bytes(", 'bytearray(b"x") * ('))).exit_status == 137
    await say(board, f"docker run -d --label edgead --name task {image} sleep 100")
    assert await say(board, "docker ps -q --filter label=edgead")
    faults.power_cut(board)
    faults.power_on(board)
    assert "Exited" in await say(board, "docker ps -a --format '{{.Status}}'")


# -- what can go wrong with it


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


# -- how it goes


def traces(name: str) -> list[str]:
    """Give whatever bears the name of a testbed: mounts, namespaces, links, cgroups."""
    found = [line for line in Path("/proc/self/mountinfo").read_text().splitlines() if name in line]
    links = subprocess.run(["ip", "-oneline", "link"], capture_output=True, text=True).stdout
    found += [line for line in links.splitlines() if name in line]
    found += [str(path) for path in Path("/run/netns").glob(f"{name}*")]
    found += [str(path) for path in Path("/sys/fs/cgroup").rglob(name)]
    found += [str(path) for path in Path("/run/edgead-boards").glob(f"{name[6:]}*")]
    return found


def test_nothing_stays(tmp_path: Path, boards: BoardMaker) -> None:
    boards(1)  # another one, which is not to suffer
    testbed = Testbed.start(tmp_path / "doomed", 2, docker=True)
    one, other = testbed.boards
    pids = Group(testbed.network.name).pids()
    faults.set_delay(one, 5)
    faults.set_loss(one, 5)
    faults.set_bandwidth(one, 5)
    faults.freeze(one)
    faults.power_cut(other)
    assert len(pids) > 6 and traces(testbed.network.name)
    testbed.stop()
    assert traces(testbed.network.name) == [] and not any(map(alive, pids))
    assert not any(testbed.network.name in process for process in processes())


def processes() -> list[str]:
    """Give the cgroups of every process that runs."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):  # it ended meanwhile
            if alive(int(folder.name)):
                found.append((folder / "cgroup").read_text())
    return found


def test_killed_tests_leave_nothing_for_long(tmp_path: Path, boards: BoardMaker) -> None:
    program = (
        "import sys, time; from pathlib import Path; from testbed.testbed import Testbed\n"
        "testbed = Testbed.start(Path(sys.argv[1]), 1)\n"
        "print(testbed.network.name, flush=True); time.sleep(600)"
    )
    with subprocess.Popen(
        [sys.executable, "-c", program, str(tmp_path / "killed")],
        env={"PYTHONPATH": str(TESTS)},
        stdout=subprocess.PIPE,
        text=True,
    ) as killed:
        assert killed.stdout is not None
        name = killed.stdout.readline().strip()
        assert traces(name)
        killed.send_signal(signal.SIGKILL)
    (board,) = boards(1)  # takes down what is nobody's, and may well get its number
    assert board.network.name == name or traces(name) == []
    assert banner(board.host)


def test_boards_by_hand(tmp_path: Path, boards: BoardMaker) -> None:
    boards(0)  # only to know that they can be made

    def testbed(*words: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "testbed", "--folder", str(tmp_path / "hand"), *words]
        return subprocess.run(
            command, env={"PYTHONPATH": str(TESTS)}, cwd=tmp_path, capture_output=True, text=True
        )

    try:
        for count in ("1", "2"):  # again is anew
            done = testbed("up", count)
            assert done.returncode == 0 and "hand/cluster.toml" in done.stdout, done.stderr
        nodes = read_cluster(tmp_path / "hand" / "cluster.toml").nodes
        assert len(nodes) == 2 and all(banner(node.host) for node in nodes)
        assert testbed("fault", "xavier-2", "power-cut").returncode == 0
        assert banner(nodes[0].host) and not banner(nodes[1].host, 0.3)
        done = testbed("fault", "xavier-3", "unplug")
        assert done.returncode == 2 and done.stderr.count("\n") == 1, done.stderr
    finally:
        done = testbed("down")
    assert done.stdout == "The boards are gone.\n" and not (tmp_path / "hand").exists()
    assert not banner(nodes[0].host, 0.3)
    assert testbed("down").stdout == "There are no boards.\n"


def test_where_boards_cant_be_made(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.geteuid", lambda: 1000)
    reason = requirements.missing.__wrapped__()
    assert reason == "virtual boards need root, and this is not"
    monkeypatch.setenv("CI", "true")
    with pytest.raises(pytest.fail.Exception, match="need root"):
        refuse(reason)
    monkeypatch.delenv("CI")
    with pytest.raises(pytest.skip.Exception, match="need root"):
        refuse(reason)
