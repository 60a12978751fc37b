"""The forms: a new trial and its plan, finding nodes, the cluster file, the first minute."""

from __future__ import annotations

import asyncio
from pathlib import Path

from fakes import FakeSession, demo_session
from test_app import app_of, text_of
from test_fleet_screens import fleet_session
from textual.widgets import Input, ProgressBar, Select, Static, TextArea

from edgead.agents.board import Board
from edgead.agents.host_keys import OfferedKey
from edgead.console.nodes.discovery import Found
from edgead.console.tui.screens.add_nodes import AddNodes
from edgead.console.tui.screens.cluster_file import ClusterFile
from edgead.console.tui.screens.fleet import FleetScreen
from edgead.console.tui.screens.new_trial import NewTrial
from edgead.console.tui.screens.question import Question
from edgead.console.tui.screens.trial import TrialScreen
from edgead.console.tui.widgets.found import FoundList


def planned(app) -> str:
    """Give the plan's text; "" before the form is there."""
    found = app.screen.query("#planned")
    return str(found.first(Static).render()) if found else ""


async def test_s_opens_the_form_and_starts_what_was_planned(tmp_path, until):
    session = demo_session(10)
    app = app_of(session, tmp_path)
    async with app.run_test(size=(120, 36)) as pilot:
        await pilot.press("s")
        await until(lambda: isinstance(app.screen, NewTrial))
        await until(lambda: "node-1" in planned(app) and "ps 0, worker 0" in planned(app))
        assert "nothing listens on the network" in planned(app)
        await pilot.press("ctrl+s")
        await until(lambda: session.asked == ["start 1"])
        await until(lambda: isinstance(app.screen, TrialScreen))
        assert [spec.preset for spec in session.trials.started] == ["kdd99"]


async def test_a_preset_brings_its_values_and_seeds_make_a_sweep(tmp_path, until):
    session = demo_session(10)
    app = app_of(session, tmp_path)
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("s")
        await until(lambda: "one trial" in planned(app))
        app.screen.query_one("#preset", Select).value = "paper-swat"
        await until(lambda: app.screen.query_one("#batch", Input).value == "256")
        app.screen.query_one("#seed", Input).value = "1..3,9"
        app.screen.query_one("#worker_nodes", Input).value = "node-2, node-3,node-1"
        await until(lambda: "a sweep of 4 trials, seeds 1, 2, 3, 9" in planned(app))
        await pilot.press("ctrl+y")
        assert app.clipboard == (
            "edgead-console trial run paper-swat --set"
            ' \'worker_nodes=["node-2", "node-3", "node-1"]\' --seeds 1..3,9'
        )
        await pilot.press("ctrl+s")
        await until(lambda: session.asked == ["start 1 2 3 9"])
        assert session.trials.started[0].worker_nodes == ("node-2", "node-3", "node-1")


async def test_a_wrong_field_is_named_and_nothing_starts(tmp_path, until):
    session = demo_session(10)
    app = app_of(session, tmp_path)
    async with app.run_test(size=(120, 36)) as pilot:
        await pilot.press("s")
        await until(lambda: "one trial" in planned(app))
        for key, wrong, said in (
            ("epochs", "0", "epochs: expected a whole number from 1"),
            ("seed", "x[red]\x1b", "expected seeds such as 1..5"),
            ("threshold", "quantile:2", "threshold: expected mean+std"),
            ("batch", "2", "batch: expected 3 or more"),
        ):
            field = app.screen.query_one(f"#{key}", Input)
            right, field.value = field.value, wrong
            await until(lambda text=said: text in planned(app))
            assert app.screen.query_one(f"#field-{key}").has_class("-wrong")
            await pilot.press("ctrl+s")
            assert session.asked == [] and app.focused is field
            field.value = right
        await pilot.press("escape")
        await until(lambda: isinstance(app.screen, TrialScreen))
        assert session.asked == []


async def test_a_lost_node_and_failing_checks_are_in_the_plan(tmp_path, until):
    session = fleet_session()
    app = app_of(session, tmp_path)
    async with app.run_test(size=(200, 50)) as pilot:
        await pilot.press("s")
        await until(lambda: isinstance(app.screen, NewTrial))
        await until(lambda: "✖ node-3" in planned(app))
        assert "power: MODE_15W, not MAXN" in planned(app)
        assert "$ edgead-console nodes power node-1 MAXN" in planned(app)
        await pilot.press("ctrl+s")
        await pilot.pause()
        assert session.asked == [] and isinstance(app.screen, NewTrial)
        app.screen.query_one("#strategy", Select).value = "central"
        await until(lambda: "node-3" not in planned(app))
        await pilot.press("ctrl+s")
        await until(lambda: session.asked == ["start 1"])


class FakeSearch:
    """Finds a board, a host with a new key, and one whose key has changed."""

    def __init__(self) -> None:
        self.tried, self.total = 0, 254
        self.offers = {("10.0.0.3", 22): OfferedKey("10.0.0.3", "ssh-ed25519 A", "SHA256:x", None)}
        self.found: list[Found] = []
        self.go_on = asyncio.Event()

    async def run(self) -> None:
        board = Board("xavier-1", "AGX Xavier", "32.7.1")
        self.found = [
            Found("10.0.0.2", 22, "SSH-2.0", state="identified", board=board),
            Found("10.0.0.3", 22, state="unknown", fingerprint="SHA256:x"),
            Found("10.0.0.4", 22, state="changed", note="was SHA256:a [b]\x1b"),
        ]
        self.tried = 100
        await self.go_on.wait()
        self.tried = 254

    async def identify_again(self, chosen) -> None:
        board = Board("xavier-2", "AGX Xavier", "32.7.1")
        self.found[1] = Found("10.0.0.3", 22, state="identified", board=board)


async def test_nodes_are_found_accepted_and_added(tmp_path, until):
    session = demo_session(10)
    search = session.nodes.search_made = FakeSearch()
    app = app_of(session, tmp_path)
    async with app.run_test(size=(120, 36)) as pilot:
        await pilot.press("1", "plus")
        await until(lambda: isinstance(app.screen, AddNodes) and app.screen.query(FoundList))
        app.screen.query_one("#network", Input).value = "10.0.0.0/24"
        await pilot.press("enter")
        hosts = app.screen.query_one(FoundList)
        await until(lambda: "✔ logs in" in text_of(hosts) and "AGX Xavier" in text_of(hosts))
        assert "HOST KEY HAS CHANGED was SHA256:a [b]·" in text_of(hosts)
        assert "SHA256:x" in text_of(hosts)
        await until(lambda: app.screen.query_one(ProgressBar).progress == 100)
        await pilot.press("t")
        await until(lambda: isinstance(app.screen, Question))
        await pilot.press("t")
        await until(lambda: "xavier-2" in text_of(hosts))
        assert "accept 10.0.0.3" in session.asked
        search.go_on.set()
        await until(lambda: "254 of 254" in str(app.screen.query_one("#scanned").render()))
        await pilot.press("ctrl+y")
        assert app.clipboard == "edgead-console init 10.0.0.0/24 --out cluster.toml"
        await pilot.press("ctrl+s")
        await until(lambda: "add 10.0.0.2 10.0.0.3 to cluster.toml" in session.asked)
        await until(lambda: isinstance(app.screen, FleetScreen))


async def test_a_scan_is_stopped_by_escape_and_keeps_what_was_found(tmp_path, until):
    session = demo_session(10)
    session.nodes.search_made = FakeSearch()
    app = app_of(session, tmp_path)
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("1", "plus")
        await until(lambda: isinstance(app.screen, AddNodes) and app.screen.query(FoundList))
        app.screen.query_one("#network", Input).value = "10.0.0.0/99"
        await pilot.press("enter")
        await until(lambda: any("expected a network" in n.message for n in app._notifications))
        app.screen.query_one("#network", Input).value = "10.0.0.0/24"
        await pilot.press("ctrl+r")
        hosts = app.screen.query_one(FoundList)
        await until(lambda: "logs in" in text_of(hosts))
        await pilot.press("escape")
        await until(lambda: "done" in str(app.screen.query_one("#scanned").render()))
        assert "logs in" in text_of(hosts)
        await pilot.press("escape")
        await until(lambda: isinstance(app.screen, FleetScreen))


async def test_the_cluster_file_is_written_only_without_mistakes(tmp_path, until, monkeypatch):
    monkeypatch.chdir(tmp_path)
    session = demo_session(10)
    app = app_of(session, tmp_path)
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("1", "E")
        await until(lambda: isinstance(app.screen, ClusterFile))
        said = app.screen.query_one("#said", Static)
        await until(lambda: "✔" in str(said.render()))  # the template is one that works
        area = app.screen.query_one(TextArea)
        area.text = area.text.replace("host =", "hots =")
        await until(lambda: "no such key: hots; did you mean host?" in str(said.render()))
        await pilot.press("ctrl+s")
        await pilot.pause()
        assert session.asked == []
        area.text = area.text.replace("hots =", "host =")
        await until(lambda: "✔" in str(said.render()))
        await pilot.press("ctrl+s")
        await until(lambda: session.asked == ["write cluster.toml"])


async def test_the_first_minute_offers_what_there_is_to_do(tmp_path, until):
    for key, asked, screen in (
        ("d", ["use None", "start 1 1"], TrialScreen),
        ("f", [], AddNodes),
        ("w", [], ClusterFile),
        ("e", ["use None"], FleetScreen),
        ("escape", [], FleetScreen),
    ):
        session = FakeSession()
        session.nodes.undecided, session.nodes.cluster = True, None
        app = app_of(session, tmp_path)
        async with app.run_test(size=(80, 24)) as pilot:
            await until(lambda it=app: isinstance(it.screen, Question))
            await pilot.press(key)
            await until(lambda it=app, wanted=screen: isinstance(it.screen, wanted))
            await until(lambda it=session, wanted=asked: it.asked == wanted)


async def test_add_nodes_offers_the_file_in_use(tmp_path, until):
    session = demo_session(10)
    session.fleet.embedded, session.nodes.cluster = False, Path("lab.toml")
    app = app_of(session, tmp_path)
    async with app.run_test(size=(120, 36)) as pilot:
        await pilot.press("1", "plus")
        await until(lambda: isinstance(app.screen, AddNodes) and app.screen.query(FoundList))
        assert app.screen.query_one("#file", Input).value == "lab.toml"
