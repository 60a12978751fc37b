"""Run folders: shown, or refused in one line; nothing outside them is written."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import pytest
from hostile import ODD_FILES, is_safe, plain, some_of
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from edgead.console import output
from edgead.console.cli import main
from edgead.console.crash import report
from edgead.console.errors import ConsoleError, UsageError
from edgead.console.events import KINDS, Event, read_line
from edgead.console.narration import narrate
from edgead.console.reports.compare import compare
from edgead.console.reports.formats import as_text
from edgead.console.runs.result import result_of
from edgead.console.runs.state import fold
from edgead.console.runs.store import Log, Run, Store, Tail
from edgead.models import detector
from edgead.models.spec import read_spec
from testbed.fixtures import refuse

WORDS = """run spec tasks cluster node state evidence role index exit_code lines rss peak sent
received name synthetic rows features shards file done total seconds phase epoch step steps loss
epochs cpu_seconds value rule split visited accuracy precision recall f1 where text level
collapsed cause task action time l4t model clock_offset tensorflow window"""
FIELDS = WORDS.split()
lines = st.builds(
    lambda kind, fields: json.dumps({"kind": kind, **fields}),
    st.sampled_from([*KINDS]),
    some_of(FIELDS),
)


def show(events: list[Event]) -> None:
    """Do all that is done with a run's events; what comes out must be safe to print."""
    state = fold(events)
    for event in events:
        said = narrate(event)
        assert said is None or (is_safe(said.text) and is_safe(said.who) and is_safe(said.time))
        assert is_safe(output.to_json(event.to_mapping()))
        event.to_line().encode()
    assert is_safe(output.to_json(result_of(state, state.state)))
    compared = as_text(compare([state, state]))
    assert all(map(is_safe, compared.splitlines()))
    assert state.title and state.seconds >= 0
    assert state.seconds_left is None or isinstance(state.seconds_left, float)


@settings(max_examples=60)
@given(st.lists(lines, max_size=6))
@example(['{"kind": "score", "split": "test", "accuracy": "high"}'])
@example(['{"kind": "usage", "role": "ps", "index": 0, "rss": 1' + "0" * 400 + "}"])
@example(['{"kind": "note", "text": "\\ud800\\u009b31m"}'])
@example(['{"kind": "note", "text": ' + "[" * 600 + "]" * 600 + "}"])
def test_any_events_can_be_shown(said: list[str]) -> None:
    show([event for line in said if (event := read_line(line)) is not None])


@given(st.binary(max_size=200))
def test_any_line_is_an_event_or_none(line: bytes) -> None:
    found = read_line(line)
    if found is not None:
        show([found])


@given(plain)
def test_any_detector_is_read_or_refused(content: Any) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "detector.json"
        path.write_text(json.dumps(content))
        try:
            detector.read(path)
        except ValueError as error:
            assert str(path) in str(error)


@pytest.fixture
def run(home: Path) -> Run:
    run = Store(home / "runs").create(read_spec({"preset": "paper-kdd99"}))
    run.events_path.write_text('{"time": "t", "kind": "note", "text": "hi"}\n')
    return run


COMMANDS = ("list", "show", "attach", "export", "stop")


@pytest.mark.parametrize("kind", ODD_FILES)
@pytest.mark.parametrize("name", ["spec.toml", "events.jsonl", "lock", "console.log"])
def test_whatever_lies_in_a_run_folder_ends_in_one_line(
    run: Run, capsys: pytest.CaptureFixture[str], kind: str, name: str
) -> None:
    (run.folder / name).unlink(missing_ok=True)
    ODD_FILES[kind](run.folder / name)
    for command in COMMANDS:
        words = ["trial", command, *([] if command == "list" else [run.name])]
        assert main(words) in (0, 2), command
        out, err = capsys.readouterr()
        assert all(map(is_safe, (out + err).splitlines()))
        assert len(err.splitlines()) <= 2 and "Traceback" not in err


@pytest.mark.parametrize("name", ["events.jsonl", "lock", "console.log", "tensorboard"])
def test_nothing_is_written_through_a_link(run: Run, tmp_path: Path, name: str) -> None:
    outside = tmp_path / "outside"
    outside.write_text("mine")
    (run.folder / name).unlink(missing_ok=True)
    (run.folder / name).symlink_to(outside)
    with pytest.raises(UsageError, match="link"):
        if name in ("lock", "tensorboard"):
            with run.supervised():
                pass
        elif name == "events.jsonl":
            Log(run)
        else:
            run.open_log()
    assert outside.read_text() == "mine"


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=12)
@given(st.lists(lines, max_size=4))
def test_a_hostile_log_ends_no_command(
    run: Run, capsys: pytest.CaptureFixture[str], said: list[str]
) -> None:
    run.events_path.write_text("\n".join([*said, ""]))
    shown = (["show", run.name], ["attach", run.name], ["list"])
    for words in (*shown, *([*each, "--json"] for each in shown), ["export", run.name]):
        assert main(["trial", *words]) in (0, 2)
    out, err = capsys.readouterr()
    assert all(map(is_safe, (out + err).splitlines())) and "Traceback" not in err


def test_a_lock_never_names_everybody(run: Run) -> None:
    with run.supervised():
        for said in ("-1", "0", "", "1e3", "²", "9" * 5000, "no"):
            (run.folder / "lock").write_text(said)
            found = run.supervisor()
            assert found is None or found > 1


def test_an_endless_line_is_left_out(run: Run) -> None:
    with run.events_path.open("r+b") as file:
        file.truncate(40 << 20)
        file.seek(0, os.SEEK_END)
        file.write(b'\n{"kind": "note", "text": "after"}\n')
    assert [each.get("text") for each in Tail(run).read()] == ["hi", "after"]


def test_a_folder_of_runs_that_is_none_is_one_line(home: Path) -> None:
    home.mkdir()
    (home / "runs").write_text("")
    assert main(["trial", "list"]) == 2


def test_what_cannot_be_read_is_one_line(run: Run) -> None:
    if os.getuid() != 0:
        refuse("needs root to become somebody else")
    code = (
        "import os; from edgead.console.cli import main; main(['trial', 'list', '--json']);"
        f"os.setuid(65534); print(main(['trial', 'list']), main(['trial', 'show', '{run.name}']))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.stdout.splitlines()[1:] == ["2 2"] and len(done.stderr.splitlines()) == 2, (
        done.stderr
    )


def test_a_crash_report_holds_no_values() -> None:
    def fails(token: str) -> None:
        raise ConsoleError(f"passphrase: {token}\x1b[2J")

    try:
        fails("hunter2")
    except ConsoleError as error:
        text = report(error, Path("/home/me"))
    assert "hunter2" not in text and "\x1b" not in text and "in fails" in text
