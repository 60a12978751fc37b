"""The rooms: who may import whom, and what importing a module pulls in."""

from __future__ import annotations

import ast
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
ROOMS = ("agents", "console", "datasets", "models")
ENV = {**os.environ, "PYTHONPATH": str(ROOT / ".src")}
HEAVY = {"asyncssh", "keras", "pandas", "plotext", "tensorflow", "tf_keras"}
PULLS_IN = """
import importlib, json, sys
before = set(sys.modules)
importlib.import_module(sys.argv[1])
print(json.dumps(sorted({name.partition(".")[0] for name in set(sys.modules) - before})))
"""


def pulled_in(module: str) -> set[str]:
    """Top-level packages that importing the module, in a fresh Python, loads."""
    command = [sys.executable, "-c", PULLS_IN, module]
    # Not in ROOT: there a bare `import datasets` would find our folder of that name.
    done = subprocess.run(
        command, env=ENV, cwd=ROOT / "tests", capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, done.stderr
    return set(json.loads(done.stdout))


def imported(path: Path) -> set[str]:
    """Top-level packages the file names in any import, wherever in the file."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            found.add("." if node.level else (node.module or "").partition(".")[0])
    return found


def test_the_import_table_holds() -> None:
    command = [str(Path(sys.executable).with_name("lint-imports")), "--no-cache"]
    done = subprocess.run(command, cwd=ROOT, env=ENV, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "0 broken" in done.stdout


@pytest.mark.parametrize("room", ROOMS)
def test_every_folder_of_modules_is_a_package(room: str) -> None:
    assert (ROOT / ".src" / "edgead" / room).resolve() == ROOT / room
    folders = {path.parent for path in (ROOT / room).rglob("*.py")}
    assert folders, f"no modules in {room}/"
    missing = [folder for folder in folders if not (folder / "__init__.py").is_file()]
    assert not missing, "the import linter and mypy pass over a folder without __init__.py"


@pytest.mark.parametrize(
    "module", ["cli", "events", "runs.state", "tui.app", "session.local_session"]
)
def test_the_command_line_starts_without_the_heavy_libraries(module: str) -> None:
    assert not pulled_in(f"edgead.console.{module}") & HEAVY


@pytest.mark.parametrize("module", ["tui.app", "session.local_session", "commands.app"])
def test_the_app_paints_before_the_heavy_libraries_come(module: str) -> None:
    slow = HEAVY | {"PIL", "aiohttp", "numpy", "zeroconf"}
    assert not pulled_in(f"edgead.console.{module}") & slow


@pytest.mark.parametrize("module", ["edgead.models.presets", "edgead.models.spec"])
def test_reading_a_spec_needs_neither_numpy_nor_tensorflow(module: str) -> None:
    assert not pulled_in(module) & (HEAVY | {"numpy"})


@pytest.mark.parametrize("module", ["agent", "tegrastats"])
def test_on_a_node_the_standard_library_is_enough(module: str) -> None:
    assert pulled_in(f"edgead.agents.{module}") <= sys.stdlib_module_names | {"edgead"}


@pytest.mark.parametrize(
    ("name", "besides"),
    [("agent.py", set()), ("shards.py", set()), ("task_server.py", {"tensorflow"})],
)
def test_what_is_sent_to_a_node_imports_nothing_it_has_not(name: str, besides: set[str]) -> None:
    assert imported(ROOT / "agents" / name) <= sys.stdlib_module_names | besides


def test_the_measure_sees_what_is_imported(tmp_path: Path) -> None:
    (tmp_path / "probe.py").write_text("def late():\n    import tensorflow.keras\n")
    assert imported(tmp_path / "probe.py") == {"tensorflow"}
    assert "plotext" in pulled_in("plotext")


def test_deadlines_do_not_lose_cancellations() -> None:
    found = [
        str(path.relative_to(ROOT))
        for room in ("agents", "console")
        for path in (ROOT / room).rglob("*.py")
        if "asyncio.wait_for(" in path.read_text("utf-8")
    ]
    assert found == [], "use agents/waiting.py"
