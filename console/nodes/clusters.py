"""Which cluster a command works on: the file given, one that lies about, or embedded nodes."""

from __future__ import annotations

import os
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from edgead.console import paths
from edgead.console.nodes.inventory import Cluster, read_cluster


def find_cluster(chosen: Path | None) -> Path | None:
    """Give the cluster file: the chosen one, $EDGEAD_CLUSTER, ./cluster.toml, or our home's."""
    if chosen is not None:
        return chosen
    variable = os.environ.get(paths.CLUSTER_VARIABLE)
    if variable:
        return paths.expanded(variable)
    usual = (Path("cluster.toml"), paths.home() / "cluster.toml")
    return next((path for path in usual if path.is_file()), None)


@asynccontextmanager
async def cluster_for(
    path: Path | None, *, distributed: bool = True
) -> AsyncIterator[Cluster | None]:
    """Give the cluster of a file; for a distributed trial without one, nodes in this process."""
    if path is not None:
        yield read_cluster(path)
    elif not distributed:
        yield None
    else:
        async with embedded_cluster() as cluster:
            yield cluster


@asynccontextmanager
async def embedded_cluster() -> AsyncIterator[Cluster]:
    """Run three nodes in this process, over real SSH, for as long as the context lasts."""
    from edgead.agents.embedded import embedded_nodes

    with tempfile.TemporaryDirectory(prefix="edgead-") as folder:
        async with embedded_nodes(Path(folder)) as path:
            yield read_cluster(path)
