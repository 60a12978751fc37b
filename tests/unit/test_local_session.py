"""LocalSession over a real store: what is shown, replayed, queued, named, deleted, refused."""

from __future__ import annotations

import asyncio
import threading
from pathlib import Path

import pytest
from stored_runs import finished_run

from edgead.console.errors import UnreachableError, UsageError
from edgead.console.nodes.discovery import Found, Wanted
from edgead.console.nodes.inventory import read_cluster
from edgead.console.runs.store import Store
from edgead.console.session.local_session import LocalSession
from edgead.models.spec import TrialSpec


@pytest.fixture
def store(home) -> Store:
    made = Store(home / "runs")
    finished_run(made, strategy="central", workers=1)
    finished_run(made, seed=2)
    return made


def session_of(store: Store, cluster: Path | None = None, **more) -> LocalSession:
    return LocalSession(store, cluster, Path("/nowhere"), **more)


async def test_the_latest_run_is_shown_beside_the_latest_centralised_one(store):
    session = session_of(store)
    session.history.take_up_latest()
    assert (session.trial.run, session.reference.run) == ("T-002", "T-001")
    assert "T-001" in await session.history.show("T-001")
    assert session.trial.over and session.reference is None
    await session.history.lay_beside("T-002")
    assert session.reference.run == "T-002"
    await session.history.lay_beside("")
    assert session.reference is None


async def test_a_replay_folds_what_is_due_and_steps_both_ways(store):
    session = session_of(store)
    history = session.history
    await history.replay("T-002", 0)
    assert history.playing.of >= 0 and not session.trial.epochs
    history.pass_time(0.1)
    assert session.trial.state == "finished" and len(session.sentences) == 4
    history.step(-1)
    assert not session.trial.over and history.playing.paused
    history.step(1)
    assert session.trial.over
    history.pause()  # at its end it begins again
    assert not session.trial.epochs and history.playing.at == 0.0
    history.pace(1000)
    with pytest.raises(UsageError, match="a replay's speed"):
        history.pace(-1)
    await history.show("T-002")
    assert history.playing is None


async def test_what_waits_is_held_until_somebody_starts_something(store):
    waiting = store.create(TrialSpec(seed=9))
    waiting.queue(True)
    session = session_of(store)
    await session.trials._refresh()
    assert [line.state for line in session.trials.lines] == ["waiting", "finished", "finished"]
    assert not session.running()
    assert await session.trials.start([TrialSpec(seed=10)]) == "2 trials wait their turn"
    assert session.running()
    assert "2 held back" in await session.trials.stop()
    assert not session.running()


async def test_a_wrong_cluster_file_starts_nothing_and_says_why(store, tmp_path, until):
    file = tmp_path / "cluster.toml"
    file.write_text("nodes = 3\n")
    session = session_of(store, file)
    living = asyncio.ensure_future(session.run(lambda: None, lambda: None))
    await session.trials.start([TrialSpec(seed=9), TrialSpec(seed=10)])
    await until(lambda: not session.running())
    assert "cluster.toml" in session.message
    await session.trials._refresh()
    assert [line.state for line in session.trials.lines[:2]] == ["waiting", "waiting"]
    living.cancel()


async def test_a_trial_that_looks_for_its_data_can_be_stopped(store, monkeypatch, until):
    asked, given = threading.Event(), threading.Event()

    def ensure(*_more):
        asked.set()
        given.wait(60)

    monkeypatch.setattr("edgead.console.data.ensure", ensure)
    session = session_of(store)
    living = asyncio.ensure_future(session.trials.run())
    await session.trials.start([TrialSpec(strategy="central", workers=1, seed=9)])
    await until(asked.is_set)
    assert "not started" in await session.trials.stop()
    await until(lambda: not session.running())
    given.set()
    await session.trials._refresh()
    assert session.trials.lines[0].state == "waiting"
    living.cancel()


@pytest.mark.parametrize("stand_in", [False, True])
async def test_only_the_demo_goes_on_with_made_up_data(store, monkeypatch, until, stand_in):
    def ensure(*_more):
        raise UnreachableError("kdd99: can't be downloaded")

    started: list[TrialSpec] = []

    def start_supervisor(run, *_more):
        started.append(run.spec())
        raise UnreachableError("not in this test")

    monkeypatch.setattr("edgead.console.data.ensure", ensure)
    monkeypatch.setattr("edgead.console.session.detached.start_supervisor", start_supervisor)
    session = session_of(store)
    living = asyncio.ensure_future(session.trials.run())
    spec = TrialSpec(strategy="central", workers=1, seed=9)
    await session.trials.start([spec], stand_in=stand_in)
    await until(lambda: not session.running())
    assert [each.synthetic for each in started] == ([True] if stand_in else [])
    assert session.message == ("not in this test" if stand_in else "kdd99: can't be downloaded")
    living.cancel()


async def test_a_deleted_run_leaves_nothing_to_the_next_of_its_number(store):
    session = session_of(store)
    assert (await session.trials.states(["T-002"]))[0].over
    await session.trials.delete(["T-002"])
    assert await session.trials.states(["T-002"]) == []
    with pytest.raises(UsageError, match="T-002"):
        session.trials.describe("T-002")
    assert store.create(TrialSpec(seed=5)).name == "T-002"
    assert [state.over for state in await session.trials.states(["T-002"])] == [False]


async def test_runs_are_named_and_deleted_and_leave_the_plots(store):
    session = session_of(store)
    session.history.take_up_latest()
    await session.trials.rename("T-002", "best")
    await session.trials.annotate("best", "with the full coding")
    assert session.trials.lines[0].about == ("best", "with the full coding")
    await session.trials.delete(["best"])
    assert [line.run for line in session.trials.lines] == ["T-001"]
    assert session.trial.run == "T-001"
    with pytest.raises(UsageError, match="not running"):
        await session.trials.stop("T-001")


async def test_read_only_refuses_what_changes(store):
    session = session_of(store, read_only=True)
    asked = [
        session.trials.start([TrialSpec()]),
        session.trials.delete(["T-001"]),
        session.trials.rename("T-001", "x"),
        session.trials.annotate("T-001", "x"),
        session.trials.stop(),
        session.trials.rerun(["T-001"]),
        session.nodes.use(None),
        session.nodes.mend(),
        session.nodes.power([], "MAXN"),
        session.nodes.container("stop", []),
        session.nodes.write("", Path("cluster.toml")),
        session.nodes.add([], Wanted([]), Path("cluster.toml")),
    ]
    for done in await asyncio.gather(*asked, return_exceptions=True):
        assert isinstance(done, UsageError) and str(done).startswith("read-only")
    assert len(store.runs()) == 2 and not Path("cluster.toml").exists()


async def test_found_nodes_go_into_the_file_once(store, tmp_path):
    session = session_of(store)
    file = tmp_path / "lab" / "cluster.toml"
    one = Found("10.0.0.1", 22, state="identified")
    two = Found("10.0.0.2", 2222, state="identified")
    wanted = Wanted([], user="nvidia", key=tmp_path / "key")
    assert "1 node" in await session.nodes.add([one], wanted, file)
    assert "2 nodes" in await session.nodes.add([one, two], wanted, file)
    first, second = read_cluster(file).nodes
    assert (first.host, first.user, second.port) == ("10.0.0.1", "nvidia", 2222)
    assert (second.user, second.key) == ("nvidia", tmp_path / "key")
    assert session.nodes.cluster == file and not session.nodes.undecided
    argv = session.nodes.shell(second.name)
    assert argv[:2] == ["ssh", "-t"] and argv[-1] == "nvidia@10.0.0.2" and "2222" in argv
    with pytest.raises(UsageError, match="no such key: hots"):
        await session.nodes.write(file.read_text().replace("host", "hots"), file)
    assert read_cluster(file).nodes == (first, second)


async def test_logs_are_listed_and_read_bounded(store):
    session = session_of(store)
    session.history.take_up_latest()
    run = session.history.run
    run.log_path.write_text("a\x1b[2J\n" * 200_000)
    keys = {source.key for source in session.logs.sources()}
    assert {"run", "events"} <= keys
    lines = await session.logs.read("run")
    assert lines[-1] == "a·[2J" and sum(map(len, lines)) <= 1 << 20
    assert len(await session.logs.read("events")) == 4
