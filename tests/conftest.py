"""What every test may use: where the shared data is, and a home of its own."""

import asyncio
import os
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from testbed.fixtures import boards

__all__ = ["boards"]

# The same on every run; and a busy machine is slow, not wrong.
settings.register_profile(
    "any machine",
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile("any machine")

SHARED = Path(__file__).parent.parent.parent / "shared" / "data"


@pytest.fixture
def until():
    """Wait until something holds; fail after half a minute."""

    async def wait(holds: Callable[[], object]) -> None:
        async with asyncio.timeout(30):
            while not holds():  # noqa: ASYNC110 - anything may be waited for
                await asyncio.sleep(0.01)

    return wait


@pytest.fixture
def kdd99_folder():
    """The folder that holds the real kdd99/; a test that needs it fails without it."""
    folder = Path(os.environ.get("EDGEAD_DATA", SHARED))
    assert (folder / "kdd99").is_dir(), f"no kdd99/ in {folder}: set EDGEAD_DATA"
    return folder


@pytest.fixture
def jetson_folder():
    """The folder with what real boards print; a test that needs it fails without it."""
    folder = SHARED / "jetson"
    assert folder.is_dir(), f"no {folder}"
    return folder


@pytest.fixture(scope="module")
def legacy_keras():
    """Choose Keras 2 for TensorFlow, and not for the programs that other tests start."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TF_USE_LEGACY_KERAS", "1")
        yield


@pytest.fixture
def home(tmp_path, monkeypatch):
    """A fresh $EDGEAD_HOME, with no cluster file and no data set from outside."""
    folder = tmp_path / "home"
    monkeypatch.setenv("EDGEAD_HOME", str(folder))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))  # of the nodes on this machine
    monkeypatch.delenv("EDGEAD_CLUSTER", raising=False)
    monkeypatch.delenv("EDGEAD_DATA", raising=False)
    monkeypatch.chdir(tmp_path)
    return folder
