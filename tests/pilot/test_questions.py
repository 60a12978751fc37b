"""What is asked before something that can't be undone, and every way to answer it."""

from __future__ import annotations

import pytest
from fakes import FakeSession, demo_session
from test_app import app_of

from edgead.console.tui.screens.question import Choice, Question
from edgead.console.tui.screens.trial import TrialScreen


async def test_x_stops_only_when_confirmed(tmp_path, until):
    session = demo_session(6)
    app = app_of(session, tmp_path)
    async with app.run_test() as pilot:
        await pilot.press("x")
        await until(lambda: isinstance(app.screen, Question))
        await pilot.press("escape")
        await until(lambda: isinstance(app.screen, TrialScreen))
        assert session.asked == []
        await pilot.press("x")
        await until(lambda: isinstance(app.screen, Question))
        await pilot.press("y")
        assert app.clipboard == "edgead-console trial stop T-002"
        await pilot.press("x")
        await until(lambda: session.asked == ["stop"])


async def test_x_does_nothing_without_a_trial(tmp_path):
    app = app_of(FakeSession(), tmp_path)
    async with app.run_test() as pilot:
        await pilot.press("x")
        await pilot.pause()
        assert isinstance(app.screen, TrialScreen)


@pytest.mark.parametrize("key", ["q", "ctrl+q", "ctrl+c"])
async def test_quitting_without_a_trial_asks_nothing(tmp_path, until, key):
    session = FakeSession()
    app = app_of(session, tmp_path)
    async with app.run_test() as pilot:
        await pilot.press(key)
        await until(lambda: app.return_value is not None)
    assert (session.asked, app.return_value) == (["close stop=False"], 0)


@pytest.mark.parametrize(("answer", "stop"), [("l", False), ("s", True)])
async def test_quitting_asks_what_becomes_of_a_running_trial(tmp_path, until, answer, stop):
    session = demo_session(6)
    app = app_of(session, tmp_path)
    async with app.run_test() as pilot:
        await pilot.press("q")
        await until(lambda: isinstance(app.screen, Question))
        await pilot.press("escape")
        await until(lambda: isinstance(app.screen, TrialScreen))
        assert session.asked == []
        await pilot.press("q")
        await until(lambda: isinstance(app.screen, Question))
        await pilot.press(answer)
        await until(lambda: app.return_value is not None)
    assert session.asked == [f"close stop={stop}"]


async def test_a_question_is_answered_by_mouse_too(tmp_path, until):
    session = demo_session(6)
    app = app_of(session, tmp_path)
    async with app.run_test() as pilot:
        await pilot.press("q")
        await until(lambda: isinstance(app.screen, Question))
        await pilot.pause()
        await pilot.click("#stop")
        await until(lambda: app.return_value is not None)
    assert session.asked == ["close stop=True"]


async def test_enter_presses_the_button_in_focus_and_no_other(tmp_path, until):
    session = demo_session(6)
    app = app_of(session, tmp_path)
    async with app.run_test() as pilot:
        choice = Choice("enter", "yes", "do it")
        answers: list[str | None] = []
        app.push_screen(Question("Sure?", "", (choice,)), answers.append)
        await until(lambda: isinstance(app.screen, Question))
        await pilot.press("down", "enter")
        await until(lambda: answers == [None])
        app.push_screen(Question("Sure?", "", (choice,)), answers.append)
        await until(lambda: isinstance(app.screen, Question))
        await pilot.press("enter")
        await until(lambda: answers == [None, "yes"])
