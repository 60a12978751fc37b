"""A chief of the engine `fast` for tests: one job as JSON on stdin, one result on stdout."""

from __future__ import annotations

import hashlib
import json
import os
import signal
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import Any, TextIO

import numpy as np

os.environ["TF_USE_LEGACY_KERAS"] = "1"
import tensorflow as tf

from edgead.datasets import Dataset, Split, Window, load, write_shards
from edgead.models import fast
from edgead.models.checkpoint import Checkpoints
from edgead.models.report import Reporter, claim_stdout
from edgead.models.spec import read_spec
from edgead.models.training import DivergedError


class Killer(Reporter):
    """Kills a worker as soon as the first epoch is done, or this chief after the second."""

    def __init__(self, pid: int, dies: bool) -> None:
        super().__init__(sys.stderr)
        self._pid, self._dies = pid, dies
        self.resumed = 0
        self.told: list[int] = []

    def emit(self, kind: str, **data: Any) -> None:
        """Look for the epochs' ends."""
        if kind == "epoch" and data["epoch"] == 1 and self._pid:
            os.kill(self._pid, signal.SIGKILL)
        if kind == "epoch" and data["epoch"] == 2 and self._dies:
            os.kill(os.getpid(), signal.SIGKILL)
        if kind == "epoch":
            self.told.append(data["epoch"])
        if kind == "resumed":
            self.resumed = data["epoch"]


def series() -> Dataset:
    """Make a windowed dataset up."""
    time = np.arange(4000, dtype=np.float32)[:, None]
    x = (np.sin(time / np.array([7, 11, 13], np.float32)) + 1) / 2
    split = Split(x[:1500], np.zeros(Window(26, 20).count(1500), bool))
    return Dataset("waves", True, ("a", "b", "c"), x, split, split, "w" * 64, Window(26, 20))


def digest(array: Any) -> str:
    return hashlib.sha256(np.ascontiguousarray(array).tobytes()).hexdigest()


def main() -> None:
    out, job = claim_stdout(), json.loads(sys.stdin.readline())
    spec = replace(read_spec(job["spec"]), **job["instead"])
    windowed = "model" in job["instead"]
    rows = {"synthetic": True, "made_up": 20_000}
    data = series() if windowed else load("kdd99", "paper", None, None, **rows)
    prepared = write_shards(data, Path(job["shards"]))
    if job["spoil"]:
        for path in Path(job["shards"]).glob("*.f32"):
            path.write_bytes(b"\xff" * path.stat().st_size)
    reporter = Killer(job["kill"], job["die"])
    checkpoints = Checkpoints(Path(job["folder"]), list(prepared.files))
    ahead = fast.prepare(spec, prepared)
    told = time.monotonic()
    try:
        trained, engine = fast.train(spec, ahead, job["cluster"], told, reporter, checkpoints)
    except (tf.errors.InvalidArgumentError, DivergedError) as error:
        tell(out, {"error": str(error)})
    weights = np.concatenate([each.ravel() for each in trained.model.get_weights()])
    found = [engine.errors(split) for _ in range(job["repeat"]) for split in ("train", "test")]
    rows = data.take("test", np.arange(data.count("test")))
    host = np.abs(trained.model.predict(rows, verbose=0) - rows)
    expected = host.mean(axis=tuple(range(1, host.ndim)))
    result = {
        "weights": digest(weights),
        "losses": trained.losses,
        "errors": sorted({digest(each) for each in found}),
        "difference": float(np.abs(expected - found[1]).max()),
        "rows": [len(each) for each in found[:2]],
        "resumed": reporter.resumed,
        "told": reporter.told,
    }
    tell(out, result)


def tell(out: TextIO, result: dict[str, Any]) -> None:
    out.write(json.dumps(result) + "\n")
    out.flush()
    os._exit(0)


main()
