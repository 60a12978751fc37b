"""Nodes that speak garbage, escapes, lies, or without end: each is one line, and harms nobody."""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from evil_node import evil_cluster, nothing_raw
from program import Program
from real_sshd import Sshd, make_key, sshd

pytestmark = pytest.mark.slow
ALL = ("garbage", "endless", "escapes", "wrong-types", "lies", "mute", "flood")


@pytest.fixture
def reached(
    tmp_path: Path, home: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[tuple[Path, Sshd, Path]]:
    monkeypatch.delenv("SSH_AUTH_SOCK", raising=False)
    with sshd(tmp_path / "sshd") as server:
        key = make_key(tmp_path / "id_ed25519")
        server.authorize(key)
        yield tmp_path, server, key


# Runs a command and writes the most memory it had, in kB: of it alone, not of all tests' programs.
MEASURED = """
import resource, subprocess, sys
code = subprocess.call(sys.argv[2:])
with open(sys.argv[1], "w") as file:
    file.write(str(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss))
sys.exit(code)
"""


def said_by(cluster: Path, *words: str) -> tuple[int, bytes, bytes, float]:
    """Run a command to its end; gives its exit code, what it printed, and its most memory, MB."""
    size = cluster.with_name("size")
    command = [sys.executable, "-m", "edgead.console.cli", "--cluster", str(cluster), *words]
    process = subprocess.Popen(
        [sys.executable, "-c", MEASURED, str(size), *command],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    out, err = process.communicate(timeout=200)
    assert nothing_raw(out + err) and b"Traceback" not in err, err[-3000:]
    return process.returncode, out, err, int(size.read_text()) / 1024


def test_checks_tell_each_in_one_line(reached: tuple[Path, Sshd, Path]) -> None:
    cluster = evil_cluster(*reached, *ALL)
    code, out, _, used = said_by(cluster, "nodes", "check", "--no-self-test")
    text = out.decode()
    for name in ("garbage", "endless", "escapes", "wrong-types", "mute"):
        assert sum(line.startswith(f"✖ {name} ") for line in text.splitlines()) == 1, text
    assert code == 3 and max(map(len, text.splitlines())) < 1200 and used < 500


def test_watching_goes_on(reached: tuple[Path, Sshd, Path]) -> None:
    cluster = evil_cluster(*reached, *ALL)
    arguments = ("--cluster", cluster, "nodes", "watch", "--json", "--interval", "0.2")
    with Program(*arguments) as program:
        seen: set[str] = set()
        lost = {*ALL} - {"lies", "flood"}
        samples, began = 0, time.monotonic()
        assert program.process.stdout is not None
        for line in program.process.stdout:
            assert nothing_raw(line.encode())
            said = json.loads(line)
            samples += said["kind"] == "telemetry"
            if said.get("state") == "lost":
                seen.add(said["node"])
                assert len(said["evidence"]) <= 2000
            if lost <= seen and samples > 100:
                break
        assert lost <= seen and samples > 100 and program.process.poll() is None
        # Twice as many as were asked for pass, and some at the beginning.
        assert samples <= 30 + 12 * (time.monotonic() - began)
        pages = int(Path(f"/proc/{program.process.pid}/statm").read_text().split()[1])
        assert pages * resource.getpagesize() < 300 << 20
        program.process.terminate()
        _, _, err = program.finish()
        assert "Traceback" not in err


@pytest.mark.parametrize("way", ["lies", "flood"])
def test_a_trial_names_the_node_in_one_line(reached: tuple[Path, Sshd, Path], way: str) -> None:
    cluster = evil_cluster(*reached, way)
    words = ("kdd99", "--set", "synthetic=true", "--set", "rows=2000", "--set", "workers=1")
    code, out, err, _ = said_by(cluster, "trial", "run", *words, "--json")
    last = json.loads(out.splitlines()[-1])
    assert code in (1, 3) and last["state"] == "failed"
    assert {flag["node"] for flag in last["flags"]} == {way}
    assert len(last["flags"]) <= 4  # it and three tries more
    assert len(err.splitlines()) == 1 and f"failed: {way}".encode() in err
    (folder,) = Path(os.environ["EDGEAD_HOME"], "runs").glob("T-*")
    assert nothing_raw((folder / "events.jsonl").read_bytes())
    assert sum(path.stat().st_size for path in folder.iterdir()) < 5_000_000
