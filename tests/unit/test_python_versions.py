"""The Python that each part must run on: 3.6 on the boards, 3.8 where the chief may run."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
ON_BOARDS = [
    ROOT / "agents" / name for name in ("agent.py", "self_test.py", "shards.py", "task_server.py")
]
WITH_CHIEF = sorted([*(ROOT / "models").rglob("*.py"), *(ROOT / "datasets").rglob("*.py")])
MINIMUM = [
    *((path, (3, 6)) for path in ON_BOARDS),
    *((path, (3, 8)) for path in WITH_CHIEF),
]


def vermin(version: tuple[int, int], *paths: Path) -> subprocess.CompletedProcess[str]:
    """Ask vermin which Python the files need; exit code 0 where `version` is enough."""
    target = f"-t={version[0]}.{version[1]}-"
    options = [target, "--eval-annotations", "--no-tips", "--violations"]
    command = [str(Path(sys.executable).with_name("vermin")), *options, *map(str, paths)]
    return subprocess.run(command, capture_output=True, text=True, timeout=120)


def name(value: object) -> str:
    return str(value.relative_to(ROOT)) if isinstance(value, Path) else ""


def test_there_is_something_to_check() -> None:
    assert {path.parent.name for path in WITH_CHIEF} >= {"models", "datasets"}


@pytest.mark.parametrize(("path", "version"), MINIMUM, ids=name)
def test_syntax(path: Path, version: tuple[int, int]) -> None:
    ast.parse(path.read_text("utf-8"), str(path), feature_version=version)


def test_library_and_syntax_on_boards() -> None:
    checked = vermin((3, 6), *ON_BOARDS)
    assert checked.returncode == 0, checked.stdout


def test_library_and_syntax_where_the_chief_runs() -> None:
    checked = vermin((3, 8), *WITH_CHIEF)
    assert checked.returncode == 0, checked.stdout


@pytest.mark.parametrize(
    ("version", "source"),
    [
        ((3, 6), "import dataclasses"),
        ((3, 6), "import subprocess\nsubprocess.run([], capture_output=True)"),
        ((3, 8), "def f(x: list[int]) -> None: ..."),
        ((3, 8), "'a'.removeprefix('b')"),
    ],
)
def test_the_check_sees_what_is_too_new(
    version: tuple[int, int], source: str, tmp_path: Path
) -> None:
    probe = tmp_path / "probe.py"
    probe.write_text(source + "\n")
    assert vermin(version, probe).returncode != 0
