"""Checks of a node's TensorFlow: its version beside the chief's, and its self-test."""

from __future__ import annotations

import re
import shlex
from importlib import metadata
from pathlib import Path
from typing import Any

from edgead import agents
from edgead.agents import docker
from edgead.agents.commands import Outcome
from edgead.agents.launch import TENSORFLOW_SETTINGS
from edgead.agents.protocol import one_line
from edgead.agents.tensorflow_pairs import verdict
from edgead.console.nodes.health.check import Board, Check, Finding, fail, ok, ours, there, warn
from edgead.console.nodes.interpreter import interpreter, program_argv

SELF_TEST_SECONDS = 120.0  # a board needs a minute to import TensorFlow from a slow disk
# Without importing TensorFlow, which may be what is broken. Python 3.6 has no importlib.metadata.
VERSIONS = """
import platform
print("python", platform.python_version())
names = "tensorflow", "tensorflow-cpu", "tensorflow-gpu", "tensorflow-aarch64"
try:
    from importlib.metadata import version
except ImportError:
    from pkg_resources import get_distribution
    version = lambda name: get_distribution(name).version
for name in names:
    try:
        print("tensorflow", version(name))
        break
    except Exception:
        pass
"""
SELF_TEST = Path(next(iter(agents.__path__))) / "self_test.py"
NOT_STARTED = re.compile(r"No such container|is not running")


def python_command(board: Board, program: str) -> tuple[list[str], str]:
    """Return the command that runs a program with the interpreter that tasks will have."""
    settings = [f"{name}={value}" for name, value in TENSORFLOW_SETTINGS.items()]
    return ["env", *settings, *program_argv(board.node, TENSORFLOW_SETTINGS)], program


def _no_python(board: Board, outcome: Outcome) -> Finding:
    node = board.node
    if node.container and NOT_STARTED.search(outcome.output):
        return warn("its container is not started", ours("nodes", "container", "start", node.name))
    python = node.inside if node.container else node.python
    return fail(f"{python} does not run: {outcome.error}", _try(board, "--version"))


def _try(board: Board, *words: str) -> str:
    """Return a remedy: that Python with these words, to see what it says."""
    return there(board.node, shlex.join([*interpreter(board.node), *words]))


def _version(board: Board, outcome: Outcome) -> Finding:
    said = dict(line.partition(" ")[::2] for line in outcome.output.splitlines())
    if not outcome.ok or "python" not in said:
        return _no_python(board, outcome)
    if "tensorflow" not in said:
        # What pip would bring to a Jetson does not know its GPU: there NVIDIA's is the one.
        by_pip = not (board.contained or board.jetson)
        mend = _try(board, "-m", "pip", "install", "tensorflow") if by_pip else ""
        return fail(f"Python {said['python']} has no TensorFlow", mend)
    judged, evidence = verdict(metadata.version("tensorflow"), said["tensorflow"])
    text = f"TensorFlow {said['tensorflow']}, Python {said['python']}: {evidence}"
    return Finding(judged, one_line(text)[:300])


def _self_test(board: Board, outcome: Outcome) -> Finding:
    found = next(
        (each for each in docker.parse_objects(outcome.output) if each.get("event") == "self_test"),
        None,
    )
    again = _try(board, "-c", "import tensorflow")
    if found is None:
        if outcome.code is None:
            return fail("the interpreter was killed: a broken library, or no memory", again)
        return _no_python(board, outcome)
    if "error" in found:
        said = f"{found.get('doing')}: {found['error']}"
        return fail(one_line(said)[:300], again)
    return ok(_times(found))


def _times(found: dict[str, Any]) -> str:
    parts = [f"{found.get('device', '?')}, import {_number(found, 'import_seconds'):.1f} s"]
    for name, key in (("product", "product"), ("training step", "step"), ("LSTM", "lstm")):
        parts.append(f"{name} {1000 * _number(found, f'{key}_seconds'):.1f} ms")
    return one_line(", ".join(parts))[:300]


def _number(found: dict[str, Any], key: str) -> float:
    value = found.get(key)
    return float(value) if isinstance(value, (int, float)) else 0.0


CHECKS = (
    Check("tensorflow", lambda board: python_command(board, VERSIONS), _version, timeout=30.0),
    Check(
        "self-test",
        lambda board: python_command(board, SELF_TEST.read_text(encoding="ascii")),
        _self_test,
        timeout=SELF_TEST_SECONDS,
    ),
)
