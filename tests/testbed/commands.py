"""Run this machine's own tools, and wait for things to happen."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Callable, Sequence
from pathlib import Path

PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
NETNS = Path("/run/netns")


class TestbedError(Exception):
    """Something of the testbed can't be done; one line says what."""

    __test__ = False  # it is no test, whatever pytest thinks of its name


def run(command: Sequence[str], stdin: str = "") -> str:
    """Give what a command prints; TestbedError with its last words where it fails."""
    done = subprocess.run(
        command, input=stdin, capture_output=True, text=True, env={"PATH": PATH}, check=False
    )
    if done.returncode:
        said = "; ".join((done.stderr or done.stdout).strip().split("\n")[-2:])
        raise TestbedError(f"{' '.join(command)}: exit code {done.returncode}: {said}")
    return done.stdout


def ip(lines: Sequence[str], netns: str | None = None) -> None:
    """Run commands of `ip`, one a line, in a network namespace or the present one."""
    where = ["-n", netns] if netns else []
    run(["ip", *where, "-batch", "-"], "\n".join(lines) + "\n")


def inside(netns: str) -> list[str]:
    """Give the start of a command that is to run in a network namespace."""
    return ["nsenter", f"--net={NETNS / netns}"]  # `ip netns exec` would hide the cgroups


def until(condition: Callable[[], object], what: str, seconds: float = 20.0) -> None:
    """Wait until the condition holds; TestbedError where it does not in time."""
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            raise TestbedError(f"still waiting for {what} after {seconds:g} s")
        time.sleep(0.005)
