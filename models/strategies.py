"""Trains as the spec says: centralised, distributed by the engine `paper`, or by `fast`."""

from __future__ import annotations

import json
from typing import Callable, Optional, Tuple

from edgead.datasets import Dataset, Prepared
from edgead.models import central, fast, parameter_server
from edgead.models.checkpoint import Checkpoints
from edgead.models.report import Reporter
from edgead.models.scoring import HostScorer, Scorer
from edgead.models.spec import TrialSpec
from edgead.models.training import Trained


def train(
    spec: TrialSpec,
    data: Dataset,
    prepared: Optional[Prepared],
    read_line: Callable[[], str],
    reporter: Reporter,
    checkpoints: Checkpoints,
) -> Tuple[Trained, Scorer]:
    """Train; gives what was trained and what scores rows with it.

    `prepared` is what the engine `fast` works on. A distributed trial waits in `read_line` for
    the line that holds the cluster. The engine `fast` goes on from the checkpoint, if there is one.
    """
    if not spec.distributed:
        trained = central.train(spec, data, reporter)
        return trained, HostScorer(trained.model, data)
    cluster = json.loads(read_line())["cluster"]
    if prepared is not None:
        return fast.train(spec, prepared, cluster, reporter, checkpoints)
    trained = parameter_server.train(spec, data, cluster, reporter)
    return trained, HostScorer(trained.model, data)
