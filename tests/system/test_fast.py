"""The engine `fast` on real TensorFlow servers: the same weights and scores, whatever fails."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from edgead.agents.agent import free_ports
from edgead.agents.launch import task_argv, task_env, task_server_source

pytestmark = pytest.mark.slow
CHIEF = Path(__file__).parents[1] / "support" / "fast_chief.py"
SPEC = {"dataset": "kdd99", "synthetic": True, "epochs": 4, "batch": 512, "seed": 5}
REPEATS = 50


@contextmanager
def servers(cache: Path) -> Iterator[tuple[dict[str, list[str]], list[subprocess.Popen[str]]]]:
    """Run a parameter server and three workers, ready."""
    addresses = [f"127.0.0.1:{port}" for port in free_ports(5)]
    cluster = {"chief": addresses[:1], "ps": addresses[1:2], "worker": addresses[2:]}
    processes = []
    for role, index in (("ps", 0), ("worker", 0), ("worker", 1), ("worker", 2)):
        env = {**os.environ, **task_env(role, index, cluster, 1), "XDG_CACHE_HOME": str(cache)}
        pipe = subprocess.PIPE
        process = subprocess.Popen(
            task_argv(sys.executable),
            env=env,
            stdin=pipe,
            stdout=pipe,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        assert process.stdin is not None
        process.stdin.write(task_server_source())
        process.stdin.close()
        processes.append(process)
    try:
        for process in processes:
            assert process.stdout is not None
            assert '"ready"' in process.stdout.readline()
        yield cluster, processes
    finally:
        for process in processes:
            process.kill()
            process.wait()


def chief(cluster: Any, cache: Path, kill: int = 0, repeat: int = 1, **more: Any) -> dict[str, Any]:
    job = {
        "spec": SPEC,
        "cluster": cluster,
        "shards": str(cache / "edgead" / "shards"),
        "kill": kill,
        "repeat": repeat,
        "die": False,
        "spoil": False,
        "instead": {},
        "folder": tempfile.mkdtemp(dir=cache),
        **more,
    }
    done = subprocess.run(
        [sys.executable, str(CHIEF)],
        input=json.dumps(job) + "\n",
        capture_output=True,
        text=True,
        timeout=200,
        env={**os.environ, "GRPC_FAIL_FAST": "use_caller"},
    )
    if job["die"]:
        assert done.returncode == -signal.SIGKILL
        return {}
    assert done.stdout, done.stderr[-3000:]
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def test_the_same_weights_and_scores_whatever_is_retried(tmp_path: Path) -> None:
    with servers(tmp_path) as (cluster, processes):
        first = chief(cluster, tmp_path, repeat=REPEATS)
        assert first["rows"][0] > 2000
        assert len(first["errors"]) == 2  # train and test: one result each, of all repeats
        assert first["difference"] < 1e-5
        assert first["losses"][-1] < first["losses"][0]
        # Another chief on the same servers, and then one that loses a worker on the way.
        assert chief(cluster, tmp_path) == first
        lost = chief(cluster, tmp_path, kill=processes[-1].pid)
        processes[-1].wait(timeout=10)
        assert lost["weights"] == first["weights"]
        assert lost["errors"] == first["errors"]
        assert lost["losses"] == first["losses"]


def test_a_chief_goes_on_where_another_one_died(tmp_path: Path) -> None:
    folder = tmp_path / "run"
    folder.mkdir()
    with servers(tmp_path) as (cluster, processes):
        first = chief(cluster, tmp_path)
        chief(cluster, tmp_path, die=True, folder=str(folder))
        # On fewer workers: they take all parts among them.
        fewer = {**cluster, "worker": cluster["worker"][:2]}
        resumed = chief(fewer, tmp_path, folder=str(folder))
        assert resumed.pop("resumed") >= 2 and first.pop("resumed") == 0
        assert resumed == first  # the epochs that were not told when it died are told now
        again = chief(fewer, tmp_path, folder=str(folder))  # trained to the end, and then lost
        assert again.pop("resumed") == len(first["losses"])
        assert again == first
        assert processes


def test_only_rows_that_are_no_numbers_are_blamed_on_a_shard(tmp_path: Path) -> None:
    with servers(tmp_path) as (cluster, _):
        diverged = chief(cluster, tmp_path, instead={"learning_rate": 1e38})
        assert "try a lower learning_rate" in diverged["error"]
        assert "holds no numbers" in chief(cluster, tmp_path, spoil=True)["error"]


def test_windows_are_cut_on_the_workers(tmp_path: Path) -> None:
    with servers(tmp_path) as (cluster, _):
        found = chief(cluster, tmp_path, instead={"model": "lstm-autoencoder"})
    assert found["rows"] == [3500, 1000]
    assert found["difference"] < 1e-5
    assert found["losses"][-1] < found["losses"][0]
