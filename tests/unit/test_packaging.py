"""The package: what an sdist's wheel holds is what the tree holds."""

from __future__ import annotations

import configparser
import re
import subprocess
import sys
import zipfile
from pathlib import Path, PurePosixPath

import pytest
import tomli

ROOT = Path(__file__).resolve().parents[2]
ROOMS = ("agents", "console", "datasets", "models")


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> zipfile.ZipFile:
    """The wheel built from the sdist, never from the tree."""
    out = tmp_path_factory.mktemp("dist")
    # Away from ROOT, where a left-over build/ would pass for the module of that name.
    command = [sys.executable, "-m", "build", "--no-isolation", "--outdir", str(out), str(ROOT)]
    done = subprocess.run(command, cwd=out, capture_output=True, text=True, timeout=240)
    assert done.returncode == 0, done.stdout + done.stderr
    assert len(list(out.glob("*.tar.gz"))) == 1
    (path,) = out.glob("*.whl")
    return zipfile.ZipFile(path)


def files_of_the_tree() -> set[str]:
    found = (path for room in ROOMS for path in (ROOT / room).rglob("*") if path.is_file())
    kept = (path for path in found if "__pycache__" not in path.parts)
    return {f"edgead/{path.relative_to(ROOT).as_posix()}" for path in kept}


@pytest.mark.slow
def test_the_wheel_holds_the_tree(wheel: zipfile.ZipFile) -> None:
    packed = {
        name for name in wheel.namelist() if not PurePosixPath(name).parts[0].endswith(".dist-info")
    }
    assert "edgead/console/cli.py" in packed
    assert packed == files_of_the_tree()


@pytest.mark.slow
def test_both_scripts_lead_to_a_function(wheel: zipfile.ZipFile) -> None:
    (listed,) = (name for name in wheel.namelist() if name.endswith("/entry_points.txt"))
    parser = configparser.ConfigParser()
    parser.read_string(wheel.read(listed).decode())
    scripts = dict(parser["console_scripts"])
    assert set(scripts) == {"edgead-console", "edgead-agent"}
    for target in scripts.values():
        module, _, function = target.partition(":")
        source = wheel.read(module.replace(".", "/") + ".py").decode()
        assert f"def {function}(" in source


@pytest.mark.slow
def test_the_licence_is_in(wheel: zipfile.ZipFile) -> None:
    assert any(name.endswith("licenses/LICENSE") for name in wheel.namelist())


def test_every_package_asked_for_is_pinned() -> None:
    project = tomli.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    wanted = [*project["dependencies"], *project["optional-dependencies"]["dev"]]
    pins = [
        line
        for line in (ROOT / "constraints.txt").read_text("utf-8").splitlines()
        if line[0] != "#"
    ]
    assert all(re.match(r"[a-z0-9-]+==[0-9][^ ;]*(?:; python_version .*)?$", pin) for pin in pins)
    names = {re.split(r"[^A-Za-z0-9_.-]", line)[0].lower().replace("_", "-") for line in wanted}
    assert names <= {pin.partition("==")[0] for pin in pins}
