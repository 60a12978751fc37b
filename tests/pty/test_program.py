"""The real program in a pty: the demo from its first frame to the comparison, by keys."""

import contextlib
import os
import re
import sys
import time

import pexpect
import pyte
import pytest
from program import MARK, marked, until

pytestmark = pytest.mark.slow


class Terminal:
    """A program on a terminal of its own, and what its screen shows."""

    def __init__(self, arguments, columns=120, rows=36, **environment):
        self.mark = f"{MARK}-{os.urandom(8).hex()}"
        self.screen = pyte.Screen(columns, rows)
        self.stream = pyte.Stream(self.screen)
        self.child = pexpect.spawn(
            sys.executable,
            ["-m", "edgead.console.cli", *map(str, arguments)],
            dimensions=(rows, columns),
            env={**os.environ, "TERM": "xterm-256color", MARK: self.mark, **environment},
            encoding="utf-8",
            codec_errors="replace",
        )

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.child.close(force=True)
        for pid in marked(self.mark):
            os.kill(pid, 9)

    def read(self):
        with contextlib.suppress(pexpect.TIMEOUT, pexpect.EOF):
            self.stream.feed(self.child.read_nonblocking(1 << 16, timeout=0.2))
        return "\n".join(self.screen.display)

    def until(self, pattern, seconds=120.0):
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            text = self.read()
            if re.search(pattern, text):
                return text
        raise AssertionError(f"{pattern!r} not on the screen:\n{text}")

    def press(self, keys):
        self.child.send(keys)

    def exit_code(self):
        until(lambda: (self.read(), not self.child.isalive())[1])
        return self.child.exitstatus


def test_demo_to_comparison(home, kdd99_folder):
    with Terminal(["demo", "--data", kdd99_folder]) as terminal:
        terminal.until("T-001 .*centralised")
        terminal.until("node-3 .*up")
        terminal.until("T-002 .*distributed · 3 workers")
        terminal.until("T-002 .*finished")
        terminal.press("c")
        terminal.until(r"validation accuracy +0\.9560 +0\.9\d\d\d +0\.9\d\d\d")
        terminal.press("\x1b")
        terminal.until("Fleet")
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
            again.until("(?i)stop")
            again.press("\r")
            again.until("stopped")
            again.press("q")
            assert again.exit_code() == 0
        until(lambda: not any("trial run" in c for c in marked(terminal.mark).values()))


@pytest.mark.parametrize(("columns", "rows"), [(80, 24), (200, 50)])
def test_quit_at_once_leaves_nothing_running(home, columns, rows):
    with Terminal([], columns, rows) as terminal:
        terminal.until("Fleet")
        terminal.until("node-3 .*up")
        terminal.press("q")
        assert terminal.exit_code() == 0
        until(lambda: not marked(terminal.mark))


def test_a_dumb_terminal_is_refused_in_one_line(home):
    with Terminal([], TERM="dumb") as terminal:
        terminal.until("--headless")
        assert terminal.exit_code() == 2
