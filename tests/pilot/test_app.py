"""Every key of the app, pressed; and what is shown when things change or break."""

from __future__ import annotations

import gc
import os
import stat

import pytest
from fakes import FakeSession, demo_session
from textual.widgets._footer import FooterKey

from edgead.console.errors import UnreachableError, UsageError
from edgead.console.narration import Sentence
from edgead.console.tui.app import ConsoleApp
from edgead.console.tui.screens.compare import CompareScreen
from edgead.console.tui.screens.fleet import FleetScreen
from edgead.console.tui.screens.help import Help
from edgead.console.tui.screens.jump import Jump
from edgead.console.tui.screens.logs import LogsScreen
from edgead.console.tui.screens.trial import TrialScreen
from edgead.console.tui.widgets.events import EventLog
from edgead.console.tui.widgets.fleet import FleetTable
from edgead.console.tui.widgets.header import TrialBar
from edgead.console.tui.widgets.loss import LossPlot
from edgead.console.tui.widgets.seconds import SecondsPlot


def app_of(session: FakeSession, tmp_path) -> ConsoleApp:
    return ConsoleApp(session, tmp_path / "crashes")


def chosen(app) -> str:
    """Give the text of what enter would do in the command palette."""
    found = app.screen.query_one("CommandList")
    if found.highlighted is None or found.highlighted >= found.option_count:
        return ""
    hit = getattr(found.get_option_at_index(found.highlighted), "hit", None)
    return str(hit.text).casefold() if hit is not None else ""


def text_of(widget) -> str:
    """Give what a widget drawn in lines shows."""
    return "\n".join(widget.render_line(y).text for y in range(widget.size.height))


async def test_the_main_screen_shows_the_session(tmp_path, until):
    app = app_of(demo_session(6), tmp_path)
    async with app.run_test(size=(120, 36)):
        loss = app.screen.query_one(LossPlot)
        await until(lambda: "0.00" in text_of(loss))
        assert "distrib" in text_of(loss) and "central" in text_of(loss)
        assert "worker 2" in text_of(app.screen.query_one(FleetTable))
        await until(lambda: "epoch 6/10" in text_of(app.screen.query_one(EventLog)))
        assert "paper 20–25 s" in text_of(app.screen.query_one(SecondsPlot))
        assert "T-002" in app.screen.query_one(TrialBar).render().plain


async def test_changes_are_shown_and_many_of_them_at_once(tmp_path, until):
    session = demo_session(6)
    app = app_of(session, tmp_path)
    async with app.run_test(size=(120, 36)):
        log = app.screen.query_one(EventLog)
        drawn: list[int] = []
        update, log.update = log.update, lambda: (drawn.append(1), update())
        for number in range(500):
            session.sentences.append(Sentence("", "info", "x", f"line {number}"))
            session.changed()
        await until(lambda: "line 499" in text_of(log))
        assert len(drawn) < 5


async def test_an_error_of_the_session_is_shown_in_one_line(tmp_path, until):
    session = demo_session(6)
    session.error = UsageError("no [red]board\x1b[31m")
    app = app_of(session, tmp_path)
    async with app.run_test() as pilot:
        await pilot.press("1", "r")
        await until(lambda: app._notifications)
        assert [note.message for note in app._notifications] == ["no [red]board\\x1b[31m"]


async def test_the_keys_1_to_4_lead_to_the_areas(tmp_path, until):
    app = app_of(demo_session(10), tmp_path)
    areas = (("1", FleetScreen), ("2", TrialScreen), ("3", CompareScreen), ("4", LogsScreen))
    async with app.run_test(size=(120, 36)) as pilot:
        for key, screen in (*areas, *reversed(areas)):
            await pilot.press(key)
            await until(lambda wanted=screen: isinstance(app.screen, wanted))
        fleet = app.screen
        await pilot.press("2", "1")
        await until(lambda: app.screen is fleet)  # as it was left


async def test_an_area_opened_later_shows_what_has_changed(tmp_path, until):
    session = demo_session(6)
    app = app_of(session, tmp_path)
    async with app.run_test(size=(120, 36)) as pilot:
        await pilot.press("1", "2")
        await until(lambda: isinstance(app.screen, TrialScreen))
        session.fleet.statuses["node-2"].state = "lost"
        session.changed()
        await until(lambda: "✖ lost" in text_of(app.screen.query_one(FleetTable)))
        await pilot.press("1")
        await until(lambda: isinstance(app.screen, FleetScreen))
        await until(lambda: "✖ lost" in text_of(app.screen.query_one(FleetTable)))


async def test_without_trials_it_begins_with_the_fleet_else_with_the_trial(tmp_path, until):
    session = FakeSession()
    session.nodes.undecided = True
    session.read_only = True
    app = app_of(session, tmp_path)
    async with app.run_test(size=(80, 24)):
        await until(lambda: isinstance(app.screen, FleetScreen))
        assert "read-only" in app.screen.query_one(TrialBar).render().plain


async def test_read_only_refuses_what_changes_and_offers_the_rest(tmp_path, until):
    session = demo_session(6)
    session.read_only = True
    app = app_of(session, tmp_path)
    async with app.run_test(size=(120, 36)) as pilot:
        await pilot.press("s", "x", "R", "D", "e", "plus")
        await pilot.press("1", "e", "E", "exclamation_mark")
        await pilot.pause()
        assert session.asked == [] and isinstance(app.screen, FleetScreen)
        await pilot.press("3", "e")
        await pilot.pause()
        assert isinstance(app.screen, CompareScreen)
        assert "Screenshot" not in {each.title for each in app.get_system_commands(app.screen)}
        await pilot.press("1", "r")
        await until(lambda: session.asked == ["check node-1"])
        await pilot.press("q")
        await until(lambda: app.return_value is not None)  # nothing is asked
    assert session.asked[-1] == "close stop=False"


async def test_jump_mode_goes_where_its_letter_stands(tmp_path, until):
    app = app_of(demo_session(6), tmp_path)
    async with app.run_test(size=(120, 36)) as pilot:
        await pilot.press("g")
        await until(lambda: isinstance(app.screen, Jump))
        marks = list(app.screen.query(".mark"))
        assert [str(mark.render()) for mark in marks] == ["a", "b", "c", "d", "e"]
        last = app.screen_stack[0].focus_chain[-1]
        assert marks[-1].region.offset == last.region.offset
        await pilot.press("e")
        await until(lambda: app.focused is last)
        await pilot.press("g")
        await until(lambda: isinstance(app.screen, Jump))
        await pilot.press("escape")
        await until(lambda: isinstance(app.screen, TrialScreen))
        assert app.focused is last


async def test_the_palette_finds_nodes_and_trials_and_does_it(tmp_path, until):
    session = demo_session(6)
    app = app_of(session, tmp_path)
    async with app.run_test(size=(120, 36)) as pilot:
        for words, asked in (
            ("check node-2", "check node-2"),
            ("rerun T-002", "rerun T-002"),
        ):
            await pilot.press("ctrl+p")
            await until(lambda: "CommandPalette" in type(app.screen).__name__)
            await pilot.press(*(key if key != " " else "space" for key in words))
            typed = words.casefold().split()
            await until(lambda typed=typed: all(word in chosen(app) for word in typed))
            await pilot.press("enter")
            await until(lambda wanted=asked: wanted in session.asked)


async def test_c_compares_and_escape_goes_back(tmp_path, until):
    app = app_of(demo_session(10), tmp_path)
    async with app.run_test(size=(120, 36)) as pilot:
        await pilot.press("c")
        await until(lambda: isinstance(app.screen, CompareScreen))
        await pilot.press("y")
        await until(lambda: "Table 4.1" in app.clipboard)
        assert "0.9560" in app.clipboard
        await pilot.press("escape")
        await until(lambda: isinstance(app.screen, TrialScreen))


async def test_help_lists_every_key_of_the_screen(tmp_path, until):
    app = app_of(demo_session(6), tmp_path)
    async with app.run_test(size=(120, 36)) as pilot:
        await pilot.press("question_mark")
        await until(lambda: isinstance(app.screen, Help))
        shown = str(app.screen.query_one("#keys").render())
        keys = [line.split("  ")[0].split() for line in map(str.strip, shown.splitlines())]
        told = {key for line in keys for key in line}
        everywhere = {
            "1",
            "2",
            "3",
            "4",
            "s",
            "x",
            "a",
            "?",
            "q",
            "c",
            "h",
            "n",
            "+",
            "Y",
            "g",
            "t",
        }
        here = {"d", "r", "o", "R", "e", "F", "D", "[", "]", "l", "p", "<", ">", ",", ".", "v", "f"}
        of_lists = {"space", "*", "↑", "↓", "home", "end"}
        assert everywhere | here | of_lists | {"m", "y", "tab", "^p"} <= told
        await pilot.press("escape")
        await until(lambda: isinstance(app.screen, TrialScreen))


async def test_t_changes_the_theme(tmp_path):
    app = app_of(demo_session(6), tmp_path)
    async with app.run_test() as pilot:
        await pilot.press("t")
        assert app.theme == "edgead-light"
        await pilot.press("t")
        assert app.theme == "edgead-dark"


async def test_tab_goes_through_the_panels(tmp_path):
    app = app_of(demo_session(6), tmp_path)
    async with app.run_test(size=(120, 36)) as pilot:
        seen = []
        for _ in range(5):
            seen.append(app.focused.id)
            await pilot.press("tab")
        assert sorted(seen) == ["events", "fleet", "loss", "seconds", "trials"]
        assert app.focused.id == seen[0]


async def test_keys_that_are_shown_no_more_are_let_go(tmp_path):
    app = app_of(demo_session(6), tmp_path)
    async with app.run_test(size=(120, 36)) as pilot:

        async def around() -> int:
            await pilot.press("1", "3", "4", "2")
            await pilot.pause()
            gc.collect()
            return sum(isinstance(each, FooterKey) for each in gc.get_objects())

        await around()
        once = await around()
        for _ in range(5):
            again = await around()
        assert again <= once


async def test_the_palette_opens(tmp_path, until):
    app = app_of(demo_session(6), tmp_path)
    async with app.run_test(size=(120, 36)) as pilot:
        await pilot.press("ctrl+p")
        await until(lambda: "CommandPalette" in type(app.screen).__name__)


async def test_a_lost_node_shows_no_numbers(tmp_path):
    session = demo_session(6, lost=True)
    # An owner that forgot to take the old sample away must not make the node look alive.
    nodes = list(session.fleet.statuses.values())
    nodes[2].telemetry = nodes[0].telemetry
    app = app_of(session, tmp_path)
    async with app.run_test(size=(120, 36)) as pilot:
        await pilot.press("1")
        row = app.screen.query_one(FleetTable).render_line(3).text
        assert "✖ lost" in row and "%" not in row and "GB" not in row and row.count("—") >= 5


async def test_the_header_says_synthetic(tmp_path):
    session = demo_session(6)
    session.trial.synthetic = True
    app = app_of(session, tmp_path)
    async with app.run_test(size=(80, 24)):
        assert "synthetic" in app.screen.query_one(TrialBar).render().plain


async def test_markup_and_control_characters_stay_text(tmp_path, until):
    session = demo_session(6)
    session.sentences.append(Sentence("x", "error", "[b]", "[red]a\x1b]52;c;x\x07 $PATH"))
    app = app_of(session, tmp_path)
    async with app.run_test(size=(120, 36)):
        await until(lambda: "[red]a·]52;c;x· $PATH" in text_of(app.screen.query_one(EventLog)))


async def test_a_diverging_trial_does_no_harm(tmp_path, until):
    session = demo_session(6)
    nasty = (float("nan"), float("inf"), -1.0, 0.0, 1e308, -1e308)
    for epoch, value in enumerate(nasty, 7):
        session.take("step", 99, epoch=epoch, step=1, steps=2, loss=value)
        session.take("epoch", 99, epoch=epoch * 10**6, epochs=10, loss=value, seconds=value)
    session.take("epoch", 99, epoch=-7, epochs=10, loss=1.0, seconds=1.0)
    app = app_of(session, tmp_path)
    async with app.run_test(size=(120, 36)) as pilot:
        loss = app.screen.query_one(LossPlot)
        await until(lambda: "distrib" in text_of(loss))
        await pilot.press("l", "right_square_bracket", "l", "c")
        await pilot.pause()


async def test_every_size_is_survived(tmp_path):
    app = app_of(demo_session(6, lost=True), tmp_path)
    async with app.run_test(size=(80, 24)) as pilot:
        for size in ((1, 1), (10, 3), (20, 8), (99, 29), (170, 20), (300, 100), (40, 60)):
            await pilot.resize_terminal(*size)
            await pilot.pause()
        assert "node-1" in text_of(app.screen.query_one(FleetTable))


async def test_a_session_that_cannot_go_on_ends_the_app(tmp_path, until):
    session = FakeSession()
    session.crash = UnreachableError("node-1 can't be reached")
    app = app_of(session, tmp_path)
    async with app.run_test():
        await until(lambda: app.return_value is not None)
    assert (app.return_value, app.return_code) == (3, 3)


async def test_a_crash_leaves_a_report_without_values(tmp_path, capsys):
    session = FakeSession()
    session.crash = RuntimeError("password=hunter2 broke it")
    app = app_of(session, tmp_path)
    with pytest.raises(Exception, match="broke it"):
        async with app.run_test() as pilot:
            await pilot.pause()
    assert len(capsys.readouterr().err.splitlines()) == 1
    (report,) = (tmp_path / "crashes").iterdir()
    text = report.read_text()
    assert app.return_code == 1
    assert "RuntimeError" in text and "in run" in text and "hunter2" not in text
    if os.name == "posix":
        assert stat.S_IMODE(report.stat().st_mode) == 0o600


async def test_the_event_log_follows_until_somebody_scrolls_up(tmp_path):
    session = demo_session(6)
    app = app_of(session, tmp_path)
    async with app.run_test(size=(120, 36)) as pilot:
        log = app.screen.query_one(EventLog)
        for number in range(40):
            session.sentences.append(Sentence("2026-01-01T00:00:00Z", "info", "a", f"n{number}"))
            log.update()
            await pilot.pause()
        assert log.newer == 0 and "n39" in text_of(log)
        log.focus()
        await pilot.press("up", "up", "up")
        shown = text_of(log)
        assert "n39" not in shown
        session.sentences.append(Sentence("2026-01-01T00:00:00Z", "info", "a", "later"))
        log.update()
        assert text_of(log) == shown and log.newer == 4
        await pilot.press("home")
        assert session.sentences[0].text in text_of(log)
        await pilot.press("end")
        assert log.newer == 0 and "later" in text_of(log)
        await pilot.press("pageup", "pagedown")
        assert log.newer == 0
