"""How the app looks, at each of its layouts; `pytest --snapshot-update` takes new pictures."""

from __future__ import annotations

from pathlib import Path

import pytest
from fakes import FakeSession, demo_session
from test_fleet_screens import fleet_session

from edgead.console.tui.app import ConsoleApp
from edgead.console.tui.screens.compare import CompareScreen
from edgead.console.tui.widgets.header import TrialBar
from edgead.console.tui.widgets.tables import TableView

SIZES = [(80, 24), (120, 36), (200, 50)]


@pytest.fixture
def settled(until):
    """Wait for the screen that the keys lead to, drawn."""

    def after(*keys: str):
        async def run(pilot) -> None:
            for key in keys:
                await pilot.press(key)
                await pilot.pause()
            if isinstance(pilot.app.screen, CompareScreen):
                await until(lambda: pilot.app.screen.query(TableView))
            await pilot.pause()
            await pilot.pause()

        return run

    return after


def app_of(session: FakeSession) -> ConsoleApp:
    return ConsoleApp(session, Path("crashes"))


THEMES = [(), ("t",)]  # the keys that lead to each


@pytest.mark.parametrize("theme", THEMES, ids=["dark", "light"])
@pytest.mark.parametrize("size", SIZES)
def test_trial(snap_compare, settled, size, theme):
    keys = settled(*theme)
    assert snap_compare(app_of(demo_session(6)), terminal_size=size, run_before=keys)


@pytest.mark.parametrize("theme", THEMES, ids=["dark", "light"])
@pytest.mark.parametrize("size", SIZES)
def test_fleet(snap_compare, settled, size, theme):
    keys = settled("1", *theme)
    assert snap_compare(app_of(fleet_session()), terminal_size=size, run_before=keys)


@pytest.mark.parametrize("view", [1, 2])
def test_views_of_a_narrow_trial(snap_compare, settled, view):
    app = app_of(demo_session(6, lost=True))
    assert snap_compare(app, run_before=settled(*["v"] * view))


def test_bars_on_a_narrow_screen(snap_compare, settled):
    keys = settled("right_square_bracket")
    assert snap_compare(app_of(demo_session(10)), run_before=keys)


@pytest.mark.parametrize("size", SIZES[:2])
def test_compare(snap_compare, settled, size):
    assert snap_compare(app_of(demo_session(10)), terminal_size=size, run_before=settled("c"))


@pytest.mark.parametrize("size", SIZES[:2])
def test_logs(snap_compare, settled, size):
    app = app_of(demo_session(6, lost=True))
    assert snap_compare(app, terminal_size=size, run_before=settled("4"))


def test_nothing_yet(snap_compare, settled):
    assert snap_compare(app_of(FakeSession()), run_before=settled())


def test_the_first_minute(snap_compare, settled):
    session = FakeSession()
    session.nodes.undecided = True
    assert snap_compare(app_of(session), run_before=settled())


def test_leaving_a_running_trial(snap_compare, settled):
    app = app_of(demo_session(6))
    assert snap_compare(app, terminal_size=(120, 36), run_before=settled("q"))


@pytest.mark.parametrize("size", SIZES)
def test_new_trial(snap_compare, settled, size):
    assert snap_compare(app_of(fleet_session()), terminal_size=size, run_before=settled("s"))


def test_actions_on_marked_rows(snap_compare, settled):
    keys = settled("1", "space", "space", "a")
    assert snap_compare(app_of(fleet_session()), run_before=keys)


def test_help(snap_compare, settled):
    app = app_of(demo_session(6))
    assert snap_compare(app, terminal_size=(120, 36), run_before=settled("question_mark"))


def test_a_flag(snap_compare, settled):
    assert snap_compare(app_of(demo_session(6, lost=True)), run_before=settled("F"))


def test_a_trial_described(snap_compare, settled):
    app = app_of(demo_session(10))
    assert snap_compare(app, terminal_size=(120, 36), run_before=settled("d"))


def test_a_replay(snap_compare, settled, until):
    app = app_of(demo_session(10))

    async def replaying(pilot) -> None:
        await settled("r")(pilot)
        await until(lambda: app.session.history.playing)
        app.screen.query_one(TrialBar).refresh()
        await pilot.pause()

    assert snap_compare(app, terminal_size=(120, 36), run_before=replaying)


@pytest.mark.parametrize("size", SIZES)
def test_health(snap_compare, settled, size):
    app = app_of(fleet_session())
    assert snap_compare(app, terminal_size=size, run_before=settled("h", "down"))


@pytest.mark.parametrize("size", SIZES)
def test_node(snap_compare, settled, size):
    assert snap_compare(app_of(fleet_session()), terminal_size=size, run_before=settled("n"))


def test_a_lost_node_in_light(snap_compare, settled):
    keys = settled("t", "n", "left_square_bracket")
    assert snap_compare(app_of(fleet_session()), terminal_size=(80, 24), run_before=keys)
