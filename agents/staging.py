"""Staging: puts a shard on a node once, over a channel of its own on the node's connection."""

from __future__ import annotations

import asyncio
import hashlib
import json
import os
import shlex
import tempfile
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import asyncssh

from edgead.agents.errors import AgentFailed
from edgead.agents.hearing import in_time
from edgead.agents.protocol import read_object
from edgead.agents.waiting import within

KEEP = 4 << 30  # bytes of shards a node keeps; the least recently used go first
PIECE = 1 << 18  # bytes
LINE_LIMIT = 4096  # bytes of an answer
TEXT_LIMIT = 500
PATIENCE = 120.0  # seconds for a node to take a piece, or to unpack and answer
_PROGRAM = Path(__file__).with_name("shards.py").read_bytes()

Progress = Callable[[int, int], None]  # compressed bytes that are there, and all


class Staged(NamedTuple):
    """A shard that is on a node, for which so many bytes had to be sent."""

    sent: int


def pack(path: Path) -> Path:
    """Compress a shard, once for all nodes and trials: gives the file beside it.

    Raises OSError; one for a shard that is not what its name says, which is removed, so that the
    next trial writes it anew.
    """
    packed = path.with_suffix(".z")
    if packed.exists():
        return packed
    content = path.read_bytes()
    if hashlib.sha256(content).hexdigest() != path.stem:
        path.unlink()
        raise OSError(f"{path} was damaged and is removed: run the trial again")
    descriptor, part = tempfile.mkstemp(prefix=".packed-", dir=path.parent)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(zlib.compress(content, 1))
        Path(part).replace(packed)
    except BaseException:
        Path(part).unlink()
        raise
    return packed


async def stage(
    ssh: asyncssh.SSHClientConnection,
    node: str,
    python: str,
    path: Path,
    progress: Progress,
    *,
    verify: bool = False,
) -> Staged:
    """Have a shard on a node, going on where an earlier attempt was cut.

    With `verify` one that is there already is read, and sent again unless it is what it should be.

    Raises AgentFailed, with the node's name and what is wrong.
    """
    stub = f"import sys;exec(compile(sys.stdin.buffer.read({len(_PROGRAM)}),'shards','exec'))"
    try:
        packed = await asyncio.to_thread(pack, path)
        opening = ssh.create_process(
            f"exec {shlex.quote(python)} -ISuc {shlex.quote(stub)}",
            encoding=None,
            request_pty=False,
            stderr=asyncssh.DEVNULL,
        )
        process = await in_time(opening, node, f"{path.name} can't be staged")
        try:
            return await _send(process, node, path, packed, progress, verify)
        finally:
            process.close()
    except asyncio.TimeoutError:
        text = f"{path.name} can't be staged: no sign of life for {PATIENCE:.0f} s"
        raise AgentFailed(node, text) from None
    except (OSError, asyncssh.Error) as error:
        raise AgentFailed(node, f"{path.name} can't be staged: {error}") from None


async def _send(
    process: asyncssh.SSHClientProcess[bytes],
    node: str,
    path: Path,
    packed: Path,
    progress: Progress,
    verify: bool,
) -> Staged:
    total = packed.stat().st_size
    size = path.stat().st_size
    asked = {"name": path.name, "size": size, "packed": total, "keep": KEEP, "verify": verify}
    process.stdin.write(_PROGRAM + json.dumps(asked).encode() + b"\n")
    answer = await _answer(process, node)
    have = answer.get("have")
    if answer.get("complete") is True:
        return Staged(0)
    if type(have) is not int or not 0 <= have <= total:
        raise AgentFailed(node, f"{path.name} can't be staged: a wrong answer: {have!r:.80}")
    with packed.open("rb") as file:
        file.seek(have)
        done = have
        while piece := file.read(PIECE):
            process.stdin.write(piece)
            await within(process.stdin.drain(), PATIENCE)
            done += len(piece)
            progress(done, total)
    try:
        answer = await _answer(process, node)
    except AgentFailed:
        packed.unlink(missing_ok=True)  # should it be what is damaged, the next try packs anew
        raise
    if answer.get("done") is not True:
        raise AgentFailed(node, f"{path.name} can't be staged: no word that it is there")
    return Staged(total - have)


async def _answer(process: asyncssh.SSHClientProcess[bytes], node: str) -> dict[str, Any]:
    """Read one answer of the node, which is not trusted: an object in one short line."""
    line = b""
    while not line.endswith(b"\n") and len(line) < LINE_LIMIT:
        more = await within(process.stdout.read(LINE_LIMIT - len(line)), PATIENCE)
        if not more:
            raise AgentFailed(node, "the program that stages ended without an answer")
        line += more
    answer = read_object(line, TEXT_LIMIT)
    if answer is None:
        raise AgentFailed(node, "staging: expected an object in one line from the node")
    if "error" in answer:
        raise AgentFailed(node, str(answer["error"])[:TEXT_LIMIT])
    return answer
