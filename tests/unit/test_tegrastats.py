"""The tegrastats parser: real lines, hand-written expectations and odd input."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections import Counter
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from edgead.agents.tegrastats import MAX_LINE, TegrastatsError, main, parse, to_json
from edgead.agents.telemetry import Core, Engine, Memory, Mts, Rail, Size, Telemetry

ROOT = Path(__file__).resolve().parents[2]
LOGS = ROOT.parent / "shared" / "data" / "tegrastats"
without_logs = pytest.mark.skipif(
    os.environ.get("EDGEAD_NO_SHARED") == "1", reason="EDGEAD_NO_SHARED=1: no shared logs here"
)
# Names hold digits too (GR3D_FREQ, soc2, SYS5V), so a number never follows a letter, and a
# dash is a minus sign only after "@" or where a word starts.
NUMBER = re.compile(r"(?<![A-Za-z0-9_.])(?:(?<=@)-|(?<=[ ])-)?[0-9]+(?:\.[0-9]+)?")
BLOCKS = re.compile(r"(?<=[0-9])x(?=[0-9])")
DATE = re.compile(r"^[0-9]+-[0-9]+-[0-9]+ [0-9:]+ ")


def real_lines() -> list[tuple[str, str]]:
    logs = sorted(LOGS.glob("*.log"))
    assert len(logs) == 29, f"expected 29 logs in {LOGS}; EDGEAD_NO_SHARED=1 leaves these tests out"
    return [(log.name, line) for log in logs for line in log.read_text("utf-8").splitlines()]


def numbers_in_line(line: str) -> Counter[float]:
    return Counter(
        float(text) for text in NUMBER.findall(BLOCKS.sub(" ", DATE.sub("", line.strip())))
    )


def numbers_in_object(value: Any) -> Counter[float]:
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, list):
        return sum((numbers_in_object(item) for item in value), Counter())
    return Counter([float(value)]) if isinstance(value, int | float) else Counter()


# --- every real line ---------------------------------------------------------------------


@without_logs
def test_all_the_logs_are_there() -> None:
    assert len(real_lines()) == 5159


@without_logs
def test_every_number_of_every_line_is_in_its_object_and_no_other() -> None:
    for name, line in real_lines():
        data = json.loads(json.dumps(to_json(parse(line))))
        assert data["unknown"] == [], (name, line)
        assert numbers_in_object(data) == numbers_in_line(line), (name, line)


@without_logs
def test_every_name_of_every_line_is_in_its_object() -> None:
    for name, line in real_lines():
        t = parse(line)
        named = Counter(
            [
                *t.temperatures_c,
                *(e.name for e in (*t.gpus, *t.engines)),
                *(r.name for r in t.rails),
            ]
        )
        named.update({"EMC_FREQ" if t.emc and t.emc.name == "EMC_FREQ" else "EMC": bool(t.emc)})
        structure = {"RAM", "SWAP", "IRAM", "MTS", "fg", "bg", "lfb", "cached", "off", "kB", "MB"}
        words = re.sub(r"(?:CPU|cpu) \[[^]]*\]", " ", DATE.sub("", line))
        printed = Counter(re.findall(r"\b(?<!\.)[A-Za-z][A-Za-z0-9_]*", words))
        for word in structure:
            del printed[word]
        assert +named == +printed, (name, line)
        for memory in ("ram", "swap", "iram"):
            assert bool(getattr(t, memory)) == bool(re.search(rf"\b{memory.upper()} ", line))
        assert bool(t.mts) == ("MTS" in line)
        assert bool(t.printed_time) == bool(DATE.match(line))
        assert (t.time is not None) == bool(t.printed_time)


@without_logs
def test_the_program_prints_one_object_a_line_in_order(capsys: pytest.CaptureFixture[str]) -> None:
    for log in sorted({LOGS / name for name, _ in real_lines()}):
        assert main([str(log), "--json"]) == 0
        objects = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
        lines = log.read_text("utf-8").splitlines()
        assert objects == [json.loads(json.dumps(to_json(parse(line)))) for line in lines]


# --- one line of each flavour, by hand ---------------------------------------------------

TX1_OLD = (
    "RAM 3468/3983MB (lfb 48x4MB) SWAP 873/8192MB (cached 295MB) cpu [17%,13%,29%,5%]@408 "
    "EMC 1%@408 APE 25 GR3D 3%@76"
)
NANO_ISO = (
    "2022-08-24 00:49:25 RAM 1080/3964MB (lfb 36x4MB) SWAP 183/1982MB (cached 18MB) "
    "IRAM 0/252kB(lfb 252kB) CPU [100%@1479,0%@1479,0%@1479,0%@1479] EMC_FREQ 0%@1600 "
    "GR3D_FREQ 0%@76 APE 25 PLL@29C CPU@30.5C PMIC@50C GPU@31C AO@36.5C thermal@29.5C "
    "POM_5V_IN 2469/2469 POM_5V_GPU 0/0 POM_5V_CPU 864/864"
)
XAVIER_32 = (
    "RAM 1308/31929MB (lfb 7345x4MB) SWAP 0/15965MB (cached 0MB) "
    "CPU [1%@1169,0%@1168,1%@1169,0%@1168,off,off,off,off] EMC_FREQ 2%@408 GR3D_FREQ 0%@318 "
    "VIC_FREQ 0%@115 APE 150 MTS fg 0% bg 1% AO@37C GPU@38.5C Tdiode@38.75C PMIC@100C AUX@38C "
    "CPU@38.5C thermal@38.3C Tboard@36C GPU 96/96 CPU 386/386 SOC 772/772 CV 0/0 "
    "VDDRQ 289/289 SYS5V 2238/2238"
)
XAVIER_32_USER = (
    "RAM 3149/31920MB (lfb 5889x4MB) SWAP 0/15960MB (cached 0MB) "
    "CPU [57%@2188,56%@2188,57%@2188,63%@2188,off,off,off,off] EMC_FREQ 0% GR3D_FREQ 39% AO@35C "
    "GPU@35C Tdiode@37.75C PMIC@50C AUX@34.5C CPU@37.5C thermal@35.55C Tboard@35C"
)
XAVIER_35 = (
    "05-06-2024 10:54:54 RAM 3525/30991MB (lfb 6296x4MB) SWAP 0/15495MB (cached 0MB) "
    "CPU [33%@1726,0%@1727] EMC_FREQ 2%@800 GR3D_FREQ 0%@[114] VIC_FREQ 1036 APE 150 AUX@42C "
    "PMIC@50C GPU 0mW/0mW CPU 2473mW/2470mW SYS5V 3165mW/3165mW"
)
ORIN_34 = (
    "10-16-2023 10:59:22 RAM 1205/30623MB (lfb 6429x4MB) SWAP 0/15311MB (cached 0MB) "
    "CPU [0%@729,1%@730] EMC_FREQ 0%@204 GR3D_FREQ 0%@114 GR3D2_FREQ 4%@114 NVJPG1 729 "
    "VIC_FREQ 729 APE 233 CV0@-256C CPU@43.5C SOC2@40.062C VDD_GPU_SOC 4788mW/4788mW "
    "NC 0mW/0mW VDDQ_VDD2_1V8AO 707mW/707mW NC 0mW/0mW"
)
ORIN_36 = (
    "08-14-2025 15:00:57 RAM 12574/62841MB (lfb 3x512kB) SWAP 0/31420MB (cached 0MB) "
    "CPU [2%@1036,off] EMC_FREQ 3%@665 GR3D_FREQ 43%@[305,0] NVENC off NVDLA1 off PVA0_FREQ off "
    "APE 174 cpu@51.031C tj@51.031C VDD_GPU_SOC 2797mW/2797mW VIN_SYS_5V0 3215mW/3215mW"
)
LOAD_ONLY = (
    "06-07-2023 14:39:03 RAM 18220/24402MB (lfb 872x4MB) CPU [48%@2009] EMC_FREQ @3199 "
    "GR3D_FREQ 99%@1274 GR3D2_FREQ 97%@1274 NVENC_LOAD 7% APE 81 CV0@73.218C"
)


def mb(amount: int) -> Size:
    return Size(amount, "MB")


def test_old_tx1_with_one_clock_for_all_cores() -> None:
    assert parse(TX1_OLD) == Telemetry(
        ram=Memory(mb(3468), mb(3983), mb(4), 48),
        swap=Memory(mb(873), mb(8192), cached=mb(295)),
        cpus=(Core(17), Core(13), Core(29), Core(5)),
        shared_cpu_mhz=408,
        emc=Engine("EMC", 1, (408,)),
        gpus=(Engine("GR3D", 3, (76,)),),
        engines=(Engine("APE", None, (25,)),),
    )


def test_nano_behind_a_wrapper_that_prints_iso_dates() -> None:
    t = parse(NANO_ISO)
    assert t.printed_time == "2022-08-24 00:49:25"
    assert t.time == datetime(2022, 8, 24, 0, 49, 25)
    assert t.iram == Memory(Size(0, "kB"), Size(252, "kB"), Size(252, "kB"))
    assert t.iram.total.mb == 252 / 1024
    assert t.cpu_load == 25
    assert t.hottest == ("AO", 36.5)
    assert t.rails[0] == Rail("POM_5V_IN", 2469, 2469)
    assert t.power_mw == 2469


def test_xavier_on_l4t_32_with_bare_rails() -> None:
    t = parse(XAVIER_32)
    assert t.cpus == (Core(1, 1169), Core(0, 1168), Core(1, 1169), Core(0, 1168), *[None] * 4)
    assert t.cpu_load == 0.5
    assert (t.ram_used_mb, t.ram_total_mb) == (1308, 31929)
    assert t.engines == (Engine("VIC_FREQ", 0, (115,)), Engine("APE", None, (150,)))
    assert t.mts == Mts(foreground=0, background=1)
    assert t.temperatures_c["CPU"] == 38.5
    assert t.hottest == ("Tdiode", 38.75), "PMIC@100C is no reading"
    assert t.rails[1] == Rail("CPU", 386, 386)
    assert t.power_mw == 96 + 386 + 772 + 0 + 289 + 2238


def test_xavier_without_root_has_neither_clocks_nor_rails() -> None:
    t = parse(XAVIER_32_USER)
    assert t.emc == Engine("EMC_FREQ", 0)
    assert t.gpus == (Engine("GR3D_FREQ", 39),)
    assert t.gpu_load == 39
    assert (t.engines, t.mts, t.rails, t.power_mw) == ((), None, (), None)
    assert t.time is None


def test_xavier_on_l4t_35_with_a_date_and_milliwatts() -> None:
    t = parse(XAVIER_35)
    assert t.time == datetime(2024, 5, 6, 10, 54, 54), "month first"
    assert t.gpus == (Engine("GR3D_FREQ", 0, (114,)),)
    assert t.engines == (Engine("VIC_FREQ", None, (1036,)), Engine("APE", None, (150,)))
    assert t.rails == (Rail("GPU", 0, 0), Rail("CPU", 2473, 2470), Rail("SYS5V", 3165, 3165))


def test_orin_on_l4t_34_with_sensors_off_and_a_rail_named_twice() -> None:
    t = parse(ORIN_34)
    assert t.gpus == (Engine("GR3D_FREQ", 0, (114,)), Engine("GR3D2_FREQ", 4, (114,)))
    assert t.gpu_load == 2
    assert t.temperatures_c == {"CV0": -256.0, "CPU": 43.5, "SOC2": 40.062}
    assert [rail.name for rail in t.rails] == ["VDD_GPU_SOC", "NC", "VDDQ_VDD2_1V8AO", "NC"]


def test_orin_on_l4t_36_with_engines_off_and_two_gpu_clocks() -> None:
    t = parse(ORIN_36)
    assert t.ram == Memory(mb(12574), mb(62841), Size(512, "kB"), 3)
    assert t.gpus == (Engine("GR3D_FREQ", 43, (305, 0)),)
    assert t.engines == (
        Engine("NVENC", on=False),
        Engine("NVDLA1", on=False),
        Engine("PVA0_FREQ", on=False),
        Engine("APE", None, (174,)),
    )
    assert t.cpu_load == 2, "a core that is off has no load"


def test_loads_without_clocks_and_a_clock_without_a_load() -> None:
    t = parse(LOAD_ONLY)
    assert t.emc == Engine("EMC_FREQ", None, (3199,))
    assert t.engines[0] == Engine("NVENC_LOAD", 7)
    assert t.swap is None


def test_the_json_names_subject_and_unit() -> None:
    data = to_json(parse(ORIN_36))
    assert list(data)[:2] == ["time", "kind"]
    assert (data["time"], data["kind"]) == ("2025-08-14T15:00:57", "telemetry")
    assert data["printed_time"] == "08-14-2025 15:00:57"
    assert data["ram"] == {
        "used_mb": 12574,
        "total_mb": 62841,
        "largest_free_block": {"count": 3, "size_kb": 512},
    }
    assert data["swap"] == {"used_mb": 0, "total_mb": 31420, "cached_mb": 0}
    assert data["cpu"]["cores"] == [
        {"state": "on", "load_percent": 2, "clock_mhz": 1036},
        {"state": "off", "load_percent": None, "clock_mhz": None},
    ]
    assert data["gpus"][0]["clocks_mhz"] == [305, 0]
    assert data["engines"][0]["state"] == "off"
    assert data["temperatures_c"] == {"cpu": 51.031, "tj": 51.031}
    assert data["rails"][0] == {"name": "VDD_GPU_SOC", "current_mw": 2797, "average_mw": 2797}


@pytest.mark.parametrize(
    ("printed", "time"),
    [
        ("2024-02-29T01:02:03Z", "2024-02-29T01:02:03+00:00"),
        ("2024-02-29T01:02:03", "2024-02-29T01:02:03"),
        ("2024-02-29 01:02:03+09:00", "2024-02-29T01:02:03+09:00"),
        ("02-29-2024 01:02:03", "2024-02-29T01:02:03"),
        ("02-30-2024 01:02:03", None),
    ],
)
def test_dates(printed: str, time: str | None) -> None:
    data = to_json(parse(f"{printed} {TX1_OLD}"))
    assert (data["time"], data["printed_time"], data["unknown"]) == (time, printed, [])


# --- bad and odd input -------------------------------------------------------------------


@pytest.mark.parametrize(
    "line",
    ["", "  \n", "hello", "10-16-2023 10:59:22", "see 3/4 of it", "VIC 12", "RAM 12/", "[]" * 9],
)
def test_what_is_not_tegrastats_is_refused(line: str) -> None:
    with pytest.raises(TegrastatsError, match="not a tegrastats line"):
        parse(line)


def test_a_line_too_long_is_refused() -> None:
    assert parse(TX1_OLD + " " * (MAX_LINE - len(TX1_OLD))) == parse(TX1_OLD)
    with pytest.raises(TegrastatsError, match="longer than 8192"):
        parse(TX1_OLD + " " * (MAX_LINE + 1 - len(TX1_OLD)))


@pytest.mark.parametrize(
    "odd",
    [
        "FOO 12",
        "FOO 12%@34",
        "RAM 1/2MB",  # a second RAM
        "EMC 5%@1600",
        "VIC 99999999999999999999",
        "CPU [1%@2,broken]",
        "RAM 1736/158",
        "٣%@٤",
        "GPU 3/4mW",
    ],
)
def test_odd_words_are_kept_and_spoil_nothing(odd: str) -> None:
    expected = parse(TX1_OLD)
    for line in (f"{TX1_OLD} {odd}", f"{TX1_OLD} {odd} AO@3C"):
        found = parse(line)
        assert found.unknown == tuple(odd.split())
        assert (found.ram, found.cpus, found.emc) == (expected.ram, expected.cpus, expected.emc)


def test_a_line_cut_short_keeps_what_it_had() -> None:
    found = parse(XAVIER_32[: XAVIER_32.index(",0%@1168,1%")])
    assert found.ram == parse(XAVIER_32).ram
    assert found.unknown == ("CPU", "[1%@1169")


def test_the_program_survives_bad_lines(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    log = tmp_path / "log"
    log.write_bytes(
        TX1_OLD.encode() + b"\r\n\n\xff\x00\xfe\n" + b"9" * 50_000 + b"\n" + ORIN_34.encode()
    )
    assert main([str(log), "--json"]) == 1
    objects = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [found.get("line") for found in objects] == [None, 2, 3, 4, None]
    assert all("not a tegrastats line" in objects[bad]["error"] for bad in (1, 2, 3))
    assert objects[4]["ram"]["used_mb"] == 1205


def test_summaries_go_to_stdout_and_complaints_to_stderr(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    log = tmp_path / "log"
    log.write_text(f"{NANO_ISO}\nnothing\n")
    assert main([str(log)]) == 1
    said = capsys.readouterr()
    assert said.out == (
        "2022-08-24 00:49:25  CPU 25 %  GPU 0 %  RAM 1080/3964 MB  AO 36.5 °C  2469 mW\n"
    )
    assert said.err.startswith("line 2: not a tegrastats line")


@pytest.mark.parametrize("name", ["missing", "."])
def test_an_unreadable_file_is_one_line_and_exit_2(
    name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([str(tmp_path / name), "--json"]) == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.count("\n") == 1
    assert str(tmp_path / name) in said.err


def test_the_program_reads_stdin() -> None:
    command = [sys.executable, "-m", "edgead.agents.tegrastats", "-", "--json"]
    done = subprocess.run(
        command,
        input=f"{TX1_OLD}\n",
        text=True,
        capture_output=True,
        check=True,
        timeout=60,
        env={**os.environ, "PYTHONPATH": str(ROOT / ".src")},
    )
    assert json.loads(done.stdout) == json.loads(json.dumps(to_json(parse(TX1_OLD))))


def test_a_reader_that_has_had_enough_is_no_error(tmp_path: Path) -> None:
    log = tmp_path / "log"
    log.write_text(f"{TX1_OLD}\n" * 5000)
    command = [sys.executable, "-m", "edgead.agents.tegrastats", str(log), "--json"]
    env = {**os.environ, "PYTHONPATH": str(ROOT / ".src")}
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=env
    ) as program:
        assert program.stdout and program.stderr
        program.stdout.readline()
        program.stdout.close()
        assert program.stderr.read() == b""
        assert program.wait(60) == 0
