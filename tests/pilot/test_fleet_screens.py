"""Health and node screens: what they show of the fleet, every key, and hostile text."""

from __future__ import annotations

from dataclasses import replace

from fakes import FakeSession, demo_session
from textual.widgets import DataTable, OptionList, Static

from edgead.agents.tegrastats import parse
from edgead.console.nodes.fleet import Fleet
from edgead.console.nodes.health.check import HealthCheck
from edgead.console.nodes.inventory import Node
from edgead.console.tui.app import ConsoleApp
from edgead.console.tui.lanes import lanes_of
from edgead.console.tui.screens.fleet import FleetScreen
from edgead.console.tui.screens.health import HealthScreen
from edgead.console.tui.screens.menu import ActionMenu
from edgead.console.tui.screens.node import NodeScreen
from edgead.console.tui.screens.question import Question
from edgead.console.tui.screens.trial import TrialScreen
from edgead.console.tui.widgets.fleet import FleetTable
from edgead.console.tui.widgets.log_view import LogView

XAVIER = (
    "RAM {ram}/31011MB (lfb 4398x4MB) SWAP 12/15506MB (cached 0MB)"
    " CPU [{cpu}%@2188,{gpu}%@2186,off]"
    " EMC_FREQ 25%@1331 GR3D_FREQ {gpu}%@675 AUX@39C CPU@{heat}C PMIC@50C Tdiode@-256C"
    " GPU {power}mW/4288mW NC 0mW/0mW NC 5mW/5mW"
)


def fleet_session(samples: int = 60) -> FakeSession:
    """Give a session with telemetry and checks of three nodes, the last one lost."""
    session = demo_session(6, lost=True)
    names = ("reach", "power", "memory", "self-test")
    for at, status in enumerate(session.fleet.statuses.values()):
        for second in range(samples if status.state == "up" else 0):
            line = XAVIER.format(
                ram=6000 + 40 * second,
                cpu=second % 100,
                gpu=(7 * second + 30 * at) % 100,
                heat=40 + second,
                power=1000 + 50 * (second % 40),
            )
            status.telemetry = parse(line)
            status.history.append(status.telemetry)
        for name in names if status.state == "up" else ():
            status.checks[name] = HealthCheck(status.node.name, name, "ok", f"{name} is well")
    (one, _, lost) = session.fleet.statuses.values()
    remedy = "edgead-console nodes power node-1 MAXN"
    one.checks["power"] = HealthCheck("node-1", "power", "warn", "MODE_15W, not MAXN", remedy)
    lost.checks["reach"] = HealthCheck("node-3", "reach", "fail", "no answer [b]x\x1b[2J", "ping")
    return session


def app_of(session: FakeSession, tmp_path) -> ConsoleApp:
    return ConsoleApp(session, tmp_path / "crashes")


def said(app) -> str:
    return str(app.screen.query_one("#said", Static).render())


async def test_health_shows_evidence_and_copies_the_remedy(tmp_path, until):
    session = fleet_session()
    app = app_of(session, tmp_path)
    async with app.run_test(size=(120, 36)) as pilot:
        await pilot.press("h")
        await until(lambda: isinstance(app.screen, HealthScreen))
        table = app.screen.query_one(DataTable)
        await until(lambda: table.row_count == 4)
        assert table.get_cell("power", "node-1").plain == "▲ warn"
        assert table.get_cell("power", "node-3").plain == "·"
        await pilot.press("down")
        await until(lambda: "MODE_15W, not MAXN" in said(app))
        await pilot.press("y")
        assert app.clipboard == "edgead-console nodes power node-1 MAXN"
        await pilot.press("up", "right", "right")
        await until(lambda: "no answer [b]x" in said(app))
        assert "\x1b" not in said(app)
        await pilot.press("r", "f")
        await until(lambda: session.asked == ["check", "mend"])
        session.fleet.statuses["node-2"].checks["power"] = HealthCheck(
            "node-2", "power", "fail", "gone"
        )
        session.changed()
        await until(lambda: table.get_cell("power", "node-2").plain == "✖ fail")
        assert table.cursor_coordinate.column == 3  # where it was
        await pilot.press("escape", "1")
        await until(lambda: isinstance(app.screen, FleetScreen))
        fleet = app.screen.query_one(FleetTable)
        await until(lambda: "✖ 1 fail" in fleet.copy_text() and "▲ 1 warn" in fleet.copy_text())


async def test_health_without_checks_says_what_to_press(tmp_path, until):
    app = app_of(demo_session(6), tmp_path)
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("h")
        await until(lambda: isinstance(app.screen, HealthScreen))
        await until(lambda: "r runs them all" in said(app))
        await pilot.press("y")
        assert app.clipboard == "edgead-console --cluster cluster.toml nodes check"


async def test_a_nodes_lanes_and_its_neighbours(tmp_path, until):
    session = fleet_session()
    app = app_of(session, tmp_path)
    async with app.run_test(size=(120, 36)) as pilot:
        await pilot.press("n")
        await until(lambda: isinstance(app.screen, NodeScreen))
        lanes = app.screen.query_one("#lanes Static", Static)
        await until(lambda: "CPU 0" in str(lanes.render()))
        shown = str(lanes.render())
        for text in ("GPU  ", "EMC", "RAM", "SWAP", "AUX", "GPU power", "CPU clock", "▲ 99 °C"):
            assert text in shown
        assert "PMIC" not in shown and "Tdiode" not in shown
        await pilot.press("y")
        assert "RAM\t8360 MB" in app.clipboard
        await pilot.press("left_square_bracket")
        await until(lambda: "lost" in str(lanes.render()))
        assert "h shows its checks" in str(lanes.render()) and "%" not in str(lanes.render())
        await pilot.press("right_square_bracket", "right")
        await until(lambda: "node-2" in str(app.screen.query_one("#lanes").border_title))
        await pilot.press("escape")
        await until(lambda: isinstance(app.screen, TrialScreen))


async def test_a_fleet_without_nodes(tmp_path, until):
    app = app_of(FakeSession(), tmp_path)
    async with app.run_test(size=(80, 24)) as pilot:
        for key, screen in (("n", NodeScreen), ("h", HealthScreen)):
            await pilot.press(key)
            await until(lambda wanted=screen: isinstance(app.screen, wanted))
            await pilot.press("right", "left", "y", "escape")


def test_lanes_keep_what_changes_and_bound_what_is_sent():
    history = [parse("RAM 1/2MB CPU [5%@100]"), parse("RAM 2/2MB CPU [50%@100,off] GR3D_FREQ 9%")]
    found = {lane.name: lane for lane in lanes_of(history)}
    assert found["GPU"].values == (None, 9.0)
    assert found["CPU 0"].values == (5.0, 50.0) and found["CPU 1"].latest is None
    assert found["GPU"].sparkline(5) == "    ─" and found["CPU 0"].sparkline(3) == " ▁▅"
    assert found["CPU 1"].reading() == "—"
    many = " ".join(f"S{number}@40C" for number in range(500))
    assert len(lanes_of([parse(f"RAM 1/2MB {many}")])) <= 100
    assert lanes_of([]) == []


async def test_a_scrolled_fleet_paints_the_rows_that_changed(tmp_path, until):
    session = FakeSession()
    session.fleet = Fleet.of("many", [Node(f"node-{at:03}", "h") for at in range(40)])
    app = app_of(session, tmp_path)
    async with app.run_test(size=(120, 36)):
        table = app.screen.query_one(FleetTable)
        table.scroll_to(y=25, animate=False)
        await until(lambda: table.scroll_offset.y == 25)
        painted: list[int] = []
        table.refresh_line = painted.append
        session.fleet.statuses["node-030"].state = "lost"
        table.update()
        assert painted == [31]  # of its content: a ScrollView takes the offset away itself
        assert "lost" in table.render_line(31 - 25).text


async def test_the_fleet_area_shows_lanes_and_checks_of_the_chosen_node(tmp_path, until):
    app = app_of(fleet_session(), tmp_path)
    async with app.run_test(size=(120, 36)) as pilot:
        await pilot.press("1")
        await until(lambda: isinstance(app.screen, FleetScreen))
        checks = app.screen.query_one("#checks Static", Static)
        await until(lambda: "MODE_15W, not MAXN" in str(checks.render()))
        assert "$ edgead-console nodes power node-1 MAXN" in str(checks.render())
        await pilot.press("down")
        await until(lambda: "node-2" in str(app.screen.query_one("#lanes").border_title))
        await pilot.press("f")
        await until(lambda: "nothing is wrong" in str(checks.render()))
        await pilot.press("end", "Y")
        await until(lambda: "no answer [b]x·" in str(checks.render()))
        assert app.clipboard == "edgead-console --cluster cluster.toml nodes check node-3"


async def test_marked_nodes_are_checked_mended_and_powered_together(tmp_path, until):
    session = fleet_session()
    app = app_of(session, tmp_path)
    async with app.run_test(size=(120, 36)) as pilot:
        await pilot.press("1", "space", "space", "r")
        await until(lambda: session.asked == ["check node-1 node-2"])
        await pilot.press("e")
        await until(lambda: session.asked[1:] == ["mend node-1 node-2"])
        await pilot.press("a")
        await until(lambda: isinstance(app.screen, ActionMenu))
        options = app.screen.query_one(OptionList)
        assert "shell" not in [option.id for option in options.options]  # for one node alone
        options.highlighted = options.get_option_index("maxn")
        await pilot.press("enter")
        await until(lambda: isinstance(app.screen, Question))
        await pilot.press("enter")
        await until(lambda: session.asked[2:] == ["power node-1 node-2 MAXN"])


async def test_a_node_opens_by_a_second_click_and_a_shell_needs_a_terminal(tmp_path, until):
    app = app_of(fleet_session(), tmp_path)
    async with app.run_test(size=(120, 36)) as pilot:
        await pilot.press("1")
        await until(lambda: isinstance(app.screen, FleetScreen))
        await pilot.click("#fleet", offset=(6, 3))
        assert app.screen.query_one(FleetTable).chosen == "node-2"
        await pilot.click("#fleet", offset=(6, 3), times=2)
        await until(lambda: isinstance(app.screen, NodeScreen))
        await pilot.press("exclamation_mark")
        await until(lambda: any("use a terminal" in n.message for n in app._notifications))


async def test_a_node_with_a_container_shows_it_and_its_log(tmp_path, until):
    session = fleet_session()
    status = session.fleet.statuses["node-1"]
    status.node = replace(status.node, container="edgead/tensorflow:r35.3")
    app = app_of(session, tmp_path)
    async with app.run_test(size=(120, 36)) as pilot:
        await pilot.press("n")
        await until(lambda: isinstance(app.screen, NodeScreen))
        log = app.screen.query_one("#log", LogView)
        await until(lambda: log.copy_text() == "container_log node-1")
        assert "container list node-1" in str(app.screen.query_one("#tasks Static").render())
        for view in ("checks", "tasks", "log", "lanes"):
            await pilot.press("v")
            await until(lambda wanted=view: app.focused is app.screen.query_one(f"#{wanted}"))
