"""How the app looks, at each of its layouts; `pytest --snapshot-update` takes new pictures."""

from __future__ import annotations

from pathlib import Path

import pytest
from fakes import FakeSession, demo_session
from test_fleet_screens import fleet_session

from edgead.console.app import ConsoleApp
from edgead.console.screens.compare import CompareScreen
from edgead.console.widgets.tables import TableView

SIZES = [(80, 24), (120, 36), (200, 50)]


@pytest.fixture
def settled(until):
    """Wait for the screen that the keys lead to, drawn."""

    def after(*keys: str):
        async def run(pilot) -> None:
            await pilot.press(*keys)
            if isinstance(pilot.app.screen, CompareScreen):
                await until(lambda: pilot.app.screen.query(TableView))
            await pilot.pause()
            await pilot.pause()

        return run

    return after


def app_of(session: FakeSession) -> ConsoleApp:
    return ConsoleApp(session, Path("crashes"))


@pytest.mark.parametrize("size", SIZES)
def test_main_dark(snap_compare, settled, size):
    assert snap_compare(app_of(demo_session(6)), terminal_size=size, run_before=settled("1"))


def test_main_light_with_a_lost_node(snap_compare, settled):
    app = app_of(demo_session(6, lost=True))
    assert snap_compare(app, terminal_size=(120, 36), run_before=settled("1", "t"))


def test_bars_on_a_narrow_screen(snap_compare, settled):
    assert snap_compare(app_of(demo_session(10)), run_before=settled("2"))


def test_events_on_a_narrow_screen(snap_compare, settled):
    assert snap_compare(app_of(demo_session(6, lost=True)), run_before=settled("3"))


@pytest.mark.parametrize("size", SIZES[:2])
def test_compare(snap_compare, settled, size):
    assert snap_compare(app_of(demo_session(10)), terminal_size=size, run_before=settled("c"))


def test_nothing_yet(snap_compare, settled):
    assert snap_compare(app_of(FakeSession()), run_before=settled())


def test_leaving_a_running_trial(snap_compare, settled):
    app = app_of(demo_session(6))
    assert snap_compare(app, terminal_size=(120, 36), run_before=settled("q"))


@pytest.mark.parametrize("size", SIZES)
def test_health(snap_compare, settled, size):
    app = app_of(fleet_session())
    assert snap_compare(app, terminal_size=size, run_before=settled("h", "down"))


@pytest.mark.parametrize("size", SIZES)
def test_node_lanes(snap_compare, settled, size):
    assert snap_compare(app_of(fleet_session()), terminal_size=size, run_before=settled("n"))


def test_a_lost_node_in_light(snap_compare, settled):
    app = app_of(fleet_session())
    assert snap_compare(app, terminal_size=(80, 24), run_before=settled("t", "n", "["))
