"""Run folders: whole after any crash, and one supervisor each."""

import json
import os
import signal
import subprocess
import sys

import pytest

from edgead.console.errors import UsageError
from edgead.console.events import event
from edgead.console.runs.store import Log, Store, Tail, write_whole
from edgead.models.spec import read_spec

SPEC = read_spec({"preset": "paper-kdd99", "strategy": "central"})


@pytest.fixture
def store(tmp_path):
    return Store(tmp_path / "runs")


def test_a_run_is_its_owners_alone(tmp_path):
    before = os.umask(0)
    try:
        run = Store(tmp_path / "runs").create(read_spec({"preset": "kdd99"}))
    finally:
        os.umask(before)
    for folder in (tmp_path / "runs", run.folder):
        assert folder.stat().st_mode & 0o777 == 0o700


def test_runs_are_numbered_and_keep_their_spec(store):
    first, second = store.create(SPEC), store.create(SPEC)
    assert [run.name for run in store.runs()] == ["T-001", "T-002"] == [first.name, second.name]
    assert store.open("T-002").spec() == SPEC


@pytest.mark.parametrize("name", ["T-009", "../x", "x", "T-", "T-1/..", ""])
def test_an_unknown_run_is_one_clear_line(store, name):
    store.create(SPEC)
    with pytest.raises(UsageError, match="no such run"):
        store.open(name)


def test_a_cut_off_line_is_left_out_and_the_next_one_is_whole(store):
    run = store.create(SPEC)
    log = Log(run)
    log.append(event("note", text="one"))
    log.close()
    with run.events_path.open("ab") as file:
        file.write(b'{"time": "2026", "kind": "no')
    log = Log(run)
    log.append(event("note", text="two"))
    log.close()
    assert [happened["text"] for happened in run.events()] == ["one", "two"]


def test_tail_waits_for_the_end_of_a_line(store):
    run = store.create(SPEC)
    tail = Tail(run)
    assert list(tail.read()) == []
    line = event("note", text="one").to_line().encode()
    with run.events_path.open("ab", buffering=0) as file:
        file.write(line[:10])
        assert list(tail.read()) == []
        file.write(line[10:])
    assert [happened["text"] for happened in tail.read()] == ["one"]
    assert list(tail.read()) == []


def test_a_tail_leaves_what_is_written_meanwhile_for_the_next_call(store):
    run = store.create(SPEC)
    log, tail = Log(run), Tail(run)
    for number in range(3):
        log.append(event("note", text=str(number)))
    for _ in tail.read():
        log.append(event("note", text="meanwhile"))
    assert [each["text"] for each in tail.read()] == ["meanwhile"] * 3


def test_a_run_has_one_supervisor(store):
    run = store.create(SPEC)
    assert run.supervisor() is None
    with run.supervised():
        assert run.supervisor() == os.getpid()
        with pytest.raises(UsageError, match="already running"), run.supervised():
            pass
    assert run.supervisor() is None


SUPERVISOR = """
import sys, time
from pathlib import Path
from edgead.console.events import event
from edgead.console.runs.store import Log, Run
run = Run(Path(sys.argv[1]))
with run.supervised():
    log = Log(run)
    log.append(event("started", run=run.name, spec=run.spec().to_mapping()))
    print("up", flush=True)
    for _ in range(20_000):  # not for ever: should nobody end it, the disk is not to fill
        log.append(event("note", text="x" * 1000))
    time.sleep(60)
"""


def test_a_killed_supervisor_leaves_an_interrupted_run(store):
    run = store.create(SPEC)
    assert run.state().state == "waiting"
    with subprocess.Popen(
        [sys.executable, "-c", SUPERVISOR, str(run.folder)], stdout=subprocess.PIPE
    ) as process:
        try:
            assert process.stdout.readline() == b"up\n"
            assert run.state().state == "starting"
        finally:
            process.send_signal(signal.SIGKILL)
    assert run.state().state == "interrupted"
    assert all(happened.kind in ("started", "note") for happened in run.events())


def test_write_whole_replaces_or_leaves(tmp_path):
    path = tmp_path / "summary.json"
    write_whole(path, "1")
    write_whole(path, json.dumps({"a": 1}))
    assert json.loads(path.read_text()) == {"a": 1}
    assert list(tmp_path.iterdir()) == [path]
