"""The list of runs is kept up to date; runs are named, annotated, queued and deleted."""

from __future__ import annotations

import pytest
from stored_runs import finish

from edgead.console.errors import UsageError
from edgead.console.events import event
from edgead.console.reports.describe import as_plain, describe_run
from edgead.console.runs.run_lines import RunIndex, waiting
from edgead.console.runs.state import Flag
from edgead.console.runs.store import Log, Store
from edgead.console.session.advice import advice_for
from edgead.models.spec import TrialSpec


def test_the_index_sees_what_is_new_and_reads_nothing_twice(tmp_path):
    store = Store(tmp_path)
    index = RunIndex(store)
    assert not index.refresh() and index.lines == ()
    run = store.create(TrialSpec(epochs=1))
    run.queue(True)
    assert index.refresh() and [line.state for line in index.lines] == ["waiting"]
    assert [line.run for line in waiting(index.lines)] == ["T-001"]
    with run.supervised():
        finish(run)
        assert index.refresh()
    (line,) = index.lines
    assert (line.state, line.epochs, line.test_accuracy) == ("finished", 1, 0.9)
    assert not index.refresh()
    run.events_path.unlink()  # it is over: nobody looks into it again
    assert not index.refresh()
    store.annotate(run, "a note")
    assert index.refresh() and index.lines[0].about.note == "a note"
    store.delete(run)
    assert index.refresh() and index.lines == ()


def test_a_supervisor_that_is_gone_leaves_an_interrupted_run(tmp_path):
    store = Store(tmp_path)
    run, index = store.create(TrialSpec()), RunIndex(store)
    log = Log(run)
    with run.supervised():
        log.append(event("started", run=run.name, spec={}, tasks=[]))
        index.refresh()
        assert index.lines[0].state == "starting"
    index.refresh()
    assert index.lines[0].state == "interrupted"


def test_a_name_stands_for_its_run_and_is_there_once(tmp_path):
    store = Store(tmp_path)
    one, two = store.create(TrialSpec()), store.create(TrialSpec())
    store.rename(one, "base")
    assert store.open("base").name == "T-001"
    store.rename(one, "base")  # again
    with pytest.raises(UsageError, match="base: is the name of T-001 already"):
        store.rename(two, "base")
    for wrong in ("T-002", "9x", "a b", "a/b", "x" * 41, "../y"):
        with pytest.raises(UsageError):
            store.rename(two, wrong)
    for wrong in ("two\nlines", "x" * 401, "\x1b[2J"):
        with pytest.raises(UsageError):
            store.annotate(two, wrong)
    store.rename(one, "")
    with pytest.raises(UsageError, match="base: no such run"):
        store.open("base")


def test_a_running_run_is_not_deleted(tmp_path):
    store = Store(tmp_path)
    run = store.create(TrialSpec())
    with run.supervised(), pytest.raises(UsageError, match="T-001: is running; stop it first"):
        store.delete(run)
    (run.folder / "about.toml").write_text("not = toml = at all")
    assert run.about == ("", "")
    store.delete(run)
    assert not run.folder.exists()


def test_a_description_names_the_sweep(tmp_path):
    store = Store(tmp_path)
    for seed, accuracy in ((1, 0.8), (2, 0.9)):
        finish(store.create(TrialSpec(epochs=1, seed=seed)), accuracy)
    index = RunIndex(store)
    index.refresh()
    text = as_plain(describe_run(store.open("T-001").state(), index.lines[1], index.lines))
    assert "1 (T-001), 2 (T-002)" in text
    assert "0.8500 ± 0.0707" in text
    assert "Sweep" not in as_plain(describe_run(store.open("T-001").state()))


@pytest.mark.parametrize(
    ("cause", "text", "words"),
    [
        ("the node is lost: no keepalive for 15 s", "no longer answers", "check"),
        ("the task ended with signal 9 (out of memory?)", "smaller batch", "check"),
        ("Exit code 137", "smaller batch", "check"),
        ("the connection to x-1 is lost: port 22: refused", "no longer answers", "check"),
        ("[Errno 98] Address already in use", "A port it needs", "check"),
        ("its container does not start: x", "Start its container", "container"),
        ("the host key of x is new", "Compare its fingerprint", "trust"),
        ("the host key has changed", "Somebody may be in between", ""),
        ("nobody foresaw this", "Check the node", "check"),
    ],
)
def test_a_flag_says_what_to_do(cause, text, words):
    advice = advice_for(Flag("", "x-1", "worker 1", cause, (), "ended"))
    assert text in advice.text
    assert (words in advice.words and "x-1" in advice.words) if words else not advice.words


def test_a_flag_of_what_is_whole_again_asks_for_nothing_now():
    flag = Flag("", "x-1", "worker 1", "the node is lost: no answer", (), "ended", recovered=11.3)
    advice = advice_for(flag)
    assert advice.text.startswith("Nothing now") and "its power" in advice.text


def test_a_flag_of_this_machine_points_to_its_log():
    advice = advice_for(Flag("", "host", "chief 0", "the chief ended", ("ValueError",), ""))
    assert "console.log" in advice.text and not advice.words


@pytest.mark.parametrize("evidence", ["KeyError: 'x'", "it reported no room", "a conversion"])
def test_a_word_within_a_word_says_nothing(evidence):
    advice = advice_for(Flag("", "x-1", "worker 1", "the task ended", (evidence,), "ended"))
    assert advice.text == "Check the node, then start the trial again."
