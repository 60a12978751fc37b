"""The pytest fixture that makes virtual boards."""

from __future__ import annotations

import itertools
import os
from collections.abc import Collection, Iterator, Sequence
from contextlib import ExitStack
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
        self,
        count: int,
        *,
        jetpacks: Sequence[str] = JETPACKS,
        docker: bool = False,
        contained: Collection[str] = (),
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
    folders = (tmp_path / f"boards-{number}" for number in itertools.count(1))

    def make(
        count: int,
        *,
        jetpacks: Sequence[str] = JETPACKS,
        docker: bool = False,
        contained: Collection[str] = (),
    ) -> list[Board]:
        testbed = Testbed.start(
            next(folders), count, jetpacks=jetpacks, docker=docker, contained=contained
        )
        ends.callback(testbed.stop)
        return testbed.boards

    with ExitStack() as ends:
        yield make
