"""The area of the trials: its list, its plots, replays, and every key on them."""

from __future__ import annotations

from dataclasses import replace

import pytest
from fakes import FakeSession, demo_session
from test_app import app_of, text_of
from textual.widgets import Input, OptionList, Static

from edgead.console.runs.about import About
from edgead.console.runs.run_lines import RunLine
from edgead.console.tui.screens.describe import DescribeScreen
from edgead.console.tui.screens.edit_run import EditRun
from edgead.console.tui.screens.flags import FlagsScreen
from edgead.console.tui.screens.menu import ActionMenu
from edgead.console.tui.screens.node import NodeScreen
from edgead.console.tui.screens.question import Question
from edgead.console.tui.screens.trial import TrialScreen
from edgead.console.tui.widgets.events import EventLog
from edgead.console.tui.widgets.fleet import FleetTable
from edgead.console.tui.widgets.header import TrialBar
from edgead.console.tui.widgets.loss import LossPlot
from edgead.console.tui.widgets.plot_area import PlotArea
from edgead.console.tui.widgets.run_list import RunList
from edgead.console.tui.widgets.seconds import SecondsPlot

DISTRIBUTED, CENTRAL = "T-002", "T-001"


async def test_the_list_names_every_run_and_what_waits(tmp_path, until):
    session = demo_session(6)
    spec = replace(session.trial.spec, seed=7)
    session.trials.more = [RunLine("T-009", spec, About("later", "[b]why\x1b[2J"), "waiting")]
    app = app_of(session, tmp_path)
    async with app.run_test(size=(200, 50)):
        runs = app.screen.query_one(RunList)
        await until(lambda: "▶ running" in text_of(runs))
        shown = text_of(runs)
        assert "… waiting" in shown and "later · [b]why·" in shown and "✔ finished" in shown
        assert "1 waiting" in str(runs.border_subtitle)


async def test_enter_shows_a_trial_and_d_describes_it(tmp_path, until):
    session = demo_session(6)
    app = app_of(session, tmp_path)
    async with app.run_test(size=(120, 36)) as pilot:
        await pilot.press("down", "enter")
        await until(lambda: session.asked == [f"show {CENTRAL}"])
        await pilot.press("d")
        await until(lambda: isinstance(app.screen, DescribeScreen))
        await until(lambda: "first epoch" in str(app.screen.query_one("Static").render()))
        await pilot.press("y")
        assert "Spec" in app.clipboard and "dataset" in app.clipboard
        await pilot.press("escape")
        await until(lambda: isinstance(app.screen, TrialScreen))


async def test_marked_trials_are_deleted_together_once_confirmed(tmp_path, until):
    session = demo_session(10)
    app = app_of(session, tmp_path)
    async with app.run_test(size=(120, 36)) as pilot:
        await pilot.press("space", "space")
        assert "2 marked" in str(app.screen.query_one(RunList).border_title)
        await pilot.press("D")
        await until(lambda: isinstance(app.screen, Question))
        await pilot.press("y")
        assert app.clipboard == f"edgead-console trial delete {DISTRIBUTED} {CENTRAL} --yes"
        await pilot.press("D")
        await until(lambda: session.asked == [f"delete {DISTRIBUTED} {CENTRAL}"])
        await pilot.press("escape")
        assert not app.screen.query_one(RunList).marked
        await pilot.press("asterisk", "asterisk")
        assert not app.screen.query_one(RunList).marked


async def test_keys_for_the_trial_under_the_cursor(tmp_path, until):
    session = demo_session(10)
    app = app_of(session, tmp_path)
    async with app.run_test(size=(120, 36)) as pilot:
        await pilot.press("down", "R")
        await until(lambda: f"rerun {CENTRAL}" in session.asked)
        await pilot.press("o")
        await until(lambda: f"beside {CENTRAL}" in session.asked)
        await pilot.press("Y")
        assert app.clipboard == f"edgead-console trial show {CENTRAL}"


async def test_e_names_and_annotates(tmp_path, until):
    session = demo_session(10)
    app = app_of(session, tmp_path)
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("e")
        await until(lambda: isinstance(app.screen, EditRun))
        app.screen.query_one("#name", Input).value = "base"
        app.screen.query_one("#note", Input).value = "the first"
        await pilot.press("enter")
        await until(lambda: len(session.asked) == 2)
        assert session.asked == [f"rename {DISTRIBUTED} base", f"annotate {DISTRIBUTED} the first"]
        await pilot.press("e")
        await until(lambda: isinstance(app.screen, EditRun))
        await pilot.press("escape")
        await until(lambda: isinstance(app.screen, TrialScreen))
        assert len(session.asked) == 2


async def test_a_replay_is_paced_paused_stepped_and_left(tmp_path, until):
    session = demo_session(10)
    app = app_of(session, tmp_path)
    async with app.run_test(size=(120, 36)) as pilot:
        await pilot.press("p", "greater_than_sign")
        assert session.asked == []  # nothing is replayed yet
        await pilot.press("r")
        await until(lambda: session.asked == [f"replay {DISTRIBUTED} 5"])
        bar = app.screen.query_one(TrialBar)
        await until(lambda: "▷ replay 5× 0:03/1:00" in bar.render().plain)
        await pilot.press("greater_than_sign", "less_than_sign", "less_than_sign")
        await until(lambda: session.asked[1:] == ["pace 10", "pace 5", "pace 2"])
        await pilot.press("p", "full_stop", "comma")
        await until(lambda: session.asked[4:] == ["pause", "step 1", "step -1"])
        await pilot.press("escape")
        await until(lambda: session.asked[-1] == f"show {DISTRIBUTED}")


async def test_brackets_go_through_the_plots_and_l_changes_the_axis(tmp_path, until):
    app = app_of(demo_session(6), tmp_path)
    async with app.run_test(size=(80, 24)) as pilot:
        area = app.screen.query_one(PlotArea)
        loss, seconds = app.screen.query_one(LossPlot), app.screen.query_one(SecondsPlot)
        await pilot.press("l")
        assert (loss.logarithmic, seconds.logarithmic) == (False, True)
        await pilot.press("right_square_bracket")
        await until(lambda: app.focused is seconds)
        await pilot.press("l")
        assert (loss.logarithmic, seconds.logarithmic) == (False, False)
        assert (loss.display, seconds.display) == (False, True)
        await pilot.press("left_square_bracket")
        await until(lambda: app.focused is loss)
        await until(lambda: "● Loss" in str(area.query_one("#tabs", Static).render()))
        await pilot.click("#tabs", offset=(12, 0))
        await until(lambda: seconds.display)


async def test_two_plots_stand_side_by_side_where_there_is_room(tmp_path, until):
    app = app_of(demo_session(6), tmp_path)
    async with app.run_test(size=(120, 36)) as pilot:
        loss, seconds = app.screen.query_one(LossPlot), app.screen.query_one(SecondsPlot)
        await until(lambda: loss.region.y == seconds.region.y and seconds.region.x > 50)
        await pilot.resize_terminal(200, 50)
        await until(lambda: loss.region.x == seconds.region.x and seconds.region.y > 20)
        await pilot.resize_terminal(80, 24)
        await until(lambda: not seconds.display and loss.size.height > 8)


async def test_m_maximises_any_panel_and_undoes_it(tmp_path, until):
    app = app_of(demo_session(6), tmp_path)
    async with app.run_test(size=(120, 36)) as pilot:
        for name in ("trials", "fleet", "loss", "seconds", "events"):
            panel = app.screen.query_one(f"#{name}")
            panel.focus()
            await pilot.press("m")
            await until(lambda wanted=panel: app.screen.maximized is wanted)
            await pilot.press("m")
            await until(lambda: app.screen.maximized is None)


async def test_v_goes_through_the_views_of_a_narrow_screen(tmp_path, until):
    app = app_of(demo_session(6), tmp_path)
    async with app.run_test(size=(80, 24)) as pilot:
        for shown in ("trials", "events", "loss"):
            await pilot.press("v")
            await until(lambda wanted=shown: app.focused is app.screen.query_one(f"#{wanted}"))
            assert app.screen.query_one(RunList).display == (shown == "trials")
            assert app.screen.query_one(FleetTable).size.height == 4
            await until(lambda wanted=shown: app.screen.query_one(f"#{wanted}").size.height >= 7)


async def test_f_shows_only_faults_everywhere(tmp_path, until):
    app = app_of(demo_session(6, lost=True), tmp_path)
    async with app.run_test(size=(120, 36)) as pilot:
        log, fleet = app.screen.query_one(EventLog), app.screen.query_one(FleetTable)
        await pilot.press("f")
        assert {one.level for one in log.sentences()} == {"error"}
        assert "epoch" not in text_of(log)
        await until(lambda: "node-1" not in text_of(fleet) and "✖ lost" in text_of(fleet))
        await pilot.press("f")
        await until(lambda: "epoch" in text_of(log) and "node-1" in text_of(fleet))


async def test_y_copies_the_panel_in_focus(tmp_path, until):
    app = app_of(demo_session(6), tmp_path)
    heads = {"fleet": "node\tstate\trole", "trials": "trial\tstate", "loss": "series\tepoch\tloss",
             "seconds": "series\tepoch\tseconds", "events": "2026-11-23T"}  # fmt: skip
    async with app.run_test(size=(120, 36)) as pilot:
        for name, head in heads.items():
            app.screen.query_one(f"#{name}").focus()
            await pilot.press("y")
            await until(lambda wanted=head: app.clipboard.startswith(wanted))


async def test_flags_show_evidence_and_what_to_do(tmp_path, until):
    session = demo_session(6, lost=True)
    session.take("flag", 97, node="node-2", task="worker 1", cause="out of memory [b]x\x1b[2J",
                 evidence=["MemoryError\x07"], action="its task was restarted")  # fmt: skip
    app = app_of(session, tmp_path)
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("F")
        await until(lambda: isinstance(app.screen, FlagsScreen))
        panel = app.screen.query_one("#flag Static", Static)
        await until(lambda: "MemoryError" in str(panel.render()))
        shown = str(panel.render())
        assert "its task was restarted" in shown and "smaller batch" in shown
        assert "\x1b" not in shown and "\x07" not in shown and "[b]x" in shown
        await pilot.press("c")
        assert app.clipboard == "edgead-console --cluster cluster.toml nodes check node-2"
        await pilot.press("left_square_bracket")
        await until(lambda: "node-3 stopped answering" in str(panel.render()))
        await pilot.press("y")
        assert "it is tried" not in app.clipboard and "node-3" in app.clipboard
        await pilot.press("escape")
        await until(lambda: isinstance(app.screen, TrialScreen))


async def test_flags_without_any_say_so(tmp_path, until):
    app = app_of(demo_session(6), tmp_path)
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("F")
        await until(lambda: isinstance(app.screen, FlagsScreen))
        panel = app.screen.query_one("#flag Static", Static)
        await until(lambda: "nothing has failed" in str(panel.render()))
        await pilot.press("c", "left_square_bracket", "F")
        await until(lambda: isinstance(app.screen, TrialScreen))


async def test_the_menu_does_an_action_or_copies_it_as_a_command(tmp_path, until):
    session = demo_session(10)
    app = app_of(session, tmp_path)
    async with app.run_test(size=(120, 36)) as pilot:
        await pilot.press("down", "a")
        await until(lambda: isinstance(app.screen, ActionMenu))
        options = app.screen.query_one(OptionList)
        options.highlighted = options.get_option_index("rerun")
        await pilot.press("y")
        assert app.clipboard == f"edgead-console --cluster cluster.toml trial rerun {CENTRAL}"
        await until(lambda: isinstance(app.screen, TrialScreen))
        await pilot.press("a")
        await until(lambda: isinstance(app.screen, ActionMenu))
        app.screen.query_one(OptionList).highlighted = options.get_option_index("rerun")
        await pilot.press("enter")
        await until(lambda: session.asked == [f"rerun {CENTRAL}"])


async def test_a_node_opens_from_the_trial_area_too(tmp_path, until):
    app = app_of(demo_session(6), tmp_path)
    async with app.run_test(size=(120, 36)) as pilot:
        app.screen.query_one(FleetTable).focus()
        await pilot.press("down", "enter")
        await until(lambda: isinstance(app.screen, NodeScreen))
        await until(lambda: "node-2" in str(app.screen.query_one("#lanes").border_title))


@pytest.mark.parametrize("key", ["d", "r", "R", "D", "e", "F", "o", "a", "Y"])
async def test_keys_for_a_trial_without_one_do_no_harm(tmp_path, key):
    session = FakeSession()
    app = app_of(session, tmp_path)
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press(key)
        await pilot.pause()
        assert isinstance(app.screen, TrialScreen) and session.asked == []


async def test_the_cursor_goes_along_with_the_plots_unless_it_was_moved_away(tmp_path, until):
    session = demo_session(4)
    app = app_of(session, tmp_path)

    def put_on_the_plots(run):
        session.others.append(session.trial)
        session.trial = replace(session.trial, run=run)
        app.changed()

    async with app.run_test(size=(120, 36)) as pilot:
        await pilot.press("2")
        runs = app.screen.query_one(RunList)
        await until(lambda: runs.chosen == DISTRIBUTED)
        put_on_the_plots("T-008")
        await until(lambda: runs.chosen == "T-008")
        runs.choose(CENTRAL)
        put_on_the_plots("T-009")
        await until(lambda: runs._shown == "T-009")
        assert runs.chosen == CENTRAL
