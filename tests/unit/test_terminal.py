"""Where the app runs, and what it says where it does not; what its import costs."""

from __future__ import annotations

import subprocess
import sys

import pytest

from edgead.console.terminal import why_not


@pytest.mark.parametrize("term", ["xterm-256color", "linux", "screen", "vt100"])
def test_a_terminal_is_taken(term):
    assert why_not({"TERM": term}, True, True) is None


@pytest.mark.parametrize(
    ("environ", "stdin", "stdout", "says"),
    [
        ({"TERM": "xterm"}, True, False, "output"),
        ({"TERM": "xterm"}, False, True, "input"),
        ({"TERM": "dumb"}, True, True, "dumb"),
        ({}, True, True, "TERM"),
    ],
)
def test_anything_else_is_refused_in_one_line(environ, stdin, stdout, says):
    refusal = why_not(environ, stdin, stdout)
    assert says in refusal and "--headless" in refusal and "\n" not in refusal


def test_importing_the_app_brings_nothing_slow():
    slow = "plotext", "asyncssh", "pandas", "numpy", "tensorflow"
    code = f"import sys, edgead.console.tui.app; print([m for m in {slow} if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
