"""The area of the logs: choosing, searching, filtering, copying."""

from __future__ import annotations

from fakes import demo_session
from test_app import app_of, text_of
from textual.widgets import OptionList

from edgead.console.errors import UsageError
from edgead.console.tui.screens.logs import LogsScreen
from edgead.console.tui.widgets.log_view import LogView

LINES = [*(f"line {number}" for number in range(200)), "Traceback: x", "warning: y", "the end"]


async def opened(app, pilot, until) -> LogView:
    await pilot.press("4")
    await until(lambda: isinstance(app.screen, LogsScreen) and app.screen.query(LogView))
    sources = 1 + len(app.session.logs.sources())
    await until(lambda: app.screen.query_one(OptionList).option_count == sources)
    return app.screen.query_one(LogView)


async def test_what_happened_is_the_first_log(tmp_path, until):
    session = demo_session(6, lost=True)
    app = app_of(session, tmp_path)
    async with app.run_test(size=(120, 36)) as pilot:
        log = await opened(app, pilot, until)
        await until(lambda: "node-3 stopped answering" in text_of(log))
        await pilot.press("f")
        await until(lambda: "epoch" not in text_of(log) and "lost" in text_of(log))


async def test_another_log_is_chosen_searched_and_copied(tmp_path, until):
    session = demo_session(6)
    session.logs.texts["T-002 console.log"] = LINES
    app = app_of(session, tmp_path)
    async with app.run_test(size=(80, 24)) as pilot:
        log = await opened(app, pilot, until)
        await pilot.press("down")
        await until(lambda: "the end" in text_of(log))  # it begins at its end
        await pilot.press("slash")
        await pilot.press(*"LINE 1")
        await until(lambda: "111/111" in str(log.border_title))
        await pilot.press("enter", "n")
        await until(lambda: "1/111" in str(log.border_title) and "line 1 " in text_of(log))
        await pilot.press("N", "N")
        await until(lambda: "110/111" in str(log.border_title))
        await pilot.press("slash")
        await pilot.press(*"zz")
        await until(lambda: "not found" in str(log.border_title))
        await pilot.press("escape", "f")
        await until(lambda: text_of(log).split("\n")[0].startswith("Traceback"))
        await pilot.press("y")
        assert app.clipboard == "Traceback: x\nwarning: y"


async def test_a_log_that_grows_is_followed_until_somebody_scrolls_up(tmp_path, until):
    session = demo_session(6)
    texts = session.logs.texts
    texts["log"] = list(LINES)
    app = app_of(session, tmp_path)
    async with app.run_test(size=(120, 36)) as pilot:
        log = await opened(app, pilot, until)
        await pilot.press("down")
        await until(lambda: "the end" in text_of(log))
        texts["log"] = [*LINES, "one more"]
        await pilot.press("r")
        await until(lambda: "one more" in text_of(log))
        log.scroll_to(y=5, animate=False, immediate=True)
        texts["log"] = [*LINES, "one more", "two more"]
        await pilot.press("r")
        await until(lambda: "205 lines" in str(log.border_subtitle))
        assert log.scroll_offset.y == 5


async def test_a_log_that_cannot_be_read_says_why(tmp_path, until):
    session = demo_session(6)
    session.logs.texts["gone"] = []

    async def read(key):
        raise UsageError("node-1: docker is not installed \x1b[2J")

    session.logs.read = read
    app = app_of(session, tmp_path)
    async with app.run_test(size=(80, 24)) as pilot:
        log = await opened(app, pilot, until)
        await pilot.press("down")
        await until(lambda: "✖ node-1: docker is not installed \\x1b[2J" in text_of(log))
