"""The boards that all of these tests share."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from faults.lab import Lab
from testbed.fixtures import refuse
from testbed.requirements import missing
from testbed.testbed import Testbed


@pytest.fixture(scope="package")
def boards_of_lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    """Three boards for all cases."""
    reason = missing()
    if reason is not None:
        refuse(reason)
    testbed = Testbed.start(tmp_path_factory.mktemp("boards"), 3)
    try:
        yield Lab(testbed)
    finally:
        testbed.stop()


@pytest.fixture
def lab(boards_of_lab: Lab) -> Iterator[Lab]:
    """The boards, whole again after the test."""
    try:
        yield boards_of_lab
    finally:
        boards_of_lab.mend()
