"""The pytest fixture that makes virtual boards."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Protocol

import pytest

from testbed.board import Board
from testbed.requirements import missing
from testbed.root import JETPACKS
from testbed.testbed import Testbed


class BoardMaker(Protocol):
    """boards(n): n boards that answer on SSH, gone after the test."""

    def __call__(
        self, count: int, *, jetpacks: Sequence[str] = JETPACKS, docker: bool = False
    ) -> list[Board]: ...


@pytest.fixture
def boards(tmp_path: Path) -> Iterator[BoardMaker]:
    """Make boards; where they can't be made, the test is skipped, and fails in CI."""
    reason = missing()
    if reason is not None:
        pytest.fail(reason) if os.environ.get("CI") else pytest.skip(reason)
    testbeds: list[Testbed] = []

    def make(
        count: int, *, jetpacks: Sequence[str] = JETPACKS, docker: bool = False
    ) -> list[Board]:
        folder = tmp_path / f"boards-{len(testbeds)}"
        testbeds.append(Testbed.start(folder, count, jetpacks=jetpacks, docker=docker))
        return testbeds[-1].boards

    yield make
    for testbed in testbeds:
        testbed.stop()
