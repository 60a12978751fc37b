"""Whole trials by the real program, on real data and over real SSH; and their ends."""

import json
import os
import resource
import signal

import pytest
from program import Program, until

pytestmark = pytest.mark.slow


def phase(name):
    return lambda happened: happened["kind"] == "phase" and happened["phase"] == name


def epoch(number):
    return lambda happened: happened["kind"] == "epoch" and happened["epoch"] == number


def results(events):
    return [happened for happened in events if happened["kind"] == "result"]


def tensorboard_loss(folder):
    """Read a run's folder as it is, with TensorBoard's own reader."""
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
    from tensorboard.util.tensor_util import make_ndarray

    found = EventAccumulator(str(folder / "tensorboard"))
    found.Reload()
    assert found.SummaryMetadata("loss").plugin_data.plugin_name == "scalars"
    return [float(make_ndarray(event.tensor_proto)) for event in found.Tensors("loss")]


def summary_loss(folder):
    return json.loads((folder / "summary.json").read_text())["loss"]


def test_demo_headless_on_real_data(home, kdd99_folder):
    with Program("demo", "--headless", "--json", "--data", kdd99_folder) as program:
        code, events, err = program.finish()
        assert (code, err) == (0, "")
        assert program.running() == {}
    central, distributed = results(events)
    assert (central["strategy"], central["workers"]) == ("central", 0)
    assert (distributed["strategy"], distributed["workers"]) == ("parameter-server", 3)
    for result in (central, distributed):
        assert result["state"] == "finished"
        assert result["dataset"] == {"name": "kdd99", "synthetic": False}
        assert result["engine"] == "fast"
        assert len(result["loss"]) == len(result["seconds"]["epochs"]) == 10
        assert result["validation"]["visited"] == result["validation"]["rows"] > 98_000
        assert result["test"]["visited"] == result["test"]["rows"] == 311_029
        assert abs(result["validation"]["accuracy"] - 0.9560) < 0.03
        assert abs(result["test"]["accuracy"] - 0.9234) < 0.04
        assert not result["collapsed"]
    tasks = [e for e in events if e["kind"] == "task" and e["state"] == "ready"]
    assert {(t["role"], t["index"]) for t in tasks} == {
        ("ps", 0), ("worker", 0), ("worker", 1), ("worker", 2)
    }  # fmt: skip
    assert {t["node"] for t in tasks} == {"node-1", "node-2", "node-3"}
    assert events[-1]["kind"] == "comparison"
    for name in ("T-001", "T-002"):
        folder = home / "runs" / name
        assert {path.name for path in folder.iterdir()} >= {
            "spec.toml", "events.jsonl", "summary.json", "model.keras", "detector.json",
            "tensorboard", "console.log",
        }  # fmt: skip
        assert not list(folder.glob("tmp-*"))
        log = [json.loads(line) for line in (folder / "events.jsonl").open()]
        assert log[-1]["kind"] == "result" and "resumed" not in log[0]
        assert json.loads((folder / "summary.json").read_text())["run"] == name
        assert tensorboard_loss(folder) == pytest.approx(summary_loss(folder))
    parts = [part for e in events if e["kind"] == "round" for part in e["parts"]]
    assert {part["worker"] for part in parts} == {0, 1, 2}
    assert all(part["seconds"] > 0 and part["rows"] > 10_000 for part in parts)
    phases = {e["phase"] for e in events if e["kind"] == "phase" and e["state"] == "end"}
    assert phases >= {"prepare", "connect", "ship", "train", "threshold", "validation", "test"}
    scored = {e["split"]: e["done"] / e["rows"] for e in events if e["kind"] == "scoring"}
    assert scored == {"train": 1, "validation": 1, "test": 1}


def test_synthetic_data_is_said_and_wrong_data_is_one_line(home):
    with Program(
        "trial", "run", "paper-kdd99", "--set", "synthetic=true", "--set", "strategy=central",
        "--set", "epochs=1", "--json",
    ) as program:  # fmt: skip
        code, events, _ = program.finish()
    assert code == 0
    assert events[-1]["dataset"]["synthetic"] is True
    bad = home / "bad" / "kdd99"
    bad.mkdir(parents=True)
    (bad / "kddcup.data_10_percent").write_text("0,tcp,http,SF,1,2\n")
    (bad / "corrected").write_text("0,tcp,http,SF,1,2\n")
    with Program(
        "trial", "run", "paper-kdd99", "--set", "strategy=central", "--data", bad.parent
    ) as program:
        out, err = program.process.communicate(timeout=120)
    assert program.process.returncode == 2
    assert "line 1" in err
    assert len(err.splitlines()) == 1
    assert "Traceback" not in out + err


def test_the_demo_without_data_or_network_goes_on_labelled_synthetic(home, monkeypatch):
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
    with Program("demo", "--headless", "--json", "--epochs", "1") as program:
        code, events, err = program.finish()
        assert program.running() == {}
    assert code == 0
    assert "SYNTHETIC" in err and len(err.splitlines()) == 1
    assert [result["dataset"]["synthetic"] for result in results(events)] == [True, True]
    assert all("synthetic" in e["note"] for e in events if e.get("table", "").startswith("Table"))


def test_ctrl_c_stops_the_trial_and_leaves_nothing_running(home, kdd99_folder):
    with Program("trial", "run", "paper-kdd99", "--json", "--data", kdd99_folder) as program:
        program.read_until(phase("train"))
        program.process.send_signal(signal.SIGINT)
        code, events, err = program.finish()
        assert (code, err) == (130, "")
        assert events[-1]["kind"] == "result"
        assert events[-1]["state"] == "stopped"
        assert program.running() == {}
    assert json.loads((home / "runs/T-001/summary.json").read_text())["state"] == "stopped"


def test_a_killed_supervisor_leaves_an_interrupted_run_and_nothing_running(home, kdd99_folder):
    with Program(
        "trial", "run", "paper-kdd99", "--json", "--data", kdd99_folder, "--set", "epochs=200"
    ) as program:
        program.read_until(epoch(1))
        program.process.send_signal(signal.SIGKILL)
        until(lambda: not program.running())
    with Program("trial", "list", "--json") as program:
        code, runs, _ = program.finish()
    assert code == 0
    assert [(run["run"], run["state"]) for run in runs] == [("T-001", "interrupted")]
    for verb in (("show", "T-001"), ("export", "T-001"), ("attach", "T-001")):
        with Program("trial", *verb) as program:
            program.process.communicate(timeout=60)
        assert program.process.returncode == 0


def test_a_log_that_cannot_be_written_ends_the_trial_by_name_and_it_goes_on_later(
    home, kdd99_folder
):
    settings = ["--data", str(kdd99_folder), "--set", "epochs=3000"]
    with Program("trial", "run", "paper-kdd99", "--json", *settings) as program:
        program.read_until(epoch(1))
        log = home / "runs/T-001/events.jsonl"
        size = log.stat().st_size + 2000
        resource.prlimit(program.process.pid, resource.RLIMIT_FSIZE, (size, size))
        code, events, err = program.finish()
        until(lambda: not program.running())
    assert (code, events[-1]["state"]) == (1, "failed"), err
    (flag,) = events[-1]["flags"]
    assert (flag["node"], flag["task"], flag["name"]) == ("host", "chief 0", "disk full")
    assert "events.jsonl: can't be written: File too large" in flag["cause"]
    assert flag["cause"] in err and log.stat().st_size <= size
    with Program("trial", "run", "--resume", "T-001", "--json", "--data", kdd99_folder) as program:
        program.read_until(lambda happened: happened["kind"] == "resumed")
        program.read_until(lambda happened: happened["kind"] == "epoch")
        program.process.send_signal(signal.SIGINT)
        code, events, _ = program.finish()
    assert code == 130 and 1 < len(events[-1]["loss"]) < 3000


@pytest.mark.parametrize("task", ["worker 1", "ps 0"])
def test_without_retries_a_killed_task_is_named_and_the_trial_ends(home, kdd99_folder, task):
    with Program(
        "trial", "run", "paper-kdd99", "--json", "--data", kdd99_folder, "--set", "epochs=200",
        "--set", "retries=0", "--set", "minimum_workers=3",
    ) as program:  # fmt: skip
        program.read_until(epoch(1))
        os.kill(program.task(task), signal.SIGKILL)
        code, events, err = program.finish()
        assert program.running() == {}
    assert code == 1
    assert f"{task}: the task ended with signal 9" in err
    flags = events[-1]["flags"]
    assert [flag["task"] for flag in flags] == [task]
    assert flags[0]["node"] == ("node-2" if task == "worker 1" else "node-1")


def test_a_killed_supervisors_trial_is_resumed(home, kdd99_folder):
    settings = ("--data", kdd99_folder, "--json")
    with Program("trial", "run", "paper-kdd99", "--set", "epochs=80", *settings) as program:
        program.read_until(epoch(3))
        program.process.send_signal(signal.SIGKILL)
        until(lambda: not program.running())
    told = (home / "runs/T-001/events.jsonl").read_text().count('"kind": "epoch"')
    with Program("trial", "run", "--resume", "T-001", *settings) as program:
        code, events, err = program.finish()
        assert (code, err) == (0, "")
    (resumed,) = (event["epoch"] for event in events if event["kind"] == "resumed")
    assert resumed >= told >= 3  # the checkpoint comes before the word
    assert len(events[-1]["loss"]) == 80 and events[-1]["state"] == "finished"
    assert next(event["epoch"] for event in events if event["kind"] == "epoch") == told + 1
    for wrong in (
        ("--resume", "T-001"),
        ("--resume", "T-009"),
        ("--resume", "T-001", "paper-kdd99"),
    ):
        with Program("trial", "run", *wrong) as program:
            code, _, err = program.finish()
        assert code == 2 and len(err.splitlines()) == 1


def test_a_node_without_a_place_for_data_is_named_in_one_line(home, tmp_path, monkeypatch):
    cache = tmp_path / "no-folder"
    cache.touch()
    monkeypatch.setenv("XDG_CACHE_HOME", str(cache))
    with Program("trial", "run", "paper-kdd99", "--json", "--set", "synthetic=true") as program:
        code, events, err = program.finish()
        assert program.running() == {}
    assert code == 1
    assert err.startswith("edgead-console: T-001 failed: node-")
    assert len(err.splitlines()) == 1
    assert events[-1]["flags"][0]["node"].startswith("node-")


def test_stop_from_another_terminal(home, kdd99_folder):
    with Program(
        "trial", "run", "paper-kdd99", "--json", "--data", kdd99_folder, "--set", "epochs=200"
    ) as program:
        program.read_until(epoch(1))
        with Program("trial", "stop", "T-001", "--json") as stop:
            code, lines, _ = stop.finish()
        assert (code, lines[-1]["state"]) == (0, "stopped")
        assert program.finish()[0] == 130
        assert program.running() == {}
