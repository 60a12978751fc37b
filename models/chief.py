"""The chief: a program that reads a job from stdin, trains, scores, and writes events to stdout.

Started as `python -m edgead.models.chief`. A line of stdin is the job, one JSON object {spec, data,
cache, folder, log, scratch}; for a distributed trial another, {cluster}, comes once the cluster's
tasks serve. Before the job may come {standby: a job like the one to expect}: what every job begins
with is done ahead, then. When stdin ends, whoever started it is gone and it ends too.
It keeps finished work on disk before it says so: model.keras, detector.json, tensorboard/.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
import threading
import time
from contextlib import suppress
from functools import lru_cache
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, Callable, Mapping, NamedTuple, Optional, Tuple

from edgead.models.blame import Complaints
from edgead.models.inbox import Said, lines_of
from edgead.models.report import Reporter, claim_stdout
from edgead.models.spec import TrialSpec, read_spec
from edgead.models.uncollected import uncollected

if TYPE_CHECKING:  # TensorFlow and pandas are imported when they are needed, and reported
    from edgead.datasets import Dataset, Prepared

FAILED, WRONG_JOB, NO_DATA = 1, 2, 4
BEAT = 2.0  # seconds between signs of life


class Job(NamedTuple):
    """What to do: data may be unset; cache is where what was read, and the shards, are kept.

    `dataset` is the data as it is staged here, where that is so. stderr goes to the end of `log`,
    if set; temporary files into `scratch`. `checkpoint` is the file to go on from, where that is
    not the one in `folder`; `told` are the epochs that the trial's log has.
    """

    spec: TrialSpec
    data: Optional[Path]
    cache: Path
    folder: Path
    scratch: Path
    log: Optional[Path]
    dataset: Optional[Mapping[str, Any]]
    checkpoint: Optional[Path]
    told: int

    @classmethod
    def read(cls, job: Any) -> Job:
        """Read a job. Raises ValueError, KeyError or TypeError for what is none."""
        data = Path(job["data"]) if job.get("data") else None
        cache, folder, scratch = (Path(job[name]) for name in ("cache", "folder", "scratch"))
        log = Path(job["log"]) if job["log"] else None
        spec = read_spec(job["spec"], "job")
        checkpoint = Path(job["checkpoint"]) if job.get("checkpoint") else None
        told = int(job.get("told", 0))
        return cls(spec, data, cache, folder, scratch, log, job.get("dataset"), checkpoint, told)

    def enter(self) -> None:
        """Send what is not an event to the log, and temporary files to their folder."""
        if self.log is not None:
            log = os.open(self.log, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
            for stream in (1, 2):
                os.dup2(log, stream)
            os.close(log)
        os.environ["TMPDIR"] = tempfile.tempdir = str(self.scratch)


def stand_by(job: Job) -> None:
    """Do ahead what every job begins with: load the data, import TensorFlow, trace the graphs."""
    data = _dataset(job)
    _import_slow()
    from edgead.datasets import write_shards
    from edgead.models import autoencoder, fast

    if job.spec.distributed and job.spec.engine == "fast":
        fast.prepare(job.spec, write_shards(data, job.cache / "shards"))
    else:
        shape = autoencoder.input_shape(data.window, len(data.features))
        autoencoder.build(job.spec.model, shape, job.spec.learning_rate)


def run(job: Job, read_line: Callable[[], Said], reporter: Reporter) -> None:
    """Load, train, set the threshold, score validation and test."""
    with reporter.phase("load"):
        data, prepared = _load(job, reporter)
    with reporter.phase("start"):
        _import_slow()
        from edgead.models import saving, scoring, strategies
        from edgead.models.checkpoint import Checkpoints
    files = prepared.files if prepared else ()
    names = [Path(name).name for name in files]
    checkpoints = Checkpoints(job.folder, names, job.checkpoint, job.told)
    trained, scorer = strategies.train(job.spec, data, prepared, read_line, reporter, checkpoints)
    cpu = {"cpu_seconds": trained.cpu_seconds, "prepare_cpu_seconds": trained.prepare_cpu_seconds}
    reporter.emit("trained", **cpu)
    saving.save_model(job.folder, trained, reporter)
    threshold = scoring.find_threshold(job.spec, trained.model, scorer, data, reporter)
    saving.save_detector(job.folder, threshold, job.spec, data, reporter)
    for split in ("validation", "test"):
        scoring.score_split(split, scorer, getattr(data, split).y, threshold, reporter)


def _import_slow() -> None:
    # Keras 3 has no training under ParameterServerStrategy.
    os.environ.setdefault("TF_USE_LEGACY_KERAS", "1")
    with uncollected():
        import_module("edgead.models.strategies")


def _dataset(job: Job) -> Dataset:
    """Load the dataset, unless it is the one loaded last and its files are as they were."""
    from edgead.datasets import find

    files = find(job.spec.dataset, job.data) or ()
    stamps = tuple((path, path.stat().st_mtime_ns, path.stat().st_size) for path in files)
    spec = job.spec
    return _read(spec.dataset, spec.coding, spec.synthetic, spec.rows, job.data, job.cache, stamps)


@lru_cache(maxsize=1)
def _read(
    name: str,
    coding: str,
    synthetic: bool,
    rows: int,
    data: Optional[Path],
    cache: Path,
    _stamps: Tuple[Tuple[Path, int, int], ...],
) -> Dataset:
    from edgead.datasets import load

    return load(name, coding, data, cache, synthetic=synthetic, rows=rows)


def _load(job: Job, reporter: Reporter) -> Tuple[Dataset, Optional[Prepared]]:
    """Load the dataset; for the engine `fast`, write the shards that nodes are to have."""
    from edgead.datasets import restore, write_shards

    prepared: Optional[Prepared] = None
    if job.dataset is not None:
        data, prepared = restore(job.dataset, Path())
    else:
        data = _dataset(job)
    if not (job.spec.distributed and job.spec.engine == "fast"):
        prepared = None
    elif prepared is None:
        prepared = write_shards(data, job.cache / "shards")
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


def main() -> int:
    """Do one job on the host."""
    return serve(Reporter(claim_stdout()), lines_of(sys.stdin), {})


def serve(reporter: Reporter, read_line: Callable[[], Said], places: Mapping[str, Any]) -> int:
    """Do one job; give 0 when it is done, else say why in an `error` event.

    `places` stand in for the job's own, which are the host's.
    """
    try:
        line = json.loads(read_line().line)
        if "standby" in line:
            with suppress(Exception):  # the job itself will tell
                stand_by(Job.read(line["standby"]))
            reporter.emit("standby")
            line = json.loads(read_line().line)
        job = Job.read({**line, **places})
        job.enter()
    except (ValueError, KeyError, TypeError, AttributeError, OSError) as error:
        reporter.emit("error", cause=f"the job cannot be read: {error!r:.300}")
        return WRONG_JOB
    from edgead.datasets import DatasetError

    started, complaints = time.monotonic(), Complaints()
    threading.Thread(target=_beat, args=[reporter], name="beat", daemon=True).start()
    try:
        run(job, read_line, reporter)
    except DatasetError as error:
        reporter.emit("error", cause=str(error))
        return NO_DATA
    except Exception as error:  # the last line of defence: whatever TensorFlow raises is told
        seconds = time.monotonic() - started
        reporter.emit("error", **complaints.blame(error), seconds=seconds)
        with suppress(OSError):  # no room for it, say
            print(f"{type(error).__name__}: {error}".strip(), file=sys.stderr)
        return FAILED
    return 0


def _beat(reporter: Reporter) -> None:
    """Give signs of life for ever: a process that is frozen gives none."""
    while True:
        reporter.emit("alive")
        time.sleep(BEAT)


if __name__ == "__main__":
    # TensorFlow's threads may still wait for servers that are gone: do not wait for them.
    code = main()
    sys.stderr.flush()
    os._exit(code)
