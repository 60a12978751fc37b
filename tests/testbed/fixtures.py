"""The pytest fixture that makes virtual boards."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NoReturn, Protocol

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


def refuse(reason: str) -> NoReturn:
    """Skip the test, or fail it in CI, where boards can be made or something is wrong."""
    if os.environ.get("CI"):
        pytest.fail(reason)
    pytest.skip(reason)


@pytest.fixture
def boards(tmp_path: Path) -> Iterator[BoardMaker]:
    """Make boards, and take them down after the test, however it ends."""
    reason = missing()
    if reason is not None:
        refuse(reason)
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
