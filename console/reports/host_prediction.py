"""Runs models/host_prediction.py over a finished run's model and gives its figures."""

from __future__ import annotations

import json
from pathlib import Path

from edgead.console.errors import UnreachableError
from edgead.console.runs.asking import ask
from edgead.console.runs.store import Run


async def time_host(run: Run, data: Path, cache: Path) -> dict[str, dict[str, float]]:
    """Time the host's ways to predict with a run's model: seconds by variant, then split.

    Raises UnreachableError when the program fails; what it says is in the run's console.log.
    """
    spec = run.spec()
    job = {
        "model": str(run.folder.absolute() / "model.keras"),
        "dataset": spec.dataset,
        "coding": spec.coding,
        "synthetic": spec.synthetic,
        "data": str(data.absolute()),
        "cache": str(cache.absolute()),
    }
    answer = await ask("edgead.models.host_prediction", job, run)
    if answer.code:
        raise UnreachableError(f"prediction on the host failed: see {run.log_path}")
    seconds: dict[str, dict[str, float]] = {}
    for line in answer.output.splitlines():
        found = json.loads(line)
        seconds.setdefault(found["variant"], {})[found["split"]] = float(found["seconds"])
    return seconds
