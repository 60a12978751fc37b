"""Runs in a store as if trials had finished: logs without trials."""

from edgead.console.events import event
from edgead.console.runs.store import Log, Run, Store
from edgead.models.spec import TrialSpec


def finished_run(store: Store, *, accuracy: float = 0.9, **spec: object) -> Run:
    """Make a run of one epoch whose log is whole."""
    run = store.create(TrialSpec(preset="kdd99", epochs=1, synthetic=True, **spec))
    finish(run, accuracy)
    return run


def finish(run: Run, accuracy: float = 0.9) -> None:
    """Write the log of a trial that went well."""
    log = Log(run)
    log.append(event("started", run=run.name, spec=run.spec().to_mapping(), tasks=[]))
    log.append(event("epoch", epoch=1, epochs=1, loss=0.5, seconds=1.0))
    score = dict.fromkeys(("accuracy", "precision", "recall", "f1"), accuracy)
    log.append(event("score", split="test", rows=1, visited=1, seconds={"predict": 0.1}, **score))
    log.append(event("result", run=run.name, state="finished", seconds={"total": 1.0}))
    log.close()
