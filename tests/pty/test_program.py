"""The real program in a pty: the demo from its first frame to the comparison, by keys."""

import pytest
from on_terminal import Terminal
from program import marked, until

pytestmark = pytest.mark.slow


def test_demo_to_comparison(home, kdd99_folder):
    with Terminal(["demo", "--data", kdd99_folder]) as terminal:
        terminal.until("T-001 .*centralised")
        terminal.until("node-3 .*up")
        terminal.until("T-002 .*distributed · 3 workers")
        terminal.until("T-002 .*finished")
        terminal.press("c")
        terminal.until(r"validation accuracy +0\.9560 +0\.9\d\d\d +0\.9\d\d\d")
        terminal.press("2")
        terminal.until("Trials · 2")
        terminal.press("q")
        assert terminal.exit_code() == 0
    assert {run.name for run in (home / "runs").iterdir()} == {"T-001", "T-002"}


def test_killing_the_app_ends_no_trial_and_opening_it_again_shows_it(home, kdd99_folder):
    arguments = ["demo", "--data", kdd99_folder, "--epochs", "400"]
    with Terminal(arguments) as terminal:
        terminal.until(r"epoch +\d+/400")
        terminal.child.kill(9)
        until(lambda: not terminal.child.isalive())
        assert any("trial run" in command for command in marked(terminal.mark).values())
        with Terminal([], EDGEAD_DATA=str(kdd99_folder)) as again:
            again.until("T-001 .*centralised")
            again.until(r"epoch +\d+/400")
            again.press("x")
            again.until("Stop: ")
            again.press("\r")
            again.until("stopped")
            again.press("q")
            assert again.exit_code() == 0
        until(lambda: not any("trial run" in c for c in marked(terminal.mark).values()))


@pytest.mark.parametrize(("columns", "rows"), [(80, 24), (200, 50)])
def test_quit_at_once_leaves_nothing_running(home, columns, rows):
    with Terminal([], columns, rows) as terminal:
        terminal.until("Welcome")
        terminal.press("e")
        terminal.until("node-3 .*up")
        terminal.press("q")
        assert terminal.exit_code() == 0
        until(lambda: not marked(terminal.mark))


def test_a_dumb_terminal_is_refused_in_one_line(home):
    with Terminal([], TERM="dumb") as terminal:
        terminal.until("--headless")
        assert terminal.exit_code() == 2
