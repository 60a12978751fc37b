"""The tegrastats parser's properties: what is printed is read back, and any text is survived."""

from __future__ import annotations

import io
import json
import tempfile
from collections import Counter
from contextlib import redirect_stdout

from hypothesis import example, given
from hypothesis import strategies as st

from edgead.agents.tegrastats import MAX_LINE, TegrastatsError, main, parse, to_json
from edgead.agents.telemetry import Core, Engine, Memory, Mts, Rail, Size, Telemetry

numbers = st.integers(0, 999_999)
loads = st.integers(0, 100)
names = st.from_regex(r"X[A-Za-z0-9_]{0,12}", fullmatch=True).filter(
    lambda name: not name.endswith(("_FREQ", "_LOAD"))
)
degrees = st.one_of(st.just(-256.0), st.integers(-40_000, 130_000).map(lambda n: n / 1000))
sizes = st.builds(Size, numbers, st.sampled_from(["kB", "MB"]))
clocks = st.lists(numbers, max_size=3).map(tuple)


@st.composite
def memories(draw: st.DrawFn, blocks: bool = False, cached: bool = False) -> Memory:
    unit = draw(st.sampled_from(["kB", "MB"]))
    return Memory(
        Size(draw(numbers), unit),
        Size(draw(numbers), unit),
        draw(sizes) if blocks else None,
        draw(numbers) if blocks else None,
        draw(sizes) if cached else None,
    )


def engines(name: st.SearchStrategy[str]) -> st.SearchStrategy[Engine]:
    on = st.builds(Engine, name, loads, clocks) | st.builds(Engine, name, st.none(), clocks)
    return on.filter(lambda e: e.load is not None or e.clocks_mhz) | st.builds(
        Engine, name, on=st.just(False)
    )


telemetries = st.builds(
    Telemetry,
    ram=memories(blocks=True),
    swap=st.none() | memories(cached=True),
    cpus=st.lists(st.none() | st.builds(Core, loads, st.none() | numbers), max_size=12).map(tuple),
    emc=st.none() | engines(st.sampled_from(["EMC", "EMC_FREQ"])),
    gpus=st.lists(engines(st.sampled_from(["GR3D", "GR3D_FREQ", "GR3D2_FREQ"])), max_size=2).map(
        tuple
    ),
    engines=st.lists(
        engines(st.sampled_from(["APE", "NVENC", "NVJPG1", "NEW_LOAD", "PVA0_FREQ"])), max_size=5
    ).map(tuple),
    mts=st.none() | st.builds(Mts, loads, loads),
    temperatures_c=st.dictionaries(names, degrees, max_size=8),
    rails=st.lists(st.builds(Rail, names, numbers, numbers), max_size=8).map(tuple),
    unknown=st.lists(st.from_regex(r"[a-z?!]{1,9}#", fullmatch=True), max_size=3).map(tuple),
)


def memory_text(name: str, memory: Memory) -> str:
    text = f"{name} {memory.used.amount}/{memory.total.amount}{memory.total.unit}"
    if memory.free_block:
        text += f" (lfb {memory.free_blocks}x{memory.free_block.amount}{memory.free_block.unit})"
    if memory.cached:
        text += f" (cached {memory.cached.amount}{memory.cached.unit})"
    return text


def engine_text(engine: Engine) -> str:
    if not engine.on:
        return f"{engine.name} off"
    clocks = ",".join(map(str, engine.clocks_mhz))
    clocks = f"[{clocks}]" if "," in clocks else clocks
    load = "" if engine.load is None else f"{engine.load}%"
    return f"{engine.name} {load}" + (f"@{clocks}" if clocks else "")


def core_text(core: Core | None) -> str:
    if core is None:
        return "off"
    return f"{core.load}%" + ("" if core.mhz is None else f"@{core.mhz}")


def field_texts(t: Telemetry, suffix: str) -> list[str]:
    assert t.ram
    fields = [memory_text("RAM", t.ram)] + ([memory_text("SWAP", t.swap)] if t.swap else [])
    fields += [f"CPU [{','.join(map(core_text, t.cpus))}]"] if t.cpus else []
    fields += [engine_text(e) for e in ([t.emc] if t.emc else []) + [*t.gpus, *t.engines]]
    fields += [f"MTS fg {t.mts.foreground}% bg {t.mts.background}%"] if t.mts else []
    fields += [f"{name}@{celsius:.3f}C" for name, celsius in t.temperatures_c.items()]
    fields += [f"{r.name} {r.current_mw}{suffix}/{r.average_mw}{suffix}" for r in t.rails]
    return fields + list(t.unknown)


@given(telemetries, st.sampled_from(["", "mW"]))
def test_what_is_printed_is_read_back(expected: Telemetry, suffix: str) -> None:
    assert parse(" ".join(field_texts(expected, suffix))) == expected


@given(telemetries, st.data())
def test_the_order_of_fields_does_not_matter(expected: Telemetry, data: st.DataObject) -> None:
    line = " ".join(data.draw(st.permutations(field_texts(expected, "mW"))))
    found = parse(line)
    assert (found.ram, found.swap, found.cpus) == (expected.ram, expected.swap, expected.cpus)
    assert (found.emc, found.mts) == (expected.emc, expected.mts)
    assert found.temperatures_c == expected.temperatures_c
    for name in ("gpus", "engines", "rails", "unknown"):
        assert Counter(getattr(found, name)) == Counter(getattr(expected, name))


# Words a fuzzer would not come upon by itself.
SHREDS = """
    RAM SWAP IRAM CPU cpu [ ] ( lfb cached off % @ , 1 12 /3MB 1/2MB x4MB) EMC GR3D_FREQ 5%@[1,2]
    MTS fg 0% bg AO@ -256C 1.5C VDD_IN 1mW/2mW 99-99-9999 25:61:61 _FREQ
"""
shreds = st.builds(
    lambda words, glue: glue.join(words),
    st.lists(st.text(max_size=6) | st.sampled_from(SHREDS.split()), max_size=60),
    st.sampled_from([" ", "", "\t"]),
)


@given(st.text() | shreds)
@example("RAM " + "9" * 5000 + "/1MB")
@example("A" * MAX_LINE)
@example("CPU [" + "1%@1," * 1600 + "]")
@example("CPU [" + "off," * 2000)
@example("GR3D_FREQ 1%@[" + "1," * 4000)
@example("99-99-9999 99:99:99 RAM 1/2MB")
@example("RAM 1/2MB \ud800")
def test_any_text_parses_or_is_refused(text: str) -> None:
    try:
        found = parse(text)
    except TegrastatsError as refused:
        assert len(str(refused)) < 200
    else:
        json.loads(json.dumps(to_json(found)))
        assert all(word in text for word in found.unknown)


@given(st.binary(max_size=300))
def test_any_file_gives_as_many_objects_as_lines(blob: bytes) -> None:
    lines = blob.split(b"\n")
    expected = len(lines) - (lines[-1] == b"")
    with tempfile.NamedTemporaryFile() as log, redirect_stdout(io.StringIO()) as out:
        log.write(blob)
        log.flush()
        main([log.name, "--json"])
    assert len([json.loads(line) for line in out.getvalue().splitlines()]) == expected
