"""What nodes say, of themselves and of their tasks: a verdict, an event or nothing; never more."""

from __future__ import annotations

import asyncio
import base64
import json
import tempfile
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hostile import NASTY, is_safe, plain, shreds, some_of, texts
from hypothesis import example, given, settings
from hypothesis import strategies as st

from edgead.agents import board, docker, power
from edgead.agents.commands import Outcome
from edgead.agents.errors import AgentFailed
from edgead.agents.mdns import Announcement
from edgead.agents.messages import Facts
from edgead.agents.protocol import MOST_TEXT, ProtocolError, decode, printable, read_object
from edgead.agents.protocol import plain as made_plain
from edgead.agents.scan import parse_banner
from edgead.agents.tegrastats import TegrastatsError, parse
from edgead.console.events import event
from edgead.console.nodes.discovery import Discovery, Found, Wanted
from edgead.console.nodes.drift import drift
from edgead.console.nodes.health import docker as docker_checks
from edgead.console.nodes.health import jetson, machine, tensorflow
from edgead.console.nodes.health.check import Board, Check
from edgead.console.nodes.health.run import _of
from edgead.console.nodes.inventory import Node, read_cluster
from edgead.console.nodes.inventory_file import as_toml
from edgead.console.nodes.networks import parse_networks
from edgead.console.running import node_chief
from edgead.console.running.failure import Failure
from edgead.console.running.task_lines import Ready, Usage, read_task_line
from edgead.console.runs.store import Run, Store
from edgead.models.spec import read_spec

CHECKS = (*jetson.CHECKS, *machine.CHECKS, *docker_checks.CHECKS, *tensorflow.CHECKS)
WORDS = """nvpmodel jetson_clocks yes no missing /usr/sbin/x NV Power Mode: MAXN GPU MinFreq=1
MaxFreq=2 POWER_MODEL ID=0 NAME= MemAvailable: MemTotal: SwapFree: 12 kB == inodes / 99% 1 2 3
1700000000.5 RAM 1/2MB CPU [1%@2] GPU@50C alarm cooling throttle device speed wireless powersave
on eth0 ² 1000 permission denied not found "nvidia" No such container sha256:0123456789ab {"event":
"self_test", "import_seconds": 1e999 "step_seconds" "error" "state" running python 3.8 tensorflow
2.12.0 rc1 == 0 1 2 # R35 REVISION: 3.1 SSH-2.0-x"""
node = Node("n", "10.0.0.1", user="u", container="tf:r35.3", power_mode="MAXN")
facts = st.builds(
    Facts, st.just(1), texts, texts, texts, st.integers(), st.none() | texts, st.none() | texts
)
outcomes = st.builds(
    Outcome,
    st.none() | st.integers(-300, 300),
    # As it comes from the protocol: bounded lines without control characters.
    shreds(WORDS).map(lambda said: "\n".join(map(printable, said.split("\n")))),
    began=st.just(1.7e9),
)


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: str(check.name))
@settings(max_examples=60)
@given(outcomes, facts)
@example(Outcome(0, "device eth0\nspeed ²"), Facts(1, "", "", "", 1))
@example(Outcome(0, "device $(id)\nwireless x"), Facts(1, "", "", "", 1))
@example(Outcome(0, "nvpmodel no ALL\njetson_clocks no /x'$(id)"), Facts(1, "", "", "", 1, "35"))
@example(
    Outcome(0, '{"event": "self_test", "import_seconds": 1' + "0" * 400 + "}"),
    Facts(1, "", "", "", 1),
)
def test_any_output_of_a_check_gets_a_verdict(check: Check, outcome: Outcome, said: Facts) -> None:
    found = _of(node, check.name, check.judge(Board(node, said), outcome))
    assert found.verdict in ("ok", "warn", "fail")
    assert is_safe(found.evidence) and is_safe(found.remedy)
    assert len(found.evidence) <= 300 and len(found.remedy) < 1000
    # What a node says in a command to copy is one plain word of it.
    assert "$(id)" not in found.remedy and "NOPASSWD: ALL" not in found.remedy


@given(shreds(WORDS))
def test_any_output_is_read_or_says_nothing(output: str) -> None:
    docker.parse_state(output), docker.parse_objects(output), docker.release_of(output)
    power.parse_mode(output), power.clocks_pinned(output)
    power.find_mode("MAXN", power.parse_modes(output))
    found = board.parse_board(output)
    assert all(map(is_safe, (found.hostname, found.model, found.l4t)))
    assert is_safe(parse_banner(output.encode("utf-8", "replace")) or "")


@given(texts, texts, texts)
@example("host", "", "")
def test_any_host_found_makes_a_cluster_file(name: str, model: str, announced: str) -> None:
    said = "\n".join(["", "== 1", model, "== 3", name])
    found = Found("10.0.0.9", 22, announced=announced, state="identified",
                  board=board.parse_board(said))  # fmt: skip
    text = as_toml(
        "found", [found, replace(found, host="10.0.0.8")], Wanted(parse_networks(["10.0.0.0/24"]))
    )
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "found.toml"
        path.write_text(text)
        first, second = read_cluster(path).nodes
    assert (first.host, second.host) == ("10.0.0.9", "10.0.0.8") and first.name != second.name


@given(st.dictionaries(texts, some_of(("l4t", "clock_offset", "image")), max_size=3))
def test_any_boards_are_laid_side_by_side(boards: dict[str, dict[str, Any]]) -> None:
    drift(boards)


async def test_a_network_that_announces_without_end_is_heard_so_far(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(Discovery, "_identify", lambda self, found: None)
    search = Discovery(Wanted(parse_networks(["10.0.0.0/24"]), elsewhere=True))
    for number in range(2000):
        search._announced(Announcement("x", f"192.168.{number // 250}.{number % 250}", 22))
    assert len(search.found) == 500


# -- the agent


@given(plain)
def test_plain_data_is_safe_or_refused(value: Any) -> None:
    try:
        text = json.dumps(made_plain(value, 100), ensure_ascii=False)
    except ValueError:
        return
    assert is_safe(text)


@pytest.mark.parametrize("text", NASTY)
def test_a_text_of_an_agent_is_bounded_and_safe(text: str) -> None:
    line = json.dumps({"event": "line", "task": text, "line": text * 99}).encode()
    message = decode(line)
    assert is_safe(message.line) and len(message.line) <= 4 * MOST_TEXT


def test_a_list_of_an_agent_is_bounded() -> None:
    lines = json.dumps({"event": "exit", "task": "t", "code": 0, "signal": 0, "lines": [""] * 9999})
    with pytest.raises(ProtocolError, match="at most 1000"):
        decode(lines.encode())


@given(texts)
def test_what_is_wrong_with_a_node_is_one_safe_line(text: str) -> None:
    error = AgentFailed("n", text * 9)
    assert is_safe(str(error)) and len(str(error)) < 9000


@pytest.mark.timeout(60)  # it would be hours, were there anything to backtrack over
@given(shreds("RAM SWAP 1/2MB (lfb 4x4MB) CPU [1%@2,off] EMC GR3D_FREQ 5%@[1,2] a@1C x 1mW/2mW"))
@example(" ".join(["1%@"] * 2700))
@example("A@" * 4096)
@example("CPU [" + "1%@1," * 1600)
def test_a_line_of_tegrastats_is_read_or_refused(line: str) -> None:
    try:
        parse(line)
    except TegrastatsError as refused:
        assert is_safe(str(refused))


# -- tasks and chiefs


@given(some_of(("event", "tensorflow", "cudnn", "seconds", "rss", "peak", "sent", "received")))
@example({"event": "ready", "tensorflow": "\x1b[2J\ud800", "seconds": 1})
@example({"event": "ready", "tensorflow": "2", "seconds": float("nan")})
@example({"event": "usage", "rss": 10**400, "peak": 1, "sent": 1, "received": 1})
@example({"event": "usage", "rss": 1e308, "peak": 1, "sent": 1, "received": 1})
def test_any_line_of_a_task_is_read_or_none(said: dict[str, Any]) -> None:
    found = read_task_line(json.dumps(said))
    if isinstance(found, Ready):
        assert is_safe(found.tensorflow) and is_safe(found.cudnn)
        assert 0 <= abs(found.seconds) < float("inf")
    if isinstance(found, Usage):
        assert sum((found.rss, found.peak, found.sent, found.received)) / 1e6 < float("inf")


class Chief:
    """A program on a node that says some lines and ends well."""

    def __init__(self, lines: list[bytes]) -> None:
        self._lines = lines

    def write(self, line: bytes) -> None:
        pass

    async def lines(self) -> AsyncIterator[bytes]:
        for line in self._lines:
            yield line

    async def errors(self, hear: Callable[[bytes], None]) -> None:
        hear(b"\x1b[2J" * 10)

    async def end(self) -> str:
        return ""

    async def close(self) -> None:
        pass


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    spec = read_spec({"preset": "paper-kdd99", "chief_node": "n"})
    return Store(tmp_path_factory.mktemp("runs")).create(spec)


FIELDS = ("path", "data", "file", "cause", "text", "loss", "epoch", "shards", "split", "phase")
KINDS = (*node_chief._KINDS, "flag", "result", "node")
PATHS = (
    "model.keras",
    "saved_model/a",
    "saved_model/../../x",
    "/etc/x",
    "tensorboard/" + "a/" * 99,
)
pieces = st.builds(
    lambda path, data: {"kind": "file", "path": path, "data": base64.b64encode(data).decode()},
    st.sampled_from(PATHS) | texts,
    st.binary(max_size=20),
)
spoken = pieces | st.builds(
    lambda kind, fields: {"kind": kind, **fields}, st.sampled_from(KINDS), some_of(FIELDS)
)


@given(st.lists(spoken.map(lambda said: json.dumps(said).encode()) | st.binary(), max_size=5))
@example([b'{"kind": "note", "text": ' + b"[" * 900 + b"]" * 900 + b"}"])
def test_a_chief_on_a_node_says_events_or_fails(run: Run, lines: list[bytes]) -> None:
    heard: list[Any] = []
    program: Any = Chief(lines)
    before = sorted(run.folder.parent.iterdir())
    try:
        asyncio.run(node_chief.run_node_chief(run, "n", program, {}, {}, "", 0, heard.append))
    except Failure as failure:
        assert failure.node == "n" and is_safe(failure.cause)
    for each in heard:
        assert each.kind in node_chief._KINDS and is_safe(each.to_line()[:-1])
    assert sorted(run.folder.parent.iterdir()) == before
    tops = {path.name for path in run.folder.iterdir() if not path.name.endswith(".part")}
    assert tops <= {"spec.toml", "console.log", "model.keras", "detector.json", "saved_model",
                    "tensorboard"}  # fmt: skip


def test_a_chief_sends_no_more_files_than_a_chief_has(run: Run) -> None:
    home = node_chief.Home(run.folder)
    with pytest.raises(ValueError, match="more than 1000"):
        for number in range(1001):
            home.take(event("file", path=f"tensorboard/{number}", data=""))


def test_a_chief_cannot_write_by_a_link_beside_its_file(run: Run, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.write_text("mine")
    (run.folder / ".detector.json.part").symlink_to(outside)
    home = node_chief.Home(run.folder)
    home.take(event("file", path="detector.json", data=base64.b64encode(b"theirs").decode()))
    home.keep()
    assert outside.read_text() == "mine"
    assert (run.folder / "detector.json").read_text() == "theirs"


async def test_a_chief_talks_only_so_much(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(node_chief, "MOST_EVENTS", 1000)
    program: Any = Chief([b'{"kind": "note", "text": "again and again"}'] * 99)
    with pytest.raises(Failure, match="events are more than"):
        await node_chief.run_node_chief(run, "n", program, {}, {}, "", 0, lambda _: None)


@given(st.text() | plain.map(json.dumps))
def test_any_line_is_an_object_or_none(line: str) -> None:
    found = read_object(line)
    assert found is None or is_safe(json.dumps(found, ensure_ascii=False))
