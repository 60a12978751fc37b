"""How a TensorFlow task is started on a node that has none of our files."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

# The program comes on standard input, so nothing is stored on the node. The empty entry
# of sys.path is the working folder, whose files must not shadow modules.
_BOOT = (
    "import sys;sys.path=[p for p in sys.path if p];"
    "exec(compile(sys.stdin.buffer.read(),'task_server','exec'))"
)


# What every process of TensorFlow's is to have in its environment.
TENSORFLOW_SETTINGS = {
    # A peer that is gone fails a call at once; the default waits for it for ever.
    "GRPC_FAIL_FAST": "use_caller",
    # gRPC would ask an $http_proxy for the way to a task on loopback.
    "no_grpc_proxy": "127.0.0.1,localhost",
    "TF_CPP_MIN_LOG_LEVEL": "2",
    # oneDNN makes machine code for every shape it meets: a quarter of a small model's first epoch.
    "TF_ENABLE_ONEDNN_OPTS": "0",
}


def task_server_source() -> str:
    """Return the program of a parameter server or worker: the task's standard input."""
    return Path(__file__).with_name("task_server.py").read_text(encoding="ascii")


def task_argv(python: str) -> list[str]:
    """Return the command that runs the program given on standard input with `python`."""
    return [python, "-u", "-c", _BOOT]


def task_env(
    role: str,
    index: int,
    cluster: Mapping[str, Sequence[str]],
    threads: int | None = None,
) -> dict[str, str]:
    """Return what a task's environment adds to the node's.

    Args:
        role: chief, ps or worker.
        index: number of the task in its role, from 0.
        cluster: addresses ("host:port") of all tasks by role, in TensorFlow's form.
        threads: size of TensorFlow's thread pools; None leaves it to TensorFlow.
    """
    tf_config = {
        "cluster": {name: list(addresses) for name, addresses in cluster.items()},
        "task": {"type": role, "index": index},
    }
    env = {
        "TF_CONFIG": json.dumps(tf_config),
        # The same for graphs, which can read a plain number but no JSON.
        "EDGEAD_INDEX": str(index),
        **TENSORFLOW_SETTINGS,
    }
    if threads is not None:
        env["EDGEAD_THREADS"] = str(threads)
    return env
