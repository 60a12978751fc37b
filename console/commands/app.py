"""The app: opened on a cluster and the run store, or on the demo."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from edgead.console import paths
from edgead.console.clusters import find_cluster
from edgead.console.errors import DONE, UsageError
from edgead.console.store import Store
from edgead.console.terminal import why_not
from edgead.models.presets import DEFAULT_PRESET
from edgead.models.spec import TrialSpec, read_spec


def open_app(args: argparse.Namespace) -> int:
    """Open the app on the cluster there is; the start key trains the default preset."""
    cluster = find_cluster(args.cluster)
    if cluster is not None and not cluster.is_file():
        raise UsageError(f"{cluster}: no such file")
    return _open(cluster, [read_spec({"preset": DEFAULT_PRESET})], paths.data_folder(), False)


def open_demo(specs: Sequence[TrialSpec], data: Path) -> int:
    """Open the app on three embedded nodes and start the demo's trials."""
    return _open(None, specs, data, True)


def _open(cluster: Path | None, specs: Sequence[TrialSpec], data: Path, autostart: bool) -> int:
    refusal = why_not(os.environ, sys.stdin.isatty(), sys.stdout.isatty())
    if refusal:
        raise UsageError(refusal)
    from edgead.console.app import ConsoleApp
    from edgead.console.local_session import LocalSession

    store = Store(paths.runs_folder())
    session = LocalSession(store, cluster, specs, data, autostart=autostart)
    app = ConsoleApp(session, paths.home() / "crashes")
    code = app.run()
    return code if code is not None else app.return_code or DONE
