"""Speaks to an agent over pipes, as a host does, on this Python and, where there is one, 3.6."""

from __future__ import annotations

import json
import os
import queue
import shutil
import subprocess
import sys
import threading
import time
import uuid
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

from edgead.agents import agent as agent_module

AGENT = Path(agent_module.__file__)
DEADLINE = 20.0


def interpreters() -> dict[str, str]:
    """Return this Python and, if there is one that runs, a 3.6."""
    versions = Path.home() / ".pyenv" / "versions"
    candidates = [shutil.which("python3.6"), *sorted(versions.glob("3.6.*/bin/python"))]
    for candidate in filter(None, candidates):
        found = subprocess.run([candidate, "--version"], capture_output=True, text=True)
        if found.stdout.startswith("Python 3.6"):
            return {"this": sys.executable, "3.6": str(candidate)}
    return {"this": sys.executable}


INTERPRETERS = interpreters()


def until(condition: Callable[[], Any], what: str) -> Any:
    """Return the condition's value as soon as it is true."""
    end = time.monotonic() + DEADLINE
    while not (value := condition()):
        assert time.monotonic() < end, f"still waiting for {what}"
        time.sleep(0.02)
    return value


def marked(marker: str) -> list[int]:
    """Return the processes, but for zombies, with that text in their environment."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):  # it ended meanwhile
            alive = (folder / "stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
            if alive and marker.encode() in (folder / "environ").read_bytes():
                found.append(int(folder.name))
    return found


class Host:
    """Speaks to one agent process."""

    def __init__(self, python: str, env: dict[str, str] | None = None) -> None:
        self.marker = uuid.uuid4().hex
        self.process = subprocess.Popen(
            [python, "-u", str(AGENT)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env={**os.environ, **(env or {})},
            start_new_session=True,
        )
        self.heard: queue.Queue[dict[str, Any]] = queue.Queue()
        self.past: list[dict[str, Any]] = []
        self.numbers = iter(range(1, 10_000))
        self.reading = threading.Event()
        self.reading.set()
        self.reader = threading.Thread(target=self._read, daemon=True)
        self.reader.start()
        self.wait(event="hello")

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.heard.put(json.loads(line))
            self.reading.wait()

    def write(self, data: bytes) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(data)
        self.process.stdin.flush()

    def ask(self, op: str, **fields: Any) -> dict[str, Any]:
        """Send a request and return its answer."""
        n = self.send(op, **fields)
        return self.wait(n=n)

    def send(self, op: str, **fields: Any) -> int:
        n = next(self.numbers)
        self.write(json.dumps({"op": op, "n": n, **fields}).encode() + b"\n")
        return n

    def configure(self, dead_after: float = 60.0, sweep: tuple[str, ...] = ()) -> dict[str, Any]:
        return self.ask("configure", dead_after=dead_after, marker=self.marker, sweep=sweep)

    def start(self, task: str, script: str, stdin: str = "") -> dict[str, Any]:
        argv = ["/bin/sh", "-c", script]
        return self.ask("start", task=task, argv=argv, env={}, stdin=stdin)

    def wait(self, **fields: Any) -> dict[str, Any]:
        """Return the next message that has these fields; the others go to self.past."""
        end = time.monotonic() + DEADLINE
        while True:
            try:
                message = self.heard.get(timeout=max(0.0, end - time.monotonic()))
            except queue.Empty:
                raise AssertionError(f"no message with {fields}; heard {self.past[-5:]}") from None
            self.past.append(message)
            if all(message.get(key) == value for key, value in fields.items()):
                return message

    def close(self) -> int:
        """End the agent's input; return its exit code."""
        assert self.process.stdin is not None and self.process.stdout is not None
        self.process.stdin.close()
        code = self.process.wait(DEADLINE)
        self.reading.set()
        self.reader.join(DEADLINE)
        self.process.stdout.close()
        return code
