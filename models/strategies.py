"""Trains as the spec says: centralised, distributed by the engine `paper`, or by `fast`."""

from __future__ import annotations

import json
import time
from typing import Callable, Optional, Tuple

from edgead.datasets import Dataset, Prepared
from edgead.models import central, fast, parameter_server
from edgead.models.checkpoint import Checkpoints
from edgead.models.graphs import optimise_graphs
from edgead.models.inbox import Said
from edgead.models.report import Reporter
from edgead.models.scoring import HostScorer, Scorer
from edgead.models.spec import TrialSpec
from edgead.models.training import Trained


def train(
    spec: TrialSpec,
    data: Dataset,
    prepared: Optional[Prepared],
    read_line: Callable[[], Said],
    reporter: Reporter,
    checkpoints: Checkpoints,
) -> Tuple[Trained, Scorer]:
    """Train; gives what was trained and what scores rows with it.

    `prepared` is what the engine `fast` works on. A distributed trial waits in `read_line` for
    the line that holds the cluster; until then the engine `fast` traces its graphs. It
    goes on from the checkpoint, if there is one.
    """
    if not spec.distributed or prepared is None:
        optimise_graphs(True)
    if not spec.distributed:
        trained = central.train(spec, data, reporter)
        return trained, HostScorer(trained.model, data)
    if prepared is not None:
        began, cpu = time.monotonic(), time.process_time()
        with reporter.phase("prepare"):
            ahead = fast.prepare(spec, prepared)
        cpu, said = time.process_time() - cpu, read_line()
        told, cluster = max(began, said.time), json.loads(said.line)["cluster"]
        trained, engine = fast.train(spec, ahead, cluster, told, reporter, checkpoints)
        return trained._replace(prepare_cpu_seconds=cpu), engine
    cluster = json.loads(read_line().line)["cluster"]
    trained = parameter_server.train(spec, data, cluster, reporter)
    return trained, HostScorer(trained.model, data)
