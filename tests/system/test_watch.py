"""Telemetry from virtual boards: whatever tegrastats does, and whoever reads it."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

from on_board import objects, write
from program import Program, until

from edgead.console.cli import main
from edgead.console.nodes.fleet import Fleet
from edgead.console.nodes.inventory import read_cluster
from edgead.console.nodes.node_watch import watch_fleet
from testbed import faults
from testbed.fixtures import BoardMaker


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
