"""The chief on a node: the same trial as with the chief on the host, its files brought home."""

import os
import signal
import tempfile
from pathlib import Path

import pytest
from program import Program, until

pytestmark = pytest.mark.slow

SMALL = ("synthetic=true", "rows=8192", "epochs=2", "workers=2")


def trial(*settings, preset="paper-kdd99"):
    chosen = [part for setting in (*SMALL, *settings) for part in ("--set", setting)]
    with Program("trial", "run", preset, *chosen, "--json") as program:
        code, events, err = program.finish()
        assert program.running() == {}
    return code, events, err


def leftovers():
    return set(Path(tempfile.gettempdir()).glob("edgead-chief-*"))


def test_a_chief_on_a_node_gives_the_same_trial(home, tmp_path):
    before = leftovers()
    code, here, err = trial()
    assert (code, err) == (0, "")
    code, there, err = trial("chief_node='node-2'")
    assert (code, err) == (0, "")
    assert leftovers() == before
    [chief] = {e["node"] for e in there if e["kind"] == "task" and e["role"] == "chief"}
    assert chief == "node-2"
    assert there[-1]["loss"] == here[-1]["loss"]
    for split in ("validation", "test"):
        assert there[-1][split]["accuracy"] == here[-1][split]["accuracy"]
    files = [
        {path.relative_to(home / "runs" / name) for path in (home / "runs" / name).rglob("*")}
        for name in ("T-001", "T-002")
    ]
    assert {path.parts[0] for path in files[0]} == {path.parts[0] for path in files[1]}
    detector = (home / "runs" / "T-002" / "detector.json").read_text()
    assert detector == (home / "runs" / "T-001" / "detector.json").read_text()
    row = ",".join(["0", "tcp", "http", "SF", *["0"] * 37])
    (tmp_path / "new.csv").write_text(row + "\n")
    with Program("detect", "T-002", tmp_path / "new.csv", "--all", "--json") as program:
        code, lines, _ = program.finish()
    assert (code, len(lines)) == (0, 1)


def test_windows_and_the_paper_engine_too(home):
    code, events, err = trial(
        "engine=paper", "chief_node='node-3'", "batch=256", preset="paper-swat"
    )
    assert (code, err) == (0, "")
    assert events[-1]["state"] == "finished"
    assert events[-1]["test"]["visited"] == events[-1]["test"]["rows"] == 19_500


def test_stopped_it_leaves_nothing_on_the_node(home):
    before = leftovers()
    chosen = [p for s in (*SMALL, "chief_node='node-2'", "epochs=5000") for p in ("--set", s)]
    with Program("trial", "run", "paper-kdd99", *chosen, "--json") as program:
        program.read_until(lambda happened: happened["kind"] == "epoch")
        assert leftovers() > before
        program.process.send_signal(signal.SIGINT)
        code, events, _ = program.finish()
        assert code == 130
        until(lambda: not program.running() and leftovers() == before)
    assert events[-1]["state"] == "stopped"


def test_a_frozen_one_is_ended_and_another_one_goes_on(home):
    before = leftovers()
    more = ("chief_node='node-2'", "epochs=1000", "silence_seconds=5")
    chosen = [p for s in (*SMALL, *more) for p in ("--set", s)]
    with Program("trial", "run", "paper-kdd99", *chosen, "--json") as program:
        program.read_until(lambda happened: happened["kind"] == "epoch")
        (pid,) = [
            pid for pid, words in program.running().items() if "edgead.models.node_chief" in words
        ]
        os.kill(pid, signal.SIGSTOP)
        code, events, err = program.finish()
        assert (code, err) == (0, "")
        until(lambda: not program.running() and leftovers() == before)
    (flag,) = events[-1]["flags"]
    assert (flag["node"], flag["task"], flag["name"]) == ("node-2", "chief 0", "frozen")
    assert len(events[-1]["loss"]) == 1000


def test_a_node_that_is_not_there_is_told(home):
    code, _, err = trial("chief_node='node-9'")
    assert code == 2
    assert "no node is named node-9" in err
