"""The fleet's commands on virtual boards: checks, power, remedies; by the real program."""

from __future__ import annotations

import signal
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from on_board import edit, objects, write
from program import Program, until

from edgead.agents.commands import commands_on
from edgead.console.cli import main
from edgead.console.nodes.clusters import embedded_cluster
from edgead.console.nodes.health.check import HealthCheck
from edgead.console.nodes.health.run import check_nodes, worst
from edgead.console.nodes.inventory import read_cluster
from testbed import faults
from testbed.board import Board, banner
from testbed.fixtures import BoardMaker
from testbed.root import IMAGES


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
