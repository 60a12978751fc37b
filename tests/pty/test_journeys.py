"""One journey a feature, by keys and mouse, of the real program in a pty."""

import re
import subprocess

import pytest
from on_terminal import Terminal
from program import Program, marked, until
from stored_runs import finished_run

from edgead.console import paths
from edgead.console.runs.store import Store

pytestmark = pytest.mark.slow

LINKS = ["ss", "--no-header", "--numeric", "state", "established", "dst"]
SMALL = (("epochs", "2"), ("synthetic", "true"), ("rows", "8192"), ("strategy", "central"))


def linked(board):
    """Tell whether there is a connection from here to the board."""
    return bool(subprocess.check_output([*LINKS, board.host]).strip())


@pytest.fixture
def two_runs(home):
    """A home with two finished runs, as far as their logs are concerned."""
    return [finished_run(Store(paths.runs_folder()), seed=seed) for seed in (1, 2)]


def test_a_sweep_then_names_replay_and_deletion_by_keys(home):
    settings = [word for key, value in SMALL for word in ("--set", f"{key}={value}")]
    with Program("trial", "run", "paper-kdd99", "--seeds", "1,2", "--json", *settings) as it:
        code, lines, err = it.finish()
    assert code == 0, err
    spread = {line["name"]: line for line in lines if line["kind"] == "spread"}
    assert spread["test accuracy"]["runs"] == 2 and spread["test accuracy"]["deviation"] is not None
    with Terminal([], 120, 36) as terminal:
        terminal.until("Welcome")
        terminal.press("\x1b")
        terminal.until_gone("Welcome")
        terminal.press("2")
        terminal.until("Trials · 2")
        terminal.press("d")
        terminal.until("Sweep over seeds")
        terminal.until(r"test accuracy +\d\.\d{4} ± \d\.\d{4}")
        terminal.press("\x1b")
        terminal.until("Trials · 2")
        terminal.press("e")
        terminal.until("name and note")
        terminal.type("second")
        terminal.press("\r")
        terminal.until("T-002 is named second")
        terminal.press("r")
        terminal.until("replay 5×")
        terminal.press(">")
        terminal.until("replay 10×")
        terminal.press("p")
        terminal.until("‖ replay")
        terminal.press(".")
        terminal.press("\x1b")
        terminal.until_gone("replay")
        terminal.press(" ")
        terminal.until("1 marked")
        terminal.press("a")
        terminal.until("Actions · T-002")
        terminal.press("y")
        until(lambda: (terminal.read(), terminal.clipboard())[1])
        assert terminal.clipboard() == "edgead-console trial attach T-002"
        terminal.press("D")
        terminal.until("Delete: T-002")
        terminal.press("y")
        until(
            lambda: (
                (terminal.read(), terminal.clipboard())[1]
                == "edgead-console trial delete T-002 --yes"
            )
        )
        terminal.press("D")
        terminal.until("Trials · 1")
        terminal.press("q")
        assert terminal.exit_code() == 0
    assert {run.name for run in (home / "runs").iterdir() if run.is_dir()} == {"T-001"}


def test_a_trial_is_filled_in_planned_and_started_and_its_log_searched(home):
    with Terminal([], 80, 24) as terminal:
        terminal.until("Welcome")
        terminal.press("e")
        terminal.until("node-3 .*up")
        terminal.press("s")
        terminal.until("The plan: one trial")
        terminal.press("\t\t\t")  # past strategy and engine, to the workers
        terminal.type("\x15" + "0")
        terminal.until("workers: expected a whole number from 1")
        terminal.type("\x15" + "3")
        terminal.until("The plan: one trial")
        terminal.press("\x1b")
        terminal.until_gone("New trial")
        terminal.press("4")
        terminal.until("what happened")
        terminal.press("\x1b[B")
        terminal.until("embedded nodes")
        terminal.until("3 nodes on this machine")
        terminal.press("/")
        terminal.type("NODES")
        terminal.until("1/1")
        terminal.press("\r")
        terminal.press("y")
        until(lambda: (terminal.read(), terminal.clipboard())[1])
        assert "3 nodes on this machine" in terminal.clipboard()
        terminal.press("q")
        assert terminal.exit_code() == 0
        until(lambda: not marked(terminal.mark))


def test_read_only_looks_and_changes_nothing(home, two_runs):
    with Terminal(["--read-only"], 80, 24) as terminal:
        terminal.until("read-only")
        terminal.press("2")
        terminal.until("T-002")
        for key in ("s", "D", "R", "e", "x", "+"):
            terminal.press(key)
        terminal.press("4")
        terminal.until("console.log")
        terminal.press("q")
        assert terminal.exit_code() == 0
    assert len(list((home / "runs").iterdir())) == 2


@pytest.mark.parametrize(
    "environment",
    [{"TERM": "linux"}, {"NO_COLOR": "1"}, {"TERM": "xterm-16color"}, {"TERM": "screen-256color"}],
)
def test_every_terminal_shows_states_in_words_at_any_size(home, two_runs, environment):
    with Terminal([], 80, 24, COLORTERM="", **environment) as terminal:
        terminal.until("Welcome")
        terminal.press("\x1b")
        terminal.until_gone("Welcome")
        terminal.press("2")
        terminal.until(r"✔ finished")
        for size in ((40, 12), (200, 50), (120, 36), (80, 24)):
            terminal.resize(*size)
            terminal.until("edgead")
        terminal.until("Fleet")  # the screen is drawn anew for each size
        terminal.click("Fleet")
        terminal.press("t")
        terminal.press("v")
        terminal.until(r"T-001 +✔ finished")
        terminal.press("q")
        assert terminal.exit_code() == 0


def test_boards_are_found_added_and_logged_in_to(home, boards, monkeypatch, tmp_path):
    made = boards(2)
    address = made[0].address()
    monkeypatch.setenv("HOME", str(tmp_path))  # ssh's own files are left alone
    network = address.host.rpartition(".")[0] + ".8/29"
    with Terminal([], 120, 36) as terminal:
        terminal.until("Welcome")
        terminal.press("f")
        terminal.until("enter scans")
        terminal.until("mDNS")
        terminal.press("\x15")
        terminal.until("such as 192.168")
        terminal.type(network)
        for label, text in (("user", address.user), ("key ", str(address.key))):
            before = terminal.ground(label, 12)
            terminal.press("\t")
            until(
                lambda where=label, was=before: (
                    terminal.read(),
                    terminal.ground(where, 12) != was,
                )[1]
            )
            terminal.type(text)
            terminal.until(re.escape(text[-12:]))
        terminal.press("\r")
        terminal.until("new host key SHA256.*(?s:.*)new host key SHA256")
        terminal.press("t")
        terminal.until("Trust these")
        terminal.press("t")
        terminal.until(r"(?s)xavier-1 .*logs in.*xavier-2 .*logs in")
        terminal.press("\x13")
        terminal.until(r"(?s)xavier-1 .*up.*xavier-2 .*up")
        terminal.press("q")
        assert terminal.exit_code() == 0
    assert 'name = "xavier-2"' in (tmp_path / "cluster.toml").read_text()


def test_the_app_lives_on_behind_a_shell(home, boards):
    made = boards(2)
    with Terminal(["--cluster", made[0].keys / "cluster.toml"], 120, 36) as terminal:
        terminal.until(r"(?s)xavier-1 .*up.*xavier-2 .*up")
        terminal.press("1")
        terminal.until("Checks")
        terminal.press("!")
        terminal.until("exit comes back")
        terminal.type("echo on $(hostname)\r")
        terminal.until("on xavier-1")
        assert linked(made[1])
        made[1].group.freeze()
        until(lambda: (terminal.read(), not linked(made[1]))[1])  # the app lives on behind it
        assert "on xavier-1" in terminal.read()
        made[1].group.thaw()
        until(lambda: (terminal.read(), linked(made[1]))[1])
        terminal.type("exit\r")
        terminal.until("Fleet · 2/2 up")
        made[0].group.freeze()
        terminal.press("!")
        terminal.until("exit comes back")
        terminal.press("\x03")  # ends ssh, which waits for the board, and not the app
        terminal.until(r"ssh ended with signal 2 \(SIGINT\)")
        made[0].group.thaw()
        terminal.until("Fleet · 2/2 up")
        terminal.press("\r")
        terminal.until("Tasks and container")
        terminal.press("q")
        assert terminal.exit_code() == 0
