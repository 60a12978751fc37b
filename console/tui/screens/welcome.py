"""Welcome: the first minute without a cluster file: three ways to something that runs."""

from __future__ import annotations

from edgead.console.tui.screens.question import Choice, Question


def welcome() -> Question:
    """Ask what to do; escape looks around with nothing started."""
    return Question(
        "Welcome to edgead-console",
        "There is no cluster file yet: no boards are known here. How shall it begin?",
        (
            Choice("d", "demo", "demo: three nodes here, two trials, the comparison"),
            Choice("f", "find", "find boards: scan, log in, write the cluster file"),
            Choice("w", "write", "write the cluster file by hand, from a template"),
            Choice("e", "embedded", "three nodes in this machine, and start nothing"),
        ),
        cancel="look around; + adds nodes later",
    )
