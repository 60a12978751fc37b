"""The chief: a program that reads a job from stdin, trains, scores, and writes events to stdout.

Started as `python -m edgead.models.chief`. The first line of stdin is the job, one JSON object
{spec, cluster, data, cache, folder}; when stdin ends, whoever started it is gone and it ends too.
It keeps finished work on disk before it says so: model.keras, detector.json, tensorboard/.
"""

from __future__ import annotations

import json
import os
import sys
import threading
import time
from pathlib import Path
from typing import Any, Dict, List, NamedTuple, Optional, TextIO

from edgead.models.report import Reporter, claim_stdout
from edgead.models.spec import TrialSpec, read_spec

FAILED, WRONG_JOB, ORPHANED, NO_DATA = 1, 2, 3, 4


class Job(NamedTuple):
    """What to do: cluster is None for centralised training, data and cache may be unset."""

    spec: TrialSpec
    cluster: Optional[Dict[str, List[str]]]
    data: Optional[Path]
    cache: Optional[Path]
    folder: Path

    @classmethod
    def read(cls, line: str) -> Job:
        """Read the job's line. Raises ValueError or KeyError for one that is none."""
        job = json.loads(line)
        data, cache = (Path(job[key]) if job.get(key) else None for key in ("data", "cache"))
        spec = read_spec(job["spec"], "job")
        return cls(spec, job.get("cluster"), data, cache, Path(job["folder"]))


def run(job: Job, reporter: Reporter) -> None:
    """Load, train, set the threshold, score validation and test."""
    with reporter.phase("load"):
        data = _load(job, reporter)
    with reporter.phase("start"):
        # Keras 3 has no training under ParameterServerStrategy.
        os.environ.setdefault("TF_USE_LEGACY_KERAS", "1")
        from edgead.models import central, parameter_server, scoring
    if job.cluster is None:
        trained = central.train(job.spec, data, reporter)
    else:
        trained = parameter_server.train(job.spec, data, job.cluster, reporter)
    reporter.emit("trained", cpu_seconds=trained.cpu_seconds)
    scoring.save_model(job.folder, trained, reporter)
    threshold = scoring.find_threshold(job.spec, trained.model, data.train, reporter)
    scoring.save_detector(job.folder, threshold, job.spec, data, reporter)
    for split in ("validation", "test"):
        scoring.score_split(split, trained.model, getattr(data, split), threshold, reporter)


def _load(job: Job, reporter: Reporter) -> Any:
    from edgead.datasets import load

    data = load(
        job.spec.dataset, job.spec.coding, job.data, job.cache, synthetic=job.spec.synthetic
    )
    reporter.emit(
        "dataset",
        name=data.name,
        synthetic=data.synthetic,
        rows={
            "train": len(data.train),
            "validation": len(data.validation.x),
            "test": len(data.test.x),
        },
        features=list(data.features),
        digest=data.digest,
    )
    return data


def end_with_stdin(stream: TextIO) -> None:
    """End this process as soon as the stream does: nobody is left to train for."""

    def watch() -> None:
        while stream.readline():
            pass
        os._exit(ORPHANED)

    threading.Thread(target=watch, name="stdin", daemon=True).start()


def main() -> int:
    """Do one job; exit 0 when it is done, else say why in an `error` event."""
    reporter = Reporter(claim_stdout())
    try:
        job = Job.read(sys.stdin.readline())
    except (ValueError, KeyError, TypeError) as error:
        reporter.emit("error", cause=f"the job cannot be read: {error!r:.300}")
        return WRONG_JOB
    end_with_stdin(sys.stdin)
    from edgead.datasets import DatasetError

    started = time.monotonic()
    try:
        run(job, reporter)
    except DatasetError as error:
        reporter.emit("error", cause=str(error))
        return NO_DATA
    except Exception as error:  # the last line of defence: whatever TensorFlow raises is told
        seconds = time.monotonic() - started
        cause = f"{type(error).__name__}: {error}".strip()
        reporter.emit("error", cause=cause[:4000], seconds=seconds)
        print(f"{cause}", file=sys.stderr)
        return FAILED
    return 0


if __name__ == "__main__":
    # TensorFlow's threads may still wait for servers that are gone: do not wait for them.
    code = main()
    sys.stderr.flush()
    os._exit(code)
