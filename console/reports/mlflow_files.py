"""A run as MLflow keeps one: the file store's folders (mlruns), written without MLflow."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from edgead.console.errors import UsageError
from edgead.console.events import Event
from edgead.console.reports.compare import METRICS
from edgead.console.runs.state import TrialState, fold
from edgead.console.runs.store import Run

# mlflow.entities.RunStatus
STATUS = {"running": 1, "starting": 1, "finished": 3, "failed": 4, "stopped": 5, "interrupted": 5}
ARTIFACTS = ("spec.toml", "events.jsonl", "summary.json", "detector.json", "model.keras",
             "saved_model", "tensorboard")  # fmt: skip
SOURCE_LOCAL = 4  # mlflow.entities.SourceType

Point = tuple[int, float, int]  # of a metric: milliseconds of Unix time, value, step


def export(run: Run, folder: Path) -> Path:
    """Write a run into an MLflow tracking folder; one exported before is written anew.

    Its experiment is the data set's name. Gives the run's folder there. Raises UsageError.
    """
    events = list(run.events())
    state = fold(events)
    state.state = run.state().state
    if not state.started:
        raise UsageError(f"{run.name}: it was never started: there is nothing to export")
    try:
        experiment = _experiment(folder, state.spec.dataset, _milliseconds(state.started))
        whose = f"{run.folder.absolute()} {state.started}"
        target = experiment / hashlib.sha256(whose.encode()).hexdigest()[:32]
        part = target.with_name(f"{target.name}.part")
        shutil.rmtree(part, ignore_errors=True)
        _write_run(part, target, run, state, events)
        shutil.rmtree(target, ignore_errors=True)
        part.replace(target)
    except OSError as error:
        raise UsageError(f"{folder}: cannot be written: {error.strerror}") from None
    return target


def _experiment(folder: Path, name: str, time: int) -> Path:
    """Give the folder of the experiment of that name, made if it is not there."""
    for meta in sorted(folder.glob("*/meta.yaml")):
        if f"name: {json.dumps(name)}" in meta.read_text().splitlines() or (
            f"name: {name}" in meta.read_text().splitlines()
        ):
            return meta.parent
    number = str(int(hashlib.sha256(name.encode()).hexdigest()[:15], 16))
    found = folder / number
    found.mkdir(parents=True, exist_ok=True)
    fields = {
        "artifact_location": found.absolute().as_uri(),
        "creation_time": time,
        "experiment_id": number,
        "last_update_time": time,
        "lifecycle_stage": "active",
        "name": name,
    }
    _write_yaml(found / "meta.yaml", fields)
    return found


def _write_run(part: Path, target: Path, run: Run, state: TrialState, events: list[Event]) -> None:
    (part / "artifacts").mkdir(parents=True)
    fields: dict[str, Any] = {
        "artifact_uri": (target / "artifacts").absolute().as_uri(),
        "end_time": _milliseconds(state.latest) if state.over else None,
        "entry_point_name": "",
        "experiment_id": target.parent.name,
        "lifecycle_stage": "active",
        "run_id": target.name,
        "run_name": run.name,
        "run_uuid": target.name,
        "source_name": "",
        "source_type": SOURCE_LOCAL,
        "source_version": "",
        "start_time": _milliseconds(state.started),
        "status": STATUS.get(state.state, 5),
        "tags": [],
        "user_id": "",
    }
    _write_yaml(part / "meta.yaml", fields)
    _write_values(part / "params", state.spec.to_mapping())
    _write_values(part / "tags", _tags(run, state))
    (part / "metrics").mkdir()
    for name, points in metrics_of(events, state).items():
        lines = [f"{time} {value!r} {step}\n" for time, value, step in points]
        (part / "metrics" / name).write_text("".join(lines))
    for name in ARTIFACTS:
        source = run.folder / name
        if source.is_dir():
            shutil.copytree(source, part / "artifacts" / name)
        elif source.is_file():
            shutil.copy2(source, part / "artifacts" / name)


def metrics_of(events: list[Event], state: TrialState) -> dict[str, list[Point]]:
    """Give the metrics by name: loss and seconds of each epoch, then single figures."""
    # The latest that tells of an epoch: a resumed trial may do one again.
    times = {e.get("epoch"): _milliseconds(e.time) for e in events if e.kind == "epoch"}
    end = _milliseconds(state.latest)
    found: dict[str, list[Point]] = {}
    if state.epochs:
        rows = [(times.get(each.number, end), each) for each in state.epochs]
        found["loss"] = [(time, float(epoch.loss), epoch.number) for time, epoch in rows]
        found["seconds_per_epoch"] = [(time, float(e.seconds), e.number) for time, e in rows]
    single: dict[str, Any] = {
        "threshold": state.threshold,
        "training_seconds": state.training_seconds,
        "chief_cpu_seconds": state.chief_cpu_seconds,
        "energy_joules": state.measures.joules,
    }
    for split, score in state.scores.items():
        single |= {f"{split}_{metric}": score.get(metric) for metric in METRICS}
    for name, value in single.items():
        if isinstance(value, int | float):
            found[name] = [(end, float(value), 0)]
    return found


def _tags(run: Run, state: TrialState) -> dict[str, Any]:
    return {
        "mlflow.runName": run.name,
        "mlflow.source.name": "edgead-console",
        "mlflow.source.type": "LOCAL",
        "edgead.state": state.state,
        "edgead.synthetic": str(state.synthetic).lower(),
        "edgead.collapsed": str(state.collapsed).lower(),
    }


def _write_values(folder: Path, values: Mapping[str, Any]) -> None:
    folder.mkdir()
    for name, value in values.items():
        (folder / name).write_text(str(value))


def _write_yaml(path: Path, fields: Mapping[str, Any]) -> None:
    """Write plain fields as YAML, which JSON's values are."""
    path.write_text("".join(f"{name}: {json.dumps(value)}\n" for name, value in fields.items()))


def _milliseconds(time: str) -> int:
    try:
        return round(1000 * datetime.fromisoformat(time.replace("Z", "+00:00")).timestamp())
    except ValueError:
        return 0
