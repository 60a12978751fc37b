"""A run in MLflow's file store: the layout that its documentation and its own files show."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from edgead.console.cli import main
from edgead.console.events import Event
from edgead.console.runs.store import Log, Store
from edgead.models.spec import read_spec


@pytest.fixture
def run(home):
    """A stored run of three epochs, with a detector and a score."""
    stored = Store(home / "runs").create(read_spec({"preset": "kdd99", "seed": 7}))
    log = Log(stored)

    def say(second, kind, **data):
        log.append(Event(f"2026-01-01T00:00:{second:02d}.000Z", kind, data))

    say(0, "started", run=stored.name, spec=stored.spec().to_mapping(), tasks=[])
    for epoch in (1, 2, 3):
        say(epoch, "epoch", epoch=epoch, epochs=3, loss=1 / epoch, seconds=0.5)
    say(4, "threshold", value=0.25, rule="mean+std", seconds=0.1)
    say(
        5, "score", split="test", rows=5, visited=5, accuracy=0.9, precision=1.0, recall=0.8, f1=0.9
    )
    say(6, "result", run=stored.name, state="finished", seconds={"total": 1.5})
    log.close()
    (stored.folder / "detector.json").write_text("{}")
    (stored.folder / "saved_model").mkdir()
    (stored.folder / "saved_model" / "saved_model.pb").write_bytes(b"x")
    return stored


def yaml(path: Path) -> dict[str, object]:
    """Read the plain YAML that MLflow writes: a key and a JSON value a line."""
    lines = (line.partition(": ") for line in path.read_text().splitlines())
    return {key: json.loads(value) for key, _, value in lines}


def export(run, folder: Path, capsys) -> Path:
    assert main(["trial", "export", run.name, "--format", "mlflow", "--to", str(folder)]) == 0
    return Path(capsys.readouterr().out.strip())


def test_the_layout(run, tmp_path, capsys):
    folder = export(run, tmp_path / "mlruns", capsys)
    experiment, meta = yaml(folder.parent / "meta.yaml"), yaml(folder / "meta.yaml")
    assert (experiment["name"], experiment["lifecycle_stage"]) == ("kdd99", "active")
    assert experiment["experiment_id"] == folder.parent.name
    assert meta["run_id"] == folder.name and len(folder.name) == 32
    assert (meta["run_name"], meta["status"], meta["source_type"]) == (run.name, 3, 4)
    assert meta["end_time"] - meta["start_time"] == 6000
    assert meta["artifact_uri"] == (folder / "artifacts").as_uri()
    assert (folder / "params" / "seed").read_text() == "7"
    assert (folder / "tags" / "mlflow.runName").read_text() == run.name
    assert (folder / "artifacts" / "saved_model" / "saved_model.pb").read_bytes() == b"x"


def test_metrics_are_lines_of_time_value_and_step(run, tmp_path, capsys):
    folder = export(run, tmp_path, capsys)
    loss = [line.split() for line in (folder / "metrics" / "loss").read_text().splitlines()]
    assert [(float(value), int(step)) for _, value, step in loss] == [(1, 1), (0.5, 2), (1 / 3, 3)]
    assert int(loss[1][0]) - int(loss[0][0]) == 1000  # milliseconds
    assert float((folder / "metrics" / "test_f1").read_text().split()[1]) == 0.9
    assert not (folder / "metrics" / "energy_joules").exists()


def test_an_epoch_done_again_counts_when_it_was_done_last(run, tmp_path, capsys):
    log = Log(run)
    log.append(Event("2026-01-01T00:00:10.000Z", "resumed", {"epoch": 2}))
    again = {"epoch": 3, "epochs": 3, "loss": 0.3, "seconds": 0.5}
    log.append(Event("2026-01-01T00:00:30.000Z", "epoch", again))
    log.close()
    losses = (export(run, tmp_path / "mlruns", capsys) / "metrics" / "loss").read_text()
    start = 1_767_225_600_000
    assert [line.split()[0] for line in losses.splitlines()] == [
        str(start + 1000), str(start + 2000), str(start + 30_000)
    ]  # fmt: skip


def test_exported_twice_it_is_one_run_in_one_experiment(run, tmp_path, capsys):
    first, second = (export(run, tmp_path, capsys) for _ in range(2))
    assert first == second
    assert [each.name for each in tmp_path.glob("*/*/meta.yaml") if each.parent == first]
    assert len(list(tmp_path.glob("*/meta.yaml"))) == 1


def test_an_experiment_that_mlflow_made_is_used(run, tmp_path, capsys):
    mine = tmp_path / "mlruns" / "217475870385936640"
    mine.mkdir(parents=True)
    (mine / "meta.yaml").write_text("experiment_id: '217475870385936640'\nname: kdd99\n")
    assert export(run, tmp_path / "mlruns", capsys).parent == mine


def test_to_goes_with_mlflow_alone(run, tmp_path, capsys):
    assert main(["trial", "export", run.name, "--to", str(tmp_path)]) == 2
    assert "--to goes with --format mlflow" in capsys.readouterr().err


def test_a_run_that_never_began_is_told(home, capsys):
    stored = Store(home / "runs").create(read_spec({"preset": "kdd99"}))
    assert main(["trial", "export", stored.name, "--format", "mlflow"]) == 2
    assert "never started" in capsys.readouterr().err
