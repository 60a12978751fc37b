"""What tests ask of a virtual board, and change on it: commands, telemetry, echoes, its file."""

from __future__ import annotations

import asyncio
import json
import re
import subprocess
from pathlib import Path
from typing import Any

import asyncssh
import pytest
import tomli
import tomli_w
from asyncssh import DEVNULL

from edgead.agents.connection import connect
from edgead.agents.login import log_in
from edgead.agents.messages import Message, TelemetryLine
from edgead.agents.tegrastats import parse
from edgead.agents.telemetry import Telemetry
from testbed.board import Board

DEADLINE = 30.0


async def ssh(
    board: Board, command: str, user: str = "nvidia", answer: str = ""
) -> asyncssh.SSHCompletedProcess:
    """Run a command on a board; `answer` is all its standard input."""
    link = await log_in(board.address(user))
    try:
        job = link.run(command, input=answer) if answer else link.run(command, stdin=DEVNULL)
        return await asyncio.wait_for(job, DEADLINE)
    finally:
        link.close()
        await link.wait_closed()


async def say(board: Board, command: str, user: str = "nvidia", answer: str = "") -> str:
    """Give what a command prints there; it must succeed."""
    done = await ssh(board, command, user, answer)
    assert done.exit_status == 0, f"{command}: {done.exit_status}: {done.stdout!s}{done.stderr!s}"
    return str(done.stdout)


async def telemetry(board: Board, user: str) -> Telemetry:
    """Give the first sample that the agent there sends."""
    lines: asyncio.Queue[Message] = asyncio.Queue()
    link = await connect(board.address(user), on_event=lines.put_nowait)
    try:
        await link.telemetry(0.1)
        found = await asyncio.wait_for(lines.get(), DEADLINE)
    finally:
        await link.close()
    assert isinstance(found, TelemetryLine) and found.source == "tegrastats"
    return parse(found.line)


def ping(board: Board, count: int) -> tuple[int, float | None]:
    """Give how many of so many echoes came back, and the milliseconds of the fastest."""
    command = f"busybox ping -q -c {count} -i 0.01 -W 2 {board.host}"
    said = subprocess.run(command.split(), capture_output=True, text=True).stdout
    came = re.search(r"(\d+) packets received", said)
    fastest = re.search(r"min/avg/max = ([\d.]+)/", said)
    assert came, said
    return int(came[1]), float(fastest[1]) if fastest else None


def edit(board: Board, cluster: dict[str, Any] | None = None, **node: Any) -> Path:
    """Change the boards' cluster file: keys of [cluster], and the same keys of every node."""
    file = board.keys / "cluster.toml"
    content = tomli.loads(file.read_text())
    content["cluster"].update(cluster or {})
    for each in content["nodes"]:
        each.update(node)
    file.write_text(tomli_w.dumps(content))
    return file


def write(board: Board, path: str, content: str) -> None:
    """Write a program on a board."""
    script = 'mkdir -p "${2%/*}" && printf %s "$1" >"$2" && chmod 755 "$2"'
    board.run(["sh", "-c", script, "sh", content, path])


def objects(capsys: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]
