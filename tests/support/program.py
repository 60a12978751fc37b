"""The real program as a process, and what it leaves running."""

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
import uuid
from pathlib import Path

DEADLINE = 240.0
MARK = "EDGEAD_TEST_MARK"


def until(condition, seconds=60.0):
    """Poll until the condition gives something true, and give that."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if found := condition():
            return found
        time.sleep(0.05)
    raise AssertionError(f"not within {seconds} s: {condition}")


def marked(mark):
    """The processes that bear the mark in their environment, as {pid: command line}."""
    found = {}
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        with contextlib.suppress(OSError):
            if mark.encode() in (entry / "environ").read_bytes():
                command = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode()
                if command:  # a zombie has none
                    found[int(entry.name)] = command
    return found


class Program:
    """`edgead-console` with arguments, all its descendants marked."""

    def __init__(self, *arguments, stdin=subprocess.DEVNULL):
        self.mark = f"{MARK}-{uuid.uuid4().hex}"
        self.process = subprocess.Popen(
            [sys.executable, "-m", "edgead.console.cli", *map(str, arguments)],
            stdin=stdin,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env={**os.environ, MARK: self.mark},
        )

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for pid in marked(self.mark):
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        self.process.communicate()

    def finish(self):
        """Wait for the end; gives (exit code, events from stdout, stderr)."""
        out, err = self.process.communicate(timeout=DEADLINE)
        return self.process.returncode, [json.loads(line) for line in out.splitlines()], err

    def read_until(self, condition):
        """Read events until one fulfils the condition; gives it."""
        for line in self.process.stdout:
            happened = json.loads(line)
            if condition(happened):
                return happened
        raise AssertionError(f"it ended first: {self.process.stderr.read()}")

    def running(self):
        """What is left running of it."""
        return marked(self.mark)

    def task(self, name):
        """The pid of a cluster's task, found by its environment."""
        for pid in self.running():
            with contextlib.suppress(OSError):
                environment = Path(f"/proc/{pid}/environ").read_bytes().split(b"\0")
                if f"EDGEAD_TASK={name}".encode() in environment:
                    return pid
        return None
