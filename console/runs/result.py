"""The result: a trial's last line, made from its state (the command-line contract's fields)."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from edgead.console.runs.state import TrialState


def result_of(state: TrialState, outcome: str) -> dict[str, Any]:
    """Give the fields of the `result` event for a trial that ended as `outcome`.

    Seconds: `connect` until the cluster answered, `epochs` each epoch, `total` connecting and
    training until the weights are home, `threshold` finding it; None for what was not reached.
    `usage` has, for each task, its memory and what it sent over the network, in bytes.
    `energy` is what the nodes' power rails say, in joules, from connecting to the end, and the
    seconds that is known for; None where no node has rails.
    `chief_cpu_seconds` is the chief's processor time over connecting and training,
    `prepare_cpu_seconds` that of building and tracing while the cluster's tasks started.
    """
    spec = state.spec
    epochs = [epoch.seconds for epoch in state.epochs]
    return {
        "run": state.run,
        "state": outcome,
        "dataset": {"name": spec.dataset, "synthetic": state.synthetic},
        "preset": spec.preset,
        "model": spec.model,
        "strategy": spec.strategy,
        "engine": spec.engine,
        "workers": spec.workers if spec.distributed else 0,
        "epochs": spec.epochs,
        "seed": spec.seed,
        "seconds": {
            "total": state.training_seconds,
            "connect": state.phase_seconds.get("connect", 0.0),
            "first_epoch": epochs[0] if epochs else None,
            "epochs": epochs,
            "threshold": state.phase_seconds.get("threshold"),
            "wall": state.seconds,
            **{key: state.phase_seconds.get(key) for key in ("load", "start", "prepare", "train")},
        },
        "chief_cpu_seconds": state.chief_cpu_seconds,
        "prepare_cpu_seconds": state.prepare_cpu_seconds,
        "usage": state.usage,
        "energy": energy(state),
        "loss": [epoch.loss for epoch in state.epochs],
        "threshold": state.threshold,
        "validation": state.scores.get("validation"),
        "test": state.scores.get("test"),
        "collapsed": state.collapsed,
        "flags": [asdict(flag) for flag in state.flags],
    }


def energy(state: TrialState) -> dict[str, Any] | None:
    """Give the trial's energy: joules of all nodes and of each, with its seconds and mean watts."""
    measures = state.measures
    if measures.joules is None:
        return None
    nodes = {
        name: {"joules": each.joules, "seconds": each.seconds, "watts": each.watts}
        for name, each in measures.energy.items()
    }
    return {"joules": measures.joules, "nodes": nodes}
