"""The app: opened on a cluster and the run store, or on the demo."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from edgead.console import paths
from edgead.console.errors import DONE, UsageError
from edgead.console.nodes.clusters import find_cluster
from edgead.console.runs.store import Store
from edgead.console.terminal import why_not
from edgead.models.spec import TrialSpec


def open_app(args: argparse.Namespace) -> int:
    """Open the app on the cluster there is; without one it asks what to do about that."""
    cluster = find_cluster(args.cluster)
    if cluster is not None and not cluster.is_file():
        raise UsageError(f"{cluster}: no such file; edgead-console init writes one")
    return _open(cluster, (), paths.data_folder(), args.read_only)


def open_demo(specs: Sequence[TrialSpec], data: Path) -> int:
    """Open the app on three embedded nodes and start the demo's trials."""
    return _open(None, specs, data, False)


def _open(cluster: Path | None, start: Sequence[TrialSpec], data: Path, read_only: bool) -> int:
    refusal = why_not(os.environ, sys.stdin.isatty(), sys.stdout.isatty())
    if refusal:
        raise UsageError(refusal)
    from edgead.console.session.local_session import LocalSession
    from edgead.console.tui.app import ConsoleApp

    store = Store(paths.runs_folder())
    session = LocalSession(store, cluster, data, start=start, read_only=read_only)
    app = ConsoleApp(session, paths.home() / "crashes")
    code = app.run()
    return code if code is not None else app.return_code or DONE
