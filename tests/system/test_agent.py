"""The agent as a real process over pipes, on this Python and, where there is one, on 3.6."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from agent_host import AGENT, DEADLINE, INTERPRETERS, Host, marked, until

from edgead.agents import agent as agent_module


@pytest.fixture(params=INTERPRETERS.values(), ids=INTERPRETERS.keys())
def host(request: pytest.FixtureRequest) -> Iterator[Host]:
    found = Host(request.param)
    yield found
    found.close()
    assert marked(found.marker) == []


def test_task_runs_with_its_input_environment_and_output(host: Host) -> None:
    host.configure()
    argv = [
        "/bin/sh",
        "-c",
        'echo "$COLOUR $EDGEAD_TASK $EDGEAD_AGENT"; pwd; cat; echo é >&2; exit 3',
    ]
    env = {"COLOUR": "grün"}
    text = "a line\n" * 30_000  # more than a pipe holds
    started = host.ask("start", task="t", argv=argv, env=env, stdin=text, cwd="/")
    assert started["event"] == "started" and started["pid"] > 0
    ended = host.wait(event="exit", task="t")
    assert (ended["code"], ended["signal"]) == (3, None)
    assert ended["lines"][-1] == "é" and ended["lines"][:19] == ["a line"] * 19
    lines = [m["line"] for m in host.past if m["event"] == "line"]
    assert lines[:2] == [f"grün t {host.marker}", "/"]
    assert (
        len(lines) + ended["dropped"] + sum(m["dropped"] for m in host.past if m["event"] == "line")
        == len(text.splitlines()) + 3
    )


def test_signal_last_words_and_odd_bytes(host: Host) -> None:
    host.start("t", r"printf 'bad \377 byte\r\nno end'; kill -9 $$")
    ended = host.wait(event="exit")
    assert (ended["code"], ended["signal"]) == (None, 9)
    assert ended["lines"] == ["bad \ufffd byte", "no end"]


def test_long_lines_come_in_pieces(host: Host) -> None:
    host.start("t", "head -c 10000 /dev/zero | tr '\\0' x; echo; echo end")
    lines = host.wait(event="exit")["lines"]
    assert lines == ["x" * 4096, "x" * 4096, "x" * (10_000 - 8192), "end"]


def test_what_cannot_start_fails_with_its_reason(host: Host) -> None:
    host.start("runs", "sleep 100")
    asked = {"task": "t", "env": {}, "stdin": ""}
    for change, reason in [
        ({"argv": ["/no/such/program"]}, "No such file"),
        ({"argv": ["true"], "cwd": "/no/such/folder"}, "No such file"),
        ({"argv": ["/etc/passwd"]}, "Permission denied"),
        ({"argv": []}, "command"),
        ({"argv": ["true", "\0"]}, "null"),
        ({"argv": ["true"], "env": {"A": 1}}, "env"),
        ({"argv": ["true"], "env": {"A=B": "c"}}, "environment"),
        ({"argv": ["true"], "task": "runs"}, "runs already"),
        ({"argv": "true"}, "argv"),
    ]:
        answer = host.ask("start", **{**asked, **change})
        assert answer["event"] == "failed" and reason in answer["reason"], answer


def test_malformed_requests_are_answered(host: Host) -> None:
    for line in [
        b"nonsense",
        b"\xff\xfe",
        b"[" * 50_000,
        b"[]",
        b"{}",
        b'{"op": "ping"}',
        b'{"op": "ping", "n": "1"}',
        b"x" * (agent_module.MAX_REQUEST + 100_000),
    ]:
        host.write(line + b"\n")
        host.wait(event="error")
    for fields in [
        {"op": "fly"},
        {"op": ["ping"]},
        {"op": "stop", "task": "t"},
        {"op": "stop", "task": "t", "grace": float("nan")},
        {"op": "stop", "task": "\ud800", "grace": 1},
        {"op": "ports", "count": 0, "first": 0, "last": 0},
        {"op": "ports", "count": 3, "first": 20000, "last": 20001},
        {"op": "ports", "count": 1, "first": 20000, "last": 19999},
        {"op": "ports", "count": True, "first": 0, "last": 0},
        {"op": "telemetry", "interval_ms": "1"},
        {"op": "configure", "dead_after": 1, "marker": "m", "sweep": ["a", 1]},
    ]:
        assert host.ask(**fields)["event"] == "failed"  # type: ignore[arg-type]
    assert host.ask("ping")["event"] == "pong"


def test_stop_ends_all_of_a_task_and_nothing_else(host: Host) -> None:
    host.configure()
    host.start("other", "exec sleep 100")
    script = (
        "trap '' TERM; setsid sh -c \"trap '' TERM; sleep 100; sleep 100\" & echo up; wait; wait"
    )
    host.start("t", script)
    host.wait(event="line", line="up")
    assert host.ask("stop", task="t", grace=0.1)["event"] == "stopped"
    assert host.past[-2]["event"] == "exit" and host.past[-2]["signal"] == 9
    assert marked("EDGEAD_TASK=t") == [] and len(marked(host.marker)) == 1
    assert host.ask("stop", task="t", grace=0)["event"] == "stopped"  # again is no error
    assert host.start("t", "true")["event"] == "started"  # the name is free


def test_a_task_that_ends_takes_its_children_along(host: Host) -> None:
    host.configure()
    host.start("t", "setsid sleep 100 & sleep 100 & exit 0")
    assert host.wait(event="exit")["code"] == 0
    assert marked(host.marker) == []


def test_flood_neither_blocks_nor_hides_the_exit(host: Host) -> None:
    host.start("flood", "seq 1000000; exit 7")
    ended = host.wait(event="exit", task="flood")
    lines = [m for m in host.past if m["event"] == "line"]
    assert ended["code"] == 7
    assert ended["lines"] == [str(number) for number in range(999_981, 1_000_001)]
    assert len(lines) + sum(m["dropped"] for m in lines) + ended["dropped"] == 1_000_000
    assert ended["dropped"] > 0


def test_host_that_does_not_read_loses_lines_but_no_exit(host: Host, tmp_path: Path) -> None:
    host.configure()
    host.reading.clear()
    wide = "w" * 4000
    for number in range(12):
        host.send(
            "start",
            task=f"t{number}",
            argv=["sh", "-c", f"yes {wide} | head -n 300; : > {tmp_path}/{number}"],
            env={},
            stdin="",
        )
    until(lambda: len(list(tmp_path.iterdir())) == 12, "the tasks to say all they say")
    until(lambda: not marked("EDGEAD_TASK=t"), "the tasks to end unread")
    host.reading.set()
    exits = [host.wait(event="exit") for _ in range(12)]
    assert {each["task"] for each in exits} == {f"t{number}" for number in range(12)}
    lines = [m for m in host.past if m["event"] == "line"]
    dropped = sum(each["dropped"] for each in (*lines, *exits))
    assert dropped > 0 and len(lines) + dropped == 12 * 300
    assert host.ask("ping")["event"] == "pong"


@pytest.mark.parametrize("how", ["eof", "end", "SIGTERM", "SIGHUP", "heartbeat"])
def test_nothing_is_left_when_the_agent_ends(host: Host, how: str) -> None:
    host.configure(dead_after=0.5 if how == "heartbeat" else 60.0)
    host.start(
        "a",
        "trap '' TERM HUP; setsid sleep 100 & (setsid sh -c 'sleep 100 & sleep 100' &) ;"
        " echo up; sleep 100; sleep 100",
    )
    host.wait(event="line", line="up")
    until(lambda: len(marked(host.marker)) >= 5, "its five processes")
    if how == "eof":
        host.close()
    elif how == "end":
        host.send("end")
    elif how != "heartbeat":
        host.process.send_signal(getattr(signal, how))
    ended = host.wait(event="ended")
    assert ended["left"] == 0
    expected = {"eof": "closed", "end": "asked", "heartbeat": "no word"}.get(how, how)
    assert expected in ended["reason"]
    assert any(m["event"] == "exit" for m in host.past)
    assert host.process.wait(DEADLINE) == 0
    assert marked(host.marker) == []


def test_killed_agent_takes_its_tasks_along_and_the_next_sweeps_the_rest(host: Host) -> None:
    host.configure()
    host.start("t", "setsid sh -c 'sleep 100; sleep 100' & sleep 100; sleep 100")
    until(lambda: len(marked(host.marker)) >= 3, "the grandchildren")
    host.process.kill()
    host.process.wait()
    left = until(lambda: marked(host.marker), "what PDEATHSIG does not reach")
    after = Host(sys.executable)
    try:
        assert after.configure(sweep=(host.marker,))["swept"] >= 1
        assert left and marked(host.marker) == []
    finally:
        after.close()


def test_no_zombies(host: Host) -> None:
    for number in range(5):
        host.start(f"t{number}", "(setsid sh -c 'exit 0' &) ; exit 0")
        host.wait(event="exit")
    assert host.ask("ping")["event"] == "pong"

    def children() -> list[str]:
        path = Path(f"/proc/{host.process.pid}/task/{host.process.pid}/children")
        return path.read_text().split()

    until(lambda: children() == [], "no child, dead or alive")


def test_ports_are_free_and_different(host: Host) -> None:
    ports = host.ask("ports", count=50, first=0, last=0)["ports"]
    assert len(set(ports)) == 50
    ephemeral = int(Path("/proc/sys/net/ipv4/ip_local_port_range").read_text().split()[0])
    assert all(10_000 <= port < ephemeral for port in ports)
    ranged = host.ask("ports", count=2, first=20_000, last=20_100)["ports"]
    assert all(20_000 <= port <= 20_100 for port in ranged)


def test_facts(host: Host) -> None:
    facts = host.ask("facts")
    assert facts["hostname"] == os.uname().nodename
    assert facts["machine"] == os.uname().machine
    assert facts["cores"] == os.cpu_count()


def test_telemetry_of_this_machine(host: Host) -> None:
    host.ask("telemetry", interval_ms=50)
    samples = [host.wait(event="telemetry") for _ in range(3)]
    if shutil.which("tegrastats") is None:
        assert {sample["source"] for sample in samples} == {"machine"}
        assert samples[0]["line"].startswith("RAM ")


TEGRASTATS = """#!/bin/sh
echo started >> "$(dirname "$0")/starts"
[ "$1" = --interval ] && echo "RAM 1/2MB (lfb 1x4MB) CPU [$2%@1,off]"
echo "$$" > "$(dirname "$0")/pid"
exec sleep 100
"""


@pytest.fixture
def tegrastats(tmp_path: Path) -> Path:
    (tmp_path / "tegrastats").write_text(TEGRASTATS)
    (tmp_path / "tegrastats").chmod(0o755)
    return tmp_path


def with_path(folder: Path) -> Host:
    return Host(sys.executable, {"PATH": f"{folder}:{os.environ['PATH']}"})


def test_tegrastats_comes_back_when_it_dies(tegrastats: Path) -> None:
    host = with_path(tegrastats)
    try:
        host.ask("telemetry", interval_ms=70)
        sample = host.wait(event="telemetry")
        assert sample["source"] == "tegrastats" and "[70%@1,off]" in sample["line"]
        pid = until(
            lambda: (tegrastats / "pid").exists() and (tegrastats / "pid").read_text(), "pid"
        )
        os.kill(int(pid), signal.SIGKILL)
        assert host.wait(event="telemetry")["source"] == "tegrastats"
        assert (tegrastats / "starts").read_text().count("started") == 2
    finally:
        assert host.close() == 0


def test_tegrastats_that_says_nothing_is_replaced_by_the_machine(tegrastats: Path) -> None:
    (tegrastats / "tegrastats").write_text("#!/bin/sh\nexit 1\n")
    host = with_path(tegrastats)
    try:
        host.ask("telemetry", interval_ms=50)
        assert host.wait(event="telemetry")["source"] == "machine"
    finally:
        assert host.close() == 0


def test_once_prints_facts_and_a_sample() -> None:
    run = subprocess.run(
        [sys.executable, AGENT, "--once"], capture_output=True, text=True, check=True
    )
    facts, health, sample = map(json.loads, run.stdout.splitlines())
    assert [each["kind"] for each in (facts, health, sample)] == ["facts", "health", "telemetry"]
    assert health["memory_available_mb"] > 0 and health["disk_free_mb"] <= health["disk_total_mb"]
    assert health["power_mode"] is None
    assert facts["cores"] == os.cpu_count() and sample["line"].startswith("RAM ")
    assert facts["time"].endswith("+00:00") and run.stderr == ""


def test_watch_streams_until_interrupted() -> None:
    process = subprocess.Popen(
        [sys.executable, AGENT, "--watch"],
        stdout=subprocess.PIPE,
        text=True,
        # A shell's background jobs, and all they start, ignore Ctrl-C.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # noqa: PLW1509
    )
    assert process.stdout is not None
    kinds = [json.loads(process.stdout.readline())["kind"] for _ in range(3)]
    assert kinds == ["health", "telemetry", "telemetry"]
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=DEADLINE)
    assert process.returncode == 130


def test_what_an_agent_left_is_ended_by_the_next_but_not_what_others_run(host: Host) -> None:
    def sleeper(agent: str) -> subprocess.Popen[bytes]:
        return subprocess.Popen(["sleep", "100"], env={**os.environ, "EDGEAD_PID": agent})

    namespace = Path("/proc/self/ns/pid").readlink()
    gone = subprocess.Popen(["true"])
    gone.wait()
    orphan = sleeper(f"{gone.pid}@{namespace}")
    others = [sleeper(f"{os.getpid()}@{namespace}"), sleeper(f"{gone.pid}@pid:[1]")]
    try:
        assert host.ask("configure", dead_after=60, marker=host.marker, sweep=[])["swept"] == 1
        assert orphan.wait(DEADLINE) == -signal.SIGKILL
        assert [each.poll() for each in others] == [None, None]
    finally:
        for each in (orphan, *others):
            each.kill()
            each.wait()
