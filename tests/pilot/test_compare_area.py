"""The area where runs stand beside the paper and each other."""

from __future__ import annotations

import dataclasses
import json

import pytest
from fakes import FakeSession, demo_session
from test_plots import SIZES, text_of

from edgead.console.tui.app import ConsoleApp
from edgead.console.tui.screens.compare import CompareScreen, Tables
from edgead.console.tui.themes import DARK, LIGHT
from edgead.console.tui.widgets.loss import LossPlot
from edgead.console.tui.widgets.run_list import RunList
from edgead.console.tui.widgets.tables import TableView


def three_runs() -> FakeSession:
    """The demo, and a third run that differs from its second in the seed."""
    session = demo_session(10)
    for trial, run in ((session.reference, "T-001"), (session.trial, "T-002")):
        trial.run = run
    other = demo_session(10).trial
    other.run, other.spec = "T-003", dataclasses.replace(other.spec, seed=2)
    session.others = [other]
    return session


@pytest.fixture
def area(until, tmp_path, monkeypatch):
    """Open the area, its tables there, in a folder of its own."""
    monkeypatch.chdir(tmp_path)

    async def opened(pilot) -> CompareScreen:
        await pilot.press("3")
        await until(lambda: isinstance(pilot.app.screen, CompareScreen))
        await until(lambda: pilot.app.screen.query(TableView))
        return pilot.app.screen

    return opened


def app_of(session: FakeSession, tmp_path) -> ConsoleApp:
    return ConsoleApp(session, tmp_path / "crashes")


def tables_of(screen: CompareScreen) -> str:
    return screen.query_one(Tables).copy_text()


async def test_the_sessions_trials_stand_beside_the_paper(area, tmp_path):
    app = app_of(three_runs(), tmp_path)
    async with app.run_test(size=(120, 36)) as pilot:
        text = tables_of(await area(pilot))
        for said in ("Table 4.1", "Section 4.1.2", "Table 4.3", "Energy", "T-001", "T-002"):
            assert said in text
        assert "T-003" not in text


async def test_marked_runs_are_compared_and_meant(area, until, tmp_path):
    app = app_of(three_runs(), tmp_path)
    async with app.run_test(size=(120, 36)) as pilot:
        screen = await area(pilot)
        await pilot.press("r")
        await until(lambda: screen.query_one(RunList).has_focus)
        await pilot.press("home", "space", "space")  # T-003 and T-002
        await until(lambda: "mean±σ fast·3 n=2" in tables_of(screen))
        assert "T-001" not in tables_of(screen)
        assert [state.run for state in screen.query_one(LossPlot).overlaid] == ["T-002", "T-003"]
        await pilot.press("b")
        await until(lambda: "T-002 fast·3" not in tables_of(screen))
        assert "±" in tables_of(screen)
        await pilot.press("b", "home", "enter", "enter")  # the marks off again
        await until(lambda: "T-001" in tables_of(screen))


async def test_a_marked_run_that_gets_on_is_read_again(area, until, tmp_path):
    session = three_runs()
    done = session.others
    going = dataclasses.replace(done[0], state="running", epochs=done[0].epochs[:2])
    session.others = [going]
    app = app_of(session, tmp_path)
    async with app.run_test(size=(120, 36)) as pilot:
        screen = await area(pilot)
        curves = screen.query_one(LossPlot)
        screen.query_one(RunList).focus()
        await pilot.press("home", "space")
        await until(lambda: list(curves.overlaid) == [going])
        session.others = done
        app.changed()
        await until(lambda: list(curves.overlaid) == done)


async def test_curves_are_overlaid(area, until, tmp_path):
    app = app_of(three_runs(), tmp_path)
    async with app.run_test(size=(120, 36)) as pilot:
        screen = await area(pilot)
        await pilot.press("v")
        curves = screen.query_one(LossPlot)
        await until(lambda: curves.display and "distributed" in text_of(curves))
        assert "2 runs" in str(curves.border_title)
        await pilot.press("l")
        assert "linear" in str(curves.border_title)


FORMATS = [("m", "md"), ("c", "csv"), ("j", "json"), ("t", "tex"), ("s", "svg"), ("p", "png")]


@pytest.mark.parametrize(("key", "suffix"), FORMATS)
async def test_every_format_is_a_key_away(area, until, tmp_path, key, suffix):
    app = app_of(three_runs(), tmp_path)
    async with app.run_test(size=(80, 24)) as pilot:
        await area(pilot)
        await pilot.press("e")
        await until(lambda: len(app.screen_stack) == 2)
        await pilot.press(key)
        path = tmp_path / f"comparison-T-001-T-002.{suffix}"
        await until(path.exists)
        content = path.read_bytes()
        if suffix == "json":
            assert json.loads(content.splitlines()[0])["kind"] == "comparison"
        assert len(content) > 500


async def test_with_nothing_to_compare_it_says_what_to_press(tmp_path, until):
    app = app_of(FakeSession(), tmp_path)
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("3")
        await until(lambda: isinstance(app.screen, CompareScreen))
        assert app.screen.query_one("#nothing").display
        await pilot.press("e")
        await pilot.pause()
        assert len(app.screen_stack) == 1


LOOKS = [(size, DARK.name, "tables") for size in SIZES] + [(SIZES[1], LIGHT.name, "curves")]


@pytest.mark.parametrize(("size", "theme", "view"), LOOKS, ids=str)
def test_look(snap_compare, until, tmp_path, size, theme, view):
    async def opened(pilot) -> None:
        pilot.app.theme = theme
        await pilot.press("3")
        await until(lambda: pilot.app.screen.query(TableView))
        pilot.app.screen.action_view(view)
        await pilot.pause()
        await pilot.pause()

    app = app_of(three_runs(), tmp_path)
    assert snap_compare(app, terminal_size=size, run_before=opened)
