"""The chief: a program that reads a job from stdin, trains, scores, and writes events to stdout.

Started as `python -m edgead.models.chief`. The first line of stdin is the job, one JSON object
{spec, data, cache, folder}; for a distributed trial a second one, {cluster}, comes once the
cluster's tasks serve. When stdin ends, whoever started it is gone and it ends too.
It keeps finished work on disk before it says so: model.keras, detector.json, tensorboard/.
"""

from __future__ import annotations

import json
import os
import sys
import threading
import time
from pathlib import Path
from queue import Queue
from typing import TYPE_CHECKING, Any, Callable, NamedTuple, Optional, TextIO, Tuple

from edgead.models.report import Reporter, claim_stdout
from edgead.models.spec import TrialSpec, read_spec

if TYPE_CHECKING:  # TensorFlow and pandas are imported when they are needed, and reported
    from edgead.datasets import Dataset, Prepared

FAILED, WRONG_JOB, ORPHANED, NO_DATA = 1, 2, 3, 4


class Job(NamedTuple):
    """What to do: data may be unset; cache is where what was read, and the shards, are kept."""

    spec: TrialSpec
    data: Optional[Path]
    cache: Path
    folder: Path

    @classmethod
    def read(cls, line: str) -> Job:
        """Read the job's line. Raises ValueError or KeyError for one that is none."""
        job = json.loads(line)
        data = Path(job["data"]) if job.get("data") else None
        return cls(read_spec(job["spec"], "job"), data, Path(job["cache"]), Path(job["folder"]))


def run(job: Job, read_line: Callable[[], str], reporter: Reporter) -> None:
    """Load, train, set the threshold, score validation and test."""
    with reporter.phase("load"):
        data, prepared = _load(job, reporter)
    with reporter.phase("start"):  # all that is slow to import
        # Keras 3 has no training under ParameterServerStrategy.
        os.environ.setdefault("TF_USE_LEGACY_KERAS", "1")
        from edgead.models import saving, scoring, strategies
    trained, scorer = strategies.train(job.spec, data, prepared, read_line, reporter)
    reporter.emit("trained", cpu_seconds=trained.cpu_seconds)
    saving.save_model(job.folder, trained, reporter)
    threshold = scoring.find_threshold(job.spec, trained.model, scorer, data, reporter)
    saving.save_detector(job.folder, threshold, job.spec, data, reporter)
    for split in ("validation", "test"):
        scoring.score_split(split, scorer, getattr(data, split).y, threshold, reporter)


def _load(job: Job, reporter: Reporter) -> Tuple[Dataset, Optional[Prepared]]:
    """Load the dataset; for the engine `fast`, write the shards that nodes are to have."""
    from edgead.datasets import load, write_shards

    data = load(
        job.spec.dataset,
        job.spec.coding,
        job.data,
        job.cache,
        synthetic=job.spec.synthetic,
        rows=job.spec.rows,
    )
    staged = job.spec.distributed and job.spec.engine == "fast"
    prepared = write_shards(data, job.cache / "shards") if staged else None
    reporter.emit(
        "dataset",
        name=data.name,
        synthetic=data.synthetic,
        rows={split: data.count(split) for split in ("train", "validation", "test")},
        window=data.window and data.window.lookback,
        features=list(data.features),
        digest=data.digest,
        shards=list(prepared.files) if prepared else [],
    )
    return data, prepared


def lines_of(stream: TextIO) -> Callable[[], str]:
    """Give what waits for the stream's next line; this process ends with it: nobody is left."""
    lines: Any = Queue()

    def watch() -> None:
        for line in iter(stream.readline, ""):
            lines.put(line)
        os._exit(ORPHANED)

    threading.Thread(target=watch, name="stdin", daemon=True).start()
    return lines.get  # type: ignore[no-any-return]


def main() -> int:
    """Do one job; exit 0 when it is done, else say why in an `error` event."""
    reporter = Reporter(claim_stdout())
    try:
        job = Job.read(sys.stdin.readline())
    except (ValueError, KeyError, TypeError) as error:
        reporter.emit("error", cause=f"the job cannot be read: {error!r:.300}")
        return WRONG_JOB
    read_line = lines_of(sys.stdin)
    from edgead.datasets import DatasetError

    started = time.monotonic()
    try:
        run(job, read_line, reporter)
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
