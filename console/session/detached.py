"""Processes that outlive the app: a trial's supervisor, and this machine's embedded nodes."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from pathlib import Path

from edgead.console.errors import UnreachableError
from edgead.console.running.lingering import Request, hand_over
from edgead.console.runs.store import Run

NODES_SECONDS = 20.0
IDLE_SECONDS = 60  # embedded nodes end after so long without a connection


def start_supervisor(run: Run, cluster: Path | None, data: Path) -> None:
    """Have a stored run supervised: by one that lingers, its nodes warm, or by a new process.

    A new one is in a session of its own, its output goes to console.log, and it lingers after.
    """
    if hand_over(Request(run.name, cluster and cluster.absolute(), data.absolute())):
        return
    command = [sys.executable, "-I", "-m", "edgead.console.cli"]
    if cluster is not None:
        command += ["--cluster", str(cluster.absolute())]
    command += ["trial", "run", "--run", run.name, "--data", str(data.absolute()), "--linger"]
    with run.open_log() as log:
        _start(command, log.fileno())


async def start_embedded_nodes(folder: Path) -> tuple[Path, subprocess.Popen[bytes]]:
    """Have the embedded nodes of a folder serving; gives their cluster file and our process.

    The process has ended already where another one serves the folder.

    Raises UnreachableError when they do not come up.
    """
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    log_path, cluster = folder / "nodes.log", folder / "cluster.toml"
    with log_path.open("wb") as log:
        idle = str(IDLE_SECONDS)
        command = ["-I", "-m", "edgead.agents.embedded", str(folder), "--idle", idle]
        process = _start([sys.executable, *command], log.fileno())
    said: list[str] = []
    for _ in range(int(NODES_SECONDS / 0.1)):
        # It speaks once it serves, or once it finds that another process does; a cluster file
        # seen before that may be a dead one's.
        said = log_path.read_text(errors="replace").strip().splitlines()
        if said and cluster.exists():
            return cluster, process
        if process.poll():
            break
        await asyncio.sleep(0.1)
    why = said[-1] if said else f"no answer within {NODES_SECONDS:.0f} s"
    raise UnreachableError(f"the embedded nodes did not start: {why}")


def _start(command: list[str], output: int) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        stdout=output,
        stderr=output,
        start_new_session=True,
    )
