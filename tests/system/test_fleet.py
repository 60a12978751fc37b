"""The fleet's commands on virtual boards: checks, power, containers; by the real program."""

from __future__ import annotations

import asyncio
import json
import signal
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import tomli
import tomli_w
from on_board import say
from program import Program, until

from edgead.agents.commands import commands_on
from edgead.agents.power import clocks_pinned
from edgead.console.cli import main
from edgead.console.clusters import embedded_cluster
from edgead.console.fleet import Fleet
from edgead.console.health.check import HealthCheck
from edgead.console.health.run import check_nodes, worst
from edgead.console.inventory import read_cluster
from edgead.console.node_watch import watch_fleet
from testbed import faults
from testbed.board import Board, banner
from testbed.fixtures import BoardMaker
from testbed.root import IMAGES


def edit(board: Board, cluster: dict[str, Any] | None = None, **node: Any) -> Path:
    """Change the boards' cluster file: keys of [cluster], and the same keys of every node."""
    file = board.keys / "cluster.toml"
    content = tomli.loads(file.read_text())
    content["cluster"].update(cluster or {})
    for each in content["nodes"]:
        each.update(node)
    file.write_text(tomli_w.dumps(content))
    return file


def write(board: Board, path: str, content: str) -> None:
    """Write a program on a board."""
    script = 'mkdir -p "${2%/*}" && printf %s "$1" >"$2" && chmod 755 "$2"'
    board.run(["sh", "-c", script, "sh", content, path])


def objects(capsys: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def by_name(checks: list[HealthCheck], node: str = "xavier-1") -> dict[str, HealthCheck]:
    return {each.name: each for each in checks if each.node == node}


async def check(board: Board, *leave_out: str) -> list[HealthCheck]:
    cluster = read_cluster(board.keys / "cluster.toml")
    seen: list[HealthCheck] = []
    found = await check_nodes(cluster, cluster.nodes, seen.append, leave_out=leave_out)
    assert seen == found
    return found


# -- checks


def test_check_by_the_command(
    home: Path, boards: BoardMaker, capsys: pytest.CaptureFixture[str]
) -> None:
    made = boards(2)
    file = str(made[0].keys / "cluster.toml")
    assert main(["--cluster", file, "nodes", "check", "--json"]) == 0
    found = objects(capsys)
    assert {each["kind"] for each in found} == {"check"}
    for board in made:
        verdicts = {each["name"]: each["verdict"] for each in found if each["node"] == board.name}
        assert verdicts.pop("power") == "warn"  # they come up with 15 W
        assert set(verdicts.values()) == {"ok"}, found
        assert {"reach", "sudo", "clock", "tensorflow", "self-test", "ports"} <= set(verdicts)
    remedy = next(each["remedy"] for each in found if each["name"] == "power")
    assert remedy.startswith(f"edgead-console --cluster {file} nodes power xavier-")


async def test_a_hung_node_delays_no_other(boards: BoardMaker) -> None:
    hung, well = boards(2)
    faults.freeze(hung)
    cluster = read_cluster(hung.keys / "cluster.toml")
    order: list[tuple[str, str]] = []
    await check_nodes(
        cluster,
        cluster.nodes,
        lambda each: order.append((each.node, each.verdict)),
        leave_out=["self-test"],
    )
    faults.thaw(hung)
    assert order[-1] == (hung.name, "fail")  # after all of the other's
    assert [verdict for node, verdict in order if node == well.name].count("fail") == 0
    assert len([node for node, _ in order if node == hung.name]) == 1


async def test_what_is_wrong_with_a_board_is_found(boards: BoardMaker) -> None:
    (board,) = boards(1)
    faults.fill_disk(board, free_kilobytes=1000)
    faults.skew_clock(board, 3600)
    board.run(["sh", "-c", "sed -i '/^nvidia/d' /etc/sudoers"])
    board.run(["sh", "-c", "echo 'AllowTcpForwarding no' >> /etc/ssh/sshd_config; pkill -o sshd"])
    until(lambda: banner(board.host))
    found = by_name(await check(board, "self-test"))
    wrong = {name for name, each in found.items() if each.verdict == "fail"}
    assert wrong == {"disk", "clock", "sudo", "ports"}
    assert "sudo wants a password for nvpmodel, jetson_clocks" in found["sudo"].evidence
    assert "AllowTcpForwarding" in found["ports"].evidence
    assert all(found[name].remedy for name in wrong)


@pytest.mark.slow
async def test_a_corrupt_install_is_found_before_a_trial(
    boards: BoardMaker, tmp_path: Path
) -> None:
    """The thesis's board with the corrupted install: it imports, and computes wrongly or dies."""
    (board,) = boards(1)
    python = board.address().python
    for broken, said in (
        ("raise ImportError('libcudnn.so.8: file too short')", "libcudnn.so.8: file too short"),
        ("import os; os.kill(os.getpid(), 4)", "killed"),
    ):
        write(board, "/opt/broken/tensorflow/__init__.py", broken)
        write(board, "/opt/python", f'#!/bin/sh\nPYTHONPATH=/opt/broken exec {python} "$@"\n')
        edit(board, python="/opt/python")
        found = by_name(await check(board))
        assert found["self-test"].verdict == "fail" and said in found["self-test"].evidence


async def test_ports_in_direct_transport_are_tried_from_node_to_node(boards: BoardMaker) -> None:
    made = boards(3)
    edit(made[0], {"transport": "direct", "ports": "21000-21010"})
    found = await check(made[0], "self-test")
    for board in made:
        said = by_name(found, board.name)["ports"].evidence
        assert said.startswith("direct: reaches 2 nodes") and said.endswith("by 5 ports each")
    rule = "nft add table ip f; nft add chain ip f i '{ type filter hook input priority 0; }'"
    drop = f"nft add rule ip f i ip saddr {made[0].host} tcp dport 21000-21010 drop"
    made[2].run(["sh", "-c", f"{rule}; {drop}"])
    found = await check(made[0], "self-test")
    blocked = by_name(found, made[0].name)["ports"]
    assert blocked.verdict == "fail" and "can't reach xavier-3" in blocked.evidence
    assert by_name(found, made[1].name)["ports"].verdict == "ok"
    edit(made[0], {"transport": "tunnel", "ports": "21000-21003"})
    narrow = by_name(await check(made[0], "self-test"), made[0].name)["ports"]
    assert narrow.verdict == "fail"
    assert narrow.evidence == "no 5 free ports from 21000 to 21003: give a wider range of `ports`"


async def test_every_port_is_tried_both_ways_through_tunnels(boards: BoardMaker) -> None:
    (board,) = boards(1)
    ports = by_name(await check(board, "self-test"))["ports"]
    assert ports.verdict == "ok" and ports.evidence.startswith("3 ports through tunnels, both ways")
    # A board may let us lead ports to it and offer none, or the other way round.
    for allowed in ("local", "remote"):
        setting = f"AllowTcpForwarding {allowed}"
        script = f"sed -i '/^AllowTcp/d' sshd_config; echo '{setting}' >>sshd_config"
        board.run(["sh", "-c", f"cd /etc/ssh; {script}; pkill -o sshd"])
        until(lambda: banner(board.host))
        assert by_name(await check(board, "self-test"))["ports"].verdict == "fail"


def test_a_node_that_is_gone(home: Path, boards: BoardMaker, capsys: Any) -> None:
    one, gone = boards(2)
    faults.power_cut(gone)
    file = str(one.keys / "cluster.toml")
    assert main(["--cluster", file, "nodes", "check", "--no-self-test"]) == 3
    out = capsys.readouterr().out
    assert "✖ xavier-2 reach: no answer" in out or "✖ xavier-2 reach: no connection" in out
    assert f"    ping -c 3 {gone.host}" in out


# -- power


def test_power_by_name(home: Path, boards: BoardMaker, capsys: Any) -> None:
    made = boards(2)
    power = ["--cluster", str(made[0].keys / "cluster.toml"), "nodes", "power"]
    assert main([*power, "xavier-1", "xavier-2", "maxn", "--clocks", "pin", "--json"]) == 0
    for said in objects(capsys):
        assert (said["before"], said["after"]) == ("MODE_15W_DESKTOP", "MAXN")
        assert said["state"] == "set" and said["clocks_pinned"] is True
    assert main([*power, "xavier-1", "maxn"]) == 0
    assert capsys.readouterr().out == "xavier-1: MAXN, clocks pinned\n"
    assert main([*power, "xavier-1", "15W", "--clocks", "free"]) == 0
    assert capsys.readouterr().out == "xavier-1: MAXN → MODE_15W, clocks free\n"


def test_a_reboot_is_answered_no_and_told(home: Path, boards: BoardMaker, capsys: Any) -> None:
    (board,) = boards(1)
    power = ["--cluster", str(board.keys / "cluster.toml"), "nodes", "power", "xavier-1"]
    assert main([*power, "10W"]) == 1
    assert "MODE_10W needs a reboot, which was answered no" in capsys.readouterr().err
    assert main([*power, "NONE"]) == 1
    assert "no mode NONE; there are MAXN, MODE_10W" in capsys.readouterr().err
    board.run(["sh", "-c", "sed -i '/^nvidia/d' /etc/sudoers"])
    assert main([*power, "MAXN"]) == 1
    assert "password is required" in capsys.readouterr().err
    assert board.run(["nvpmodel", "-q"]).count("MODE_15W_DESKTOP") == 1


# -- containers


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
        from edgead.console import containers

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
    file = edit(board, container="edgead/tensorflow:r35.3")
    container = ["--cluster", str(file), "nodes", "container"]
    for verb in ("list", "start", "stop", "restart", "logs", "stats", "prune", "pull"):
        assert main([*container, verb, "--dry-run"]) == 0
        assert "xavier-1: " in (said := capsys.readouterr().out) and "docker " in said
    assert main([*container, "logs", "--lines", "7", "--dry-run", "--json"]) == 0
    assert "--tail 7" in json.loads(capsys.readouterr().out)["command"]
    assert main([*container, "start"]) == 1
    assert "nodes container pull xavier-1" in capsys.readouterr().err
    image = ["--cluster", str(file), "nodes", "image", "build", "--base", IMAGES["5.1"]]
    assert main(image) == 0
    assert 'built: container = "edgead/tensorflow:r35.3"' in capsys.readouterr().out
    for verb, said in (
        ("start", "runs"),
        ("start", "runs already"),
        ("list", "edgead/tensorflow:r35.3 running"),
        ("restart", "restarted"),
        ("logs", ""),
        ("stop", "stopped"),
        ("stop", "it does not run"),
        ("prune", "0 containers of ours removed"),
    ):
        assert main([*container, verb]) == 0
        assert said in capsys.readouterr().out
    for name, label in (("foreign", "other"), ("ours", "edgead")):
        board.run(["docker", "create", "--name", name, "--label", label, IMAGES["5.1"], "true"])
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
    save = f"docker save {IMAGES['5.1']} && docker rmi -f $(docker images -q) >&2"
    archive.write_bytes(_bytes_of(board, save))
    assert main([*container, "load", "--file", str(archive)]) == 0
    assert IMAGES["5.1"] in capsys.readouterr().out


def _bytes_of(board: Board, script: str) -> bytes:
    import subprocess

    enter = ["nsenter", "--target", str(board.pid1()), "--all", "--", "sh", "-c", script]
    return subprocess.run(enter, check=True, capture_output=True).stdout


def test_ctrl_c_ends_what_runs_on_the_board(home: Path, boards: BoardMaker) -> None:
    (board,) = boards(1)
    write(board, "/usr/local/bin/df", "#!/bin/sh\nsleep 1000\n")
    with Program("--cluster", board.keys / "cluster.toml", "nodes", "check") as program:
        until(lambda: "sleep 1000" in board.run(["sh", "-c", "ps -eo args"]))
        program.process.send_signal(signal.SIGINT)
        assert program.process.wait(30) == 130
    until(lambda: "sleep 1000" not in board.run(["sh", "-c", "ps -eo args"]))


def test_safe_remedies_are_run(home: Path, boards: BoardMaker, capsys: Any) -> None:
    (board,) = boards(1, docker=True, jetpacks=["5.1"])
    file = edit(board, container=IMAGES["5.1"], power_mode="30W_ALL", python=board.address().python)
    check = ["--cluster", str(file), "nodes", "check", "--fix"]
    assert main([*check, "--no-self-test", "--dry-run"]) == 0
    said = capsys.readouterr().out.splitlines()
    remedy = f"would run: edgead-console --cluster {file} nodes"
    assert f"{remedy} power xavier-1 MODE_30W_ALL" in said[:2]
    assert f"{remedy} container start xavier-1" in said[:2]
    assert "MODE_15W_DESKTOP" in board.run(["nvpmodel", "-q"])  # nothing was done
    assert main([*check, "--json"]) == 0
    found = objects(capsys)
    fixed = {each["name"]: each["text"] for each in found if each["kind"] == "fix"}
    assert fixed == {
        "power": "MODE_15W_DESKTOP → MODE_30W_ALL",
        "container": f"{IMAGES['5.1']} runs",
    }
    last = {each["name"]: each["verdict"] for each in found if each["kind"] == "check"}
    assert set(last.values()) == {"ok"}  # the self-test too, in the container
    assert main([*check, "--no-self-test"]) == 0
    assert capsys.readouterr().err == ""  # nothing was left to mend


# -- telemetry


def test_watch_for_scripts(home: Path, boards: BoardMaker, capsys: Any) -> None:
    made = boards(2)
    watch = ["--cluster", str(made[0].keys / "cluster.toml"), "nodes", "watch", "--json"]
    assert main([*watch, "--interval", "0.1", "--count", "5"]) == 0
    found = objects(capsys)
    for board in made:
        samples = [e for e in found if e["kind"] == "telemetry" and e["node"] == board.name]
        assert len(samples) >= 5 and samples[0]["source"] == "tegrastats"
        assert samples[0]["ram"]["total_mb"] > 30_000 and samples[0]["temperatures_c"]
        states = [e["state"] for e in found if e["kind"] == "node" and e["node"] == board.name]
        assert states[:2] == ["connecting", "up"]
    for wrong in (["--interval", "0"], ["--count", "0"]):
        assert main([*watch, *wrong]) == 2
        assert len(capsys.readouterr().err.splitlines()) == 1


def test_telemetry_survives_what_tegrastats_does(home: Path, boards: BoardMaker) -> None:
    (board,) = boards(1)
    tegrastats = "/usr/bin/tegrastats"
    real = board.run(["cat", tegrastats])
    watch = ("--cluster", board.keys / "cluster.toml", "nodes", "watch", "--json")

    def sample(wanted: Any) -> Any:
        return lambda each: each["kind"] == "telemetry" and wanted(each)

    def restarts_as(content: str) -> None:
        write(board, tegrastats, content)
        board.run(["sh", "-c", "pkill -f '^[^ ]*sh /usr/bin/tegrastats' || pkill tegrastats"])

    with Program(*watch, "--interval", "0.1") as program:
        program.read_until(sample(lambda each: each["gpus"]))
        restarts_as(
            "#!/bin/sh\nwhile echo 'RAM 7/8MB NEW_THING 3@4 CPU [1%@2]'; do sleep 0.1; done"
        )
        changed = program.read_until(sample(lambda each: each["ram"]["used_mb"] == 7))
        assert changed["unknown"] == ["NEW_THING", "3@4"]
        restarts_as("#!/bin/sh\nhead -c 300000 /dev/zero | tr '\\0' x; echo; sleep 1\n")
        write(board, tegrastats, real)
        back = program.read_until(sample(lambda each: each["gpus"]))
        assert back["source"] == "tegrastats"
        faults.unplug(board)
        lost = program.read_until(lambda each: each["kind"] == "node" and each["state"] == "lost")
        assert lost["evidence"]
        faults.replug(board)
        program.read_until(lambda each: each["kind"] == "node" and each["state"] == "up")
        program.read_until(sample(lambda each: each["gpus"]))


async def test_a_node_that_says_nothing_shows_no_numbers(boards: BoardMaker) -> None:
    (board,) = boards(1)
    cluster = read_cluster(board.keys / "cluster.toml")
    fleet = Fleet.of("boards", cluster.nodes)
    (status,) = fleet.statuses.values()
    watching = asyncio.ensure_future(watch_fleet(fleet, lambda: None, interval=0.1))
    try:
        await asyncio.to_thread(until, lambda: status.telemetry)
        board.run(["pkill", "-STOP", "tegrastats"])
        await asyncio.to_thread(until, lambda: status.telemetry is None)
        assert status.state == "up" and not status.history
        board.run(["pkill", "-CONT", "tegrastats"])
        await asyncio.to_thread(until, lambda: status.telemetry)
    finally:
        watching.cancel()
        await asyncio.gather(watching, return_exceptions=True)


def test_a_reader_that_leaves_ends_the_watch(home: Path, boards: BoardMaker) -> None:
    (board,) = boards(1)
    watch = ("--cluster", board.keys / "cluster.toml", "nodes", "watch", "--interval", "0.1")
    with Program(*watch, "--json") as program:
        assert program.process.stdout is not None and program.process.stderr is not None
        program.read_until(lambda each: each["kind"] == "telemetry")
        program.process.stdout.close()
        assert program.process.wait(30) == 0
        assert program.process.stderr.read() == ""
        program.process.stdout = None  # so that nobody reads it again


# -- commands


async def test_a_program_that_is_not_there_is_no_failure_of_the_node(boards: BoardMaker) -> None:
    (board,) = boards(1)
    async with commands_on(board.address()) as commands:
        missing = await commands.run(["/no/such/program"], timeout=10)
        assert missing.code == 127 and "/no/such/program can't be started" in missing.error
        assert (await commands.run(["echo", "hello"], timeout=10)).output == "hello"
    edit(board, container="tf:r35.3", python="/opt/tf/bin/python")
    board.run(["sh", "-c", "rm -f $(which -a docker)"])
    found = by_name(await check(board))
    assert found["reach"].verdict == "ok" and found["memory"].verdict == "ok"
    assert found["docker"].evidence == "docker is not installed"
    for name in ("runtime", "image", "container", "tensorflow", "self-test"):
        assert found[name].verdict == "fail", found[name]


async def test_a_command_that_talks_early_is_sent_all_of_its_file(
    boards: BoardMaker, tmp_path: Path
) -> None:
    (board,) = boards(1)
    file = tmp_path / "large"
    file.write_bytes(b"x" * 5_000_000)
    sent: list[int] = []
    async with commands_on(board.address()) as commands:
        argv = ["sh", "-c", "echo begun; head -c 1000 >/dev/null; echo early; wc -c"]
        code, said = await commands.connection.send(argv, file, lambda done, _: sent.append(done))
        assert (code, sent[-1]) == (0, 5_000_000)
        assert said.splitlines()[:2] == ["begun", "early"]
        gone, _ = await commands.connection.send(["false"], file, lambda done, size: None)
        assert gone == 1


async def test_nodes_of_this_machine_can_be_checked(home: Path) -> None:
    async with embedded_cluster() as cluster:
        for transport in ("direct", "tunnel"):
            nodes = tuple(replace(node, transport=transport) for node in cluster.nodes)
            here = replace(cluster, nodes=nodes)
            found = await check_nodes(here, nodes, lambda each: None, leave_out=["self-test"])
            assert worst(each for each in found if each.name in ("reach", "ports")) == "ok", found
