"""Shards on their way to a node: resumed, verified, refused; by the real program and over SSH."""

from __future__ import annotations

import asyncio
import hashlib
import json
import os
import random
import subprocess
import sys
import zlib
from pathlib import Path
from typing import Any

import pytest
from node_addresses import addresses

from edgead.agents import shards as program
from edgead.agents import staging
from edgead.agents.connection import connect
from edgead.agents.embedded import embedded_nodes
from edgead.agents.errors import AgentFailed

CONTENT = random.Random(1).randbytes(50_000) + bytes(2_000_000)
PACKED = zlib.compress(CONTENT, 1)
NAME = hashlib.sha256(CONTENT).hexdigest() + ".f32"
KEEP = 1 << 30


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return tmp_path / "cache" / "edgead" / "shards"


def receive(content: bytes, **asked: Any) -> list[dict[str, Any]]:
    """Run the program as on a node; give its answers."""
    asked = {"name": NAME, "size": len(CONTENT), "packed": len(PACKED), "keep": KEEP, **asked}
    done = subprocess.run(
        [sys.executable, "-ISu", program.__file__],
        input=json.dumps(asked).encode() + b"\n" + content,
        capture_output=True,
        timeout=60,
    )
    assert done.stderr == b""
    return [json.loads(line) for line in done.stdout.splitlines()]


def test_what_is_staged_is_its_owners_alone(folder: Path) -> None:
    folder.mkdir(parents=True, mode=0o777)
    before = os.umask(0)
    try:
        receive(PACKED[:50])  # cut: a part stays
        assert [path.stat().st_mode & 0o777 for path in folder.iterdir()] == [0o600]
        assert receive(PACKED[50:])[-1] == {"done": True}
    finally:
        os.umask(before)
    assert [path.stat().st_mode & 0o777 for path in folder.iterdir()] == [0o600]
    assert folder.stat().st_mode & 0o777 == 0o700


def test_a_shard_comes_whole_and_only_once(folder: Path) -> None:
    assert receive(PACKED) == [{"have": 0, "complete": False}, {"done": True}]
    assert (folder / NAME).read_bytes() == CONTENT
    assert folder.stat().st_mode & 0o777 == 0o700
    assert (folder / NAME).stat().st_mode & 0o777 == 0o600
    assert receive(b"") == [{"have": len(PACKED), "complete": True}]
    assert [path.name for path in folder.iterdir()] == [NAME]


def test_one_that_has_gone_bad_is_found_when_it_is_read(folder: Path) -> None:
    receive(PACKED)
    assert receive(b"", verify=True) == [{"have": len(PACKED), "complete": True}]
    (folder / NAME).write_bytes(CONTENT[::-1])
    assert receive(b"") == [{"have": len(PACKED), "complete": True}]
    assert receive(PACKED, verify=True) == [{"have": 0, "complete": False}, {"done": True}]
    assert (folder / NAME).read_bytes() == CONTENT


def test_a_cut_shard_goes_on_where_it_was_cut(folder: Path) -> None:
    assert receive(PACKED[:1000]) == [{"have": 0, "complete": False}]
    assert receive(PACKED[1000:]) == [{"have": 1000, "complete": False}, {"done": True}]
    assert (folder / NAME).read_bytes() == CONTENT


@pytest.mark.parametrize(
    ("content", "asked"),
    [
        (PACKED[:-9] + bytes(9), {}),
        (zlib.compress(CONTENT[::-1], 1), {"packed": len(zlib.compress(CONTENT[::-1], 1))}),
        (PACKED, {"size": 1000}),  # it unpacks to more than it may
        (PACKED, {"size": len(CONTENT) + 1}),
    ],
    ids=["damaged", "another", "larger", "smaller"],
)
def test_what_is_not_what_its_name_says_leaves_nothing(
    folder: Path, content: bytes, asked: dict[str, Any]
) -> None:
    *_, last = receive(content, **asked)
    assert "not what its name says" in last["error"]
    assert list(folder.iterdir()) == []


@pytest.mark.parametrize("name", ["../x.f32", "a" * 64, NAME + "/x", "", NAME + "\n", 7, None])
def test_a_name_that_is_no_digest_is_refused(folder: Path, name: Any) -> None:
    assert "error" in receive(PACKED, name=name)[0]
    assert not folder.exists()


def test_no_room_is_said_before_anything_is_sent(folder: Path) -> None:
    assert "no room" in receive(b"", size=1 << 60)[0]["error"]


def test_the_least_recently_used_go_first(folder: Path) -> None:
    folder.mkdir(parents=True)
    for age, name in enumerate("cab"):
        path = folder / (name * 64 + ".f32")
        path.write_bytes(bytes(1_000_000))
        os.utime(path, (1000 - age, 1000 - age))
    receive(PACKED, keep=len(CONTENT) + 1_500_000)
    assert {path.name[0] for path in folder.iterdir()} == {NAME[0], "c"}


async def test_nodes_that_share_a_home_are_staged_side_by_side(
    tmp_path: Path, folder: Path
) -> None:
    path = tmp_path / NAME
    path.write_bytes(CONTENT)
    async with embedded_nodes(tmp_path / "nodes", 3) as file:
        nodes = [await connect(each, on_event=lambda _: None) for each in addresses(file)]
        told: list[tuple[int, int]] = []
        first = await nodes[0].stage(path, lambda *progress: told.append(progress))
        assert first.sent == len(staging.pack(path).read_bytes()) == told[-1][0] == told[-1][1]
        (folder / NAME).unlink()
        await asyncio.gather(*(node.stage(path, lambda *_: None) for node in nodes))
        assert (folder / NAME).read_bytes() == CONTENT
        assert (await nodes[1].stage(path, lambda *_: None)).sent == 0
        wrong = tmp_path / ("0" * 64 + ".f32")
        wrong.write_bytes(CONTENT)
        with pytest.raises(AgentFailed, match="damaged and is removed"):
            await nodes[2].stage(wrong, lambda *_: None)
        assert not wrong.exists()
        (folder / NAME).unlink()
        staging.pack(path).write_bytes(PACKED[:-9] + bytes(9))
        with pytest.raises(AgentFailed, match="not what its name says"):
            await nodes[2].stage(path, lambda *_: None)
        assert (await nodes[2].stage(path, lambda *_: None)).sent > 0  # packed anew
        await asyncio.gather(*(node.close() for node in nodes))
