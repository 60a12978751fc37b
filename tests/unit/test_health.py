"""Verdicts of health checks on what real commands print, and what they say is wrong."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from edgead.agents.commands import Outcome
from edgead.agents.messages import Facts
from edgead.console.commands.check import details, matrix
from edgead.console.nodes.health.check import (
    Board,
    Finding,
    HealthCheck,
    send_key,
    there,
    with_cluster,
)
from edgead.console.nodes.health.run import CHECKS
from edgead.console.nodes.inventory import Node

JUDGES = {check.name: check.judge for check in CHECKS}


def board(**said: Any) -> Board:
    facts = {"l4t": "35.3.1", "model": "Jetson-AGX", "tegrastats": "/usr/bin/tegrastats"}
    node = {"name": "xavier-1", "host": "10.0.0.1", "user": "nvidia"}
    given = Node(**{**node, **{key: said[key] for key in said if key not in facts}})
    told = {**facts, **{key: said[key] for key in said if key in facts}}
    return Board(given, Facts(1, "xavier-1", "3.8.10", "aarch64", 8, **told))


def judge(name: str, output: str, code: int | None = 0, **said: Any) -> Finding:
    return JUDGES[name](board(**said), Outcome(code, output, began=1000.0, seconds=0.2))


NX = "NVPM VERB: POWER_MODEL: ID=8 NAME=MODE_20W_6CORE\nNVPM VERB: POWER_MODEL: ID=0 NAME=MODE_15W"
TRIPS = (
    "limit CPU-therm active 51000\nlimit CPU-therm passive 99000\nlimit CPU-therm critical 104500\n"
    "limit gpu-thermal passive 95000\nlimit gpu-thermal passive -40000\n"
    "limit Tboard_tegra critical 0\nlimit x\n"
)
SUPER = "< POWER_MODEL ID=1 NAME=25W >\n< POWER_MODEL ID=2 NAME=MAXN_SUPER >"


@pytest.mark.parametrize(
    ("name", "output", "verdict", "evidence"),
    [
        ("memory", "MemTotal: 32505856 kB\nMemAvailable: 16252928 kB", "ok", "15.5 of 31.0"),
        ("memory", "MemTotal: 32505856 kB\nMemAvailable: 1048576 kB", "warn", "1.0 of 31.0"),
        ("memory", "MemTotal: 32505856 kB\nMemAvailable: 104857 kB", "fail", "0.1 of 31.0"),
        ("memory", "", "fail", "no memory figures"),
        ("swap", "SwapTotal: 0 kB\nSwapFree: 0 kB", "ok", "none"),
        ("swap", "SwapTotal: 4194304 kB\nSwapFree: 1048576 kB", "warn", "3.0 of 4.0 GiB used"),
        ("clock", "1000.300000000", "ok", "+0.20 s"),
        ("clock", "995.100000000", "warn", "-5.00 s"),
        ("clock", "90000", "fail", "+88999.90 s"),
        ("clock", "date: not found", "fail", "no time"),
        ("clock", "nan", "fail", "no time"),
        ("heat", "RAM 1/2MB CPU@86.5C PMIC@100C GPU@40C", "warn", "CPU 86.5 °C"),
        ("heat", "RAM 1/2MB CPU@99C", "fail", "CPU 99 °C"),
        ("heat", "RAM 1/2MB CPU@41C PMIC@100C Tdiode@-256C", "ok", "CPU 41 °C"),
        ("heat", "RAM 1/2MB", "warn", "no temperature"),
        ("heat", f"{TRIPS}RAM 1/2MB CPU@81C GPU@93C", "warn", "GPU 93 °C; it slows down at 95"),
        ("heat", f"{TRIPS}RAM 1/2MB CPU@102.9C GPU@90C", "fail", "CPU 102.9 °C; it slows"),
        ("heat", f"{TRIPS}RAM 1/2MB CPU@90C GPU@90C", "ok", "90 °C"),
        ("throttling", "cooling Processor 3\n", "ok", "none"),
        ("throttling", "cooling cpufreq-cpu0 3\n", "warn", "slowed down"),
        ("throttling", "alarm curr1_crit_alarm\n", "warn", "over-current"),
        ("network", "device eth0\nspeed 1000\n", "ok", "wired, 1000"),
        ("network", "device eth0\nspeed 100\n", "warn", "100 Mbit/s only"),
        ("network", "device eth0\nspeed \n", "ok", "rate not told"),
        ("network", "device wlan0\nspeed \nwireless 72.2 MBit/s\npowersave on", "warn", "72.2"),
        ("sudo", "nvpmodel yes /usr/sbin/nvpmodel\njetson_clocks yes /x", "ok", "without"),
        ("sudo", "nvpmodel no /usr/sbin/nvpmodel\njetson_clocks yes /x", "fail", "nvpmodel"),
        ("sudo", "nvpmodel missing\njetson_clocks missing", "fail", "not found"),
        ("power", "NV Power Mode: MAXN\n0\nGPU MinFreq=1 MaxFreq=1 C", "ok", "MAXN, clocks pinned"),
        (
            "power",
            "NVPM ERROR: Error opening x: 13\nNV Power Mode: MODE_15W\n2",
            "warn",
            "not MAXN",
        ),
        ("power", "NVPM ERROR: no config\n", "fail", "NVPM ERROR: no config"),
        ("power", f"NV Power Mode: MODE_20W_6CORE\n8\n{NX}", "ok", "this board has no MAXN"),
        ("power", f"NV Power Mode: 25W\n1\n{SUPER}", "warn", "25W, not MAXN_SUPER"),
        ("power", f"NV Power Mode: MAXN_SUPER\n2\n{SUPER}", "ok", "MAXN_SUPER"),
    ],
)
def test_verdicts(name: str, output: str, verdict: str, evidence: str) -> None:
    found = judge(name, output)
    assert (found.verdict, evidence in found.evidence) == (verdict, True), found
    if verdict == "fail" and name not in ("memory", "clock", "sudo", "power"):
        assert found.remedy


DF = """Filesystem 1024-blocks Used Available Capacity Mounted on
/dev/root 28768292 20000000 {free} 99% /
tmpfs 100 1 99999999 1% /home
== inodes
Filesystem Inodes IUsed IFree IUse% Mounted on
/dev/root 1000 10 990 {inodes}% /
tmpfs 100 1 99 1% /home
"""


@pytest.mark.parametrize(
    ("free", "inodes", "verdict"),
    [(9_000_000, 4, "ok"), (1_000_000, 4, "warn"), (100_000, 4, "fail"), (9_000_000, 100, "fail")],
)
def test_the_fullest_disk_counts(free: int, inodes: int, verdict: str) -> None:
    assert judge("disk", DF.format(free=free, inodes=inodes)).verdict == verdict


def test_a_file_system_without_a_number_of_inodes() -> None:
    said = DF.format(free=9_000_000, inodes=4).replace(" 4% /", " - /").replace(" 1% /home", " -")
    assert judge("disk", said).verdict == "ok"
    full = DF.format(free=1000, inodes=4).partition("== inodes")[0]
    assert judge("disk", full).evidence.startswith("0.0 GiB free on /")


@pytest.mark.parametrize(
    ("name", "output", "code", "verdict", "evidence"),
    [
        ("docker", "20.10.24", 0, "ok", "docker 20.10.24"),
        ("docker", "permission denied while trying to connect", 1, "fail", "group docker"),
        ("docker", "sh: docker: not found", 127, "fail", "not installed"),
        ("docker", "Cannot connect to the Docker daemon", 1, "fail", "does not answer"),
        ("runtime", '{"nvidia": {}, "runc": {}}', 0, "ok", "nvidia"),
        ("runtime", '{"runc": {}}', 0, "fail", "no runtime nvidia"),
        ("image", "sha256:0123456789abcdef", 0, "ok", "sha256:0123456789ab"),
        ("image", "Error: No such image: x", 1, "fail", "is not there"),
        ("image", "docker can't be started: no such file", 127, "fail", "can't be started"),
        ("runtime", "Cannot connect to the Docker daemon", 1, "fail", "Cannot connect"),
        ("container", "Cannot connect to the Docker daemon", 1, "fail", "Cannot connect"),
        ("container", '{"state": "running", "image": "tf:r32.6.1"}', 0, "ok", "running"),
        ("container", '{"state": "running", "image": "other"}', 0, "warn", "it runs other"),
        ("container", "Error: No such object: edgead", 1, "warn", "not started"),
    ],
)
def test_verdicts_of_docker(name: str, output: str, code: int, verdict: str, evidence: str) -> None:
    found = judge(name, output, code, container="tf:r32.6.1", l4t="32.7.1")
    assert (found.verdict, evidence in found.evidence) == (verdict, True), found


def test_an_image_for_another_l4t_is_named() -> None:
    found = judge("image", "sha256:0", 0, container="tf:r32.6.1", l4t="35.3.1")
    assert found.verdict == "warn" and "is for L4T 32.6, the board has 35.3.1" in found.evidence


@pytest.mark.parametrize(
    ("output", "code", "verdict", "evidence"),
    [
        ("python 3.8.10\n", 0, "fail", "has no TensorFlow"),
        ("sh: python3: not found", 127, "fail", "python3 does not run: sh: python3: not found"),
        ("Error: No such container: edgead", 1, "warn", "container is not started"),
    ],
)
def test_a_missing_tensorflow(output: str, code: int, verdict: str, evidence: str) -> None:
    found = judge("tensorflow", output, code, container="tf:r35.3.1")
    assert (found.verdict, evidence in found.evidence) == (verdict, True), found


@pytest.mark.parametrize(
    ("output", "code", "verdict", "evidence"),
    [
        ('{"event": "self_test", "device": "GPU", "product_seconds": 0.002}', 0, "ok", "2.0 ms"),
        ('{"event": "self_test", "doing": "lstm", "error": "x: cuDNN"}', 1, "fail", "lstm: x: cu"),
        ("Illegal instruction", None, "fail", "killed"),
        ('{"event": "self_test", "product_seconds": "\\u001b[2J"}', 0, "ok", "product 0.0 ms"),
    ],
)
def test_the_self_test(output: str, code: int | None, verdict: str, evidence: str) -> None:
    found = judge("self-test", output, code)
    assert (found.verdict, evidence in found.evidence) == (verdict, True), found


def test_remedies_are_commands_to_copy() -> None:
    found = judge("sudo", "nvpmodel no /usr/sbin/nvpmodel\njetson_clocks yes /usr/bin/jc")
    assert found.remedy.startswith("ssh -t nvidia@10.0.0.1 ")
    assert "NOPASSWD: /usr/sbin/nvpmodel, /usr/bin/jc" in found.remedy
    mode = judge("power", "NV Power Mode: MODE_15W\n2", power_mode="MODE_30W_ALL")
    assert mode.remedy == "edgead-console nodes power xavier-1 MODE_30W_ALL"


def test_what_the_cluster_file_wants_of_power() -> None:
    free = "NV Power Mode: MAXN\n0\nGPU MinFreq=1 MaxFreq=2 C"
    assert judge("power", free).verdict == "ok"
    found = judge("power", free, clocks="pin")
    assert (found.verdict, found.evidence) == ("warn", "MAXN, clocks free, to be pinned")
    assert found.remedy == "edgead-console nodes power xavier-1 MAXN --clocks pin"
    missing = judge("power", f"NV Power Mode: MODE_15W\n0\n{NX}", power_mode="30W")
    assert missing.verdict == "warn" and "there is no 30W: there are MODE_20W" in missing.evidence
    assert not missing.remedy


def test_remedies_log_in_as_the_cluster_file_says(tmp_path: Path) -> None:
    files = {name: tmp_path / f"my {name}" for name in ("key", "known_hosts", "ssh_config")}
    node = Node("a", "h", port=2222, user="nvidia", **files)
    options = f"-F '{tmp_path}/my ssh_config' -p 2222 -i '{tmp_path}/my key'"
    known = f"-o 'UserKnownHostsFile={tmp_path}/my known_hosts'"
    assert there(node, "df /") == f"ssh {options} {known} nvidia@h 'df /'"
    (tmp_path / "my key.pub").touch()
    assert send_key(node) == f"ssh-copy-id {options} {known} nvidia@h"
    assert there(Node("a", "h"), "ls") == "ssh h ls"


def test_a_remedy_names_the_cluster_file(tmp_path: Any) -> None:
    check = HealthCheck("a", "power", "warn", "x", "edgead-console nodes power a MAXN")
    said = with_cluster(check, tmp_path / "my boards.toml").remedy
    assert said == f"edgead-console --cluster '{tmp_path}/my boards.toml' nodes power a MAXN"


def test_the_matrix_and_what_is_said_below_it() -> None:
    nodes = [Node("a", "h"), Node("b", "h")]
    found = [
        HealthCheck("a", "memory", "ok", "15 GiB free"),
        HealthCheck("a", "reach", "ok", "yes"),
        HealthCheck("b", "reach", "fail", "no answer", "ping b"),
    ]
    assert matrix(nodes, found) == [
        "CHECK   a     b",
        "reach   ✔ ok  ✖ fail",
        "memory  ✔ ok  ·",
    ]
    assert details(found) == ["", "✖ b reach: no answer", "    ping b"]
    assert details(found[:2]) == []
