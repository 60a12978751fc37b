"""Runs named, annotated, queued, replayed and deleted from the command line."""

import json
from pathlib import Path

import pytest
from stored_runs import finished_run

from edgead.console import paths
from edgead.console.cli import main
from edgead.console.events import event
from edgead.console.runs.store import Log, Store


@pytest.fixture
def run(home):
    """A home with one finished run, as far as its log is concerned."""
    return finished_run(Store(paths.runs_folder()))


def lines(capsys):
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def test_a_name_and_a_note_are_listed_and_stand_for_the_run(run, capsys):
    assert main(["trial", "rename", "T-001", "base"]) == 0
    assert main(["trial", "annotate", "base", "the first one", "--json"]) == 0
    assert '"note": "the first one"' in capsys.readouterr().out
    assert main(["trial", "list", "--json"]) == 0
    (listed,) = lines(capsys)
    assert (listed["name"], listed["note"]) == ("base", "the first one")
    assert main(["trial", "show", "base"]) == 0
    assert "the first one" in capsys.readouterr().out
    assert main(["trial", "rename", "base", ""]) == 0
    assert main(["trial", "show", "base"]) == 2


def test_a_replay_tells_every_event(run, capsys):
    assert main(["trial", "replay", "T-001", "--speed", "0", "--json"]) == 0
    assert [line["kind"] for line in lines(capsys)] == ["started", "epoch", "score", "result"]
    assert main(["trial", "replay", "T-001", "--speed", "-1"]) == 2
    assert "--speed: expected 0 (at once) to 1000, got -1" in capsys.readouterr().err


def test_attach_tells_all_that_came_of_a_resumed_run(run, capsys):
    log = Log(run)
    log.append(event("resumed", epoch=1))
    log.append(event("result", run=run.name, state="failed", flags=[]))
    log.close()
    assert main(["trial", "attach", "T-001", "--json"]) == 1
    assert [line["kind"] for line in lines(capsys)][-3:] == ["result", "resumed", "result"]


def test_an_export_can_be_json_lines(run, capsys, tmp_path):
    to = ["--format", "mlflow", "--to", str(tmp_path / "mlruns")]
    assert main(["trial", "export", "T-001", *to, "--json"]) == 0
    (said,) = lines(capsys)
    assert said["run"] == "T-001" and Path(said["folder"]).is_dir()
    assert main(["trial", "export", "T-001", "--json"]) == 0
    (epoch,) = lines(capsys)
    assert (epoch["run"], epoch["number"], epoch["loss"]) == ("T-001", 1, 0.5)
    assert main(["trial", "export", "T-001", "--format", "json", "--json"]) == 0
    (whole,) = lines(capsys)
    assert whole["result"]["state"] == "finished" and len(whole["events"]) == 4


def test_deletion_asks_and_is_whole(run, capsys):
    assert main(["trial", "delete", "T-001"]) == 2
    assert "nobody is here to confirm it; give --yes" in capsys.readouterr().err
    with run.supervised():
        assert main(["trial", "delete", "T-001", "--yes"]) == 2
    assert run.folder.is_dir()
    assert main(["trial", "delete", "T-001", "T-001", "--yes", "--json"]) == 0
    assert [line["run"] for line in lines(capsys)] == ["T-001"]
    assert not run.folder.exists()


def test_the_queue_keeps_a_sweep_until_it_is_started(run, capsys):
    command = ["trial", "queue", "kdd99", "--set", "synthetic=true", "--seeds", "2..3"]
    assert main([*command, "--dry-run"]) == 0
    assert "2 trials, seeds 2, 3" in capsys.readouterr().out
    assert main([*command, "--json"]) == 0
    assert [(each["run"], each["state"], each["seed"]) for each in lines(capsys)] == [
        ("T-002", "waiting", 2),
        ("T-003", "waiting", 3),
    ]
    assert main(["trial", "queue", "--start", "--dry-run"]) == 0  # says what, and starts nothing
    assert capsys.readouterr().out.count("1 trial, seed ") == 2
    assert main(["trial", "queue", "--set", "seed=9"]) == 2
    assert "--set and --seeds are for a SPEC" in capsys.readouterr().err
    assert [each.state().state for each in Store(paths.runs_folder()).runs()][1:] == ["waiting"] * 2
    assert main(["trial", "delete", "T-002", "T-003", "--yes"]) == 0
    capsys.readouterr()
    assert main(["trial", "queue"]) == 0
    assert "no trial waits; edgead-console trial queue SPEC adds one" in capsys.readouterr().err


def test_a_plan_is_printed_and_nothing_is_kept(run, capsys):
    assert main(["trial", "rerun", "T-001", "--set", "workers=2", "--dry-run", "--json"]) == 0
    told = {line["name"]: line["text"] for line in lines(capsys)}
    assert told["node-1"] == "ps 0, worker 0" and "SYNTHETIC" in told["data"]
    assert main(["trial", "run", "kdd99", "--set", "ps_node=nobody", "--dry-run"]) == 2
    assert "no node is named nobody" in capsys.readouterr().out
    assert len(Store(paths.runs_folder()).runs()) == 1


@pytest.mark.parametrize(
    ("command", "said"),
    [
        (["trial", "run", "kdd99", "--seeds", "3..1"], "--seeds 3..1: expected seeds such as 1..5"),
        (["trial", "rename", "T-001", "T-007"], "T-007: this is how runs are numbered"),
        (["trial", "annotate", "T-001", "a\nb"], "a note is one line"),
        (["trial", "rerun", "T-009"], "T-009: no such run"),
    ],
)
def test_wrong_words_are_told_in_one_line(run, capsys, command, said):
    assert main(command) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert said in line
