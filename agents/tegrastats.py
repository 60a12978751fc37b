"""tegrastats line → Telemetry; as a program, a log → one JSON object or summary a line."""

from __future__ import annotations

import argparse
import json
import os
import re
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import BinaryIO

from edgead.agents.telemetry import Core, Engine, Memory, Mts, Rail, Size, Telemetry, to_json

__all__ = ["MAX_LINE", "TegrastatsError", "Telemetry", "main", "parse", "to_json"]

MAX_LINE = 8192  # characters; the longest real line has some 600


class TegrastatsError(ValueError):
    """A line that is not tegrastats output; the message says why."""


# Every count is bounded: no number that int() would choke on, and nothing to backtrack over.
_NUMBER = r"[0-9]{1,9}"
_NAME = r"[A-Za-z][A-Za-z0-9_.-]{0,63}"
_UNIT = r"[kMG]B"
_CORE = rf"(?:off|{_NUMBER}%(?:@{_NUMBER})?)"
_CLOCKS = rf"{_NUMBER}|\[{_NUMBER}(?:,{_NUMBER}){{0,15}}\]"
_ENGINES = r"APE|VIC|NVENC|NVDEC|NVJPG|MSENC|OFA|NVDLA|PVA|SE|ISP|VI|NVCSI|TSEC|CVNAS"
_END = r"(?= |\Z)"

_DATE = re.compile(
    r"(?:[0-9]{2}-[0-9]{2}-[0-9]{4} [0-9]{2}:[0-9]{2}:[0-9]{2}"
    r"|[0-9]{4}-[0-9]{2}-[0-9]{2}[ T][0-9]{2}:[0-9]{2}:[0-9]{2}(?:Z|[+-][0-9]{2}:[0-9]{2})?)" + _END
)
_MEMORY = re.compile(
    rf"(?P<name>RAM|SWAP|IRAM) (?P<used>{_NUMBER})/(?P<total>{_NUMBER})(?P<unit>{_UNIT})"
    rf"(?: ?\(lfb (?:(?P<blocks>{_NUMBER})x)?(?P<block>{_NUMBER})(?P<block_unit>{_UNIT})\))?"
    rf"(?: ?\(cached (?P<cached>{_NUMBER})(?P<cached_unit>{_UNIT})\))?{_END}"
)
_CPU = re.compile(
    rf"(?:CPU|cpu) \[(?P<cores>{_CORE}(?:,{_CORE}){{0,255}})\](?:@(?P<mhz>{_NUMBER}))?{_END}"
)
_ENGINE = re.compile(
    rf"(?P<name>EMC|GR3D[0-9]{{0,2}}|(?:{_ENGINES})[0-9]{{0,2}}|{_NAME}_(?:FREQ|LOAD)) "
    rf"(?:(?P<off>off)|(?P<bare>{_NUMBER})|"
    rf"(?:(?P<load>{_NUMBER})%)?(?:@(?P<clocks>{_CLOCKS}))?){_END}"
)
_MTS = re.compile(rf"MTS fg ({_NUMBER})% bg ({_NUMBER})%{_END}")
_SENSOR = re.compile(rf"({_NAME})@(-?[0-9]{{1,4}}(?:\.[0-9]{{1,6}})?)C{_END}")
_RAIL = re.compile(rf"(?!(?:RAM|SWAP|IRAM) )({_NAME}) (-?{_NUMBER})(mW|)/(-?{_NUMBER})\3{_END}")


@dataclass
class _Draft:
    """A sample in the making; a reader says False to what it can't place."""

    memories: dict[str, Memory] = field(default_factory=dict)
    cpus: tuple[Core | None, ...] = ()
    shared_cpu_mhz: int | None = None
    emc: Engine | None = None
    gpus: list[Engine] = field(default_factory=list)
    engines: list[Engine] = field(default_factory=list)
    mts: Mts | None = None
    temperatures_c: dict[str, float] = field(default_factory=dict)
    rails: list[Rail] = field(default_factory=list)
    unknown: list[str] = field(default_factory=list)

    def read_memory(self, found: re.Match[str]) -> bool:
        """Take RAM, SWAP or IRAM, once each."""
        name, unit = found["name"], found["unit"]
        if name in self.memories:
            return False
        self.memories[name] = Memory(
            used=Size(int(found["used"]), unit),
            total=Size(int(found["total"]), unit),
            free_block=Size(int(found["block"]), found["block_unit"]) if found["block"] else None,
            free_blocks=int(found["blocks"]) if found["blocks"] else None,
            cached=Size(int(found["cached"]), found["cached_unit"]) if found["cached"] else None,
        )
        return True

    def read_cpu(self, found: re.Match[str]) -> bool:
        """Take the list of cores, once."""
        if self.cpus:
            return False
        self.cpus = tuple(_core(text) for text in found["cores"].split(","))
        self.shared_cpu_mhz = int(found["mhz"]) if found["mhz"] else None
        return True

    def read_engine(self, found: re.Match[str]) -> bool:
        """Take the memory controller (once), a GPU or another engine."""
        name = found["name"]
        clocks = found["bare"] or (found["clocks"] or "").strip("[]")
        engine = Engine(
            name,
            load=int(found["load"]) if found["load"] else None,
            clocks_mhz=tuple(int(clock) for clock in clocks.split(",") if clock),
            on=not found["off"],
        )
        if name.startswith("GR3D"):
            self.gpus.append(engine)
        elif name not in ("EMC", "EMC_FREQ"):
            self.engines.append(engine)
        elif self.emc:
            return False
        else:
            self.emc = engine
        return True

    def read_mts(self, found: re.Match[str]) -> bool:
        """Take the code translation's load, once."""
        if self.mts:
            return False
        self.mts = Mts(int(found[1]), int(found[2]))
        return True

    def read_sensor(self, found: re.Match[str]) -> bool:
        """Take a temperature, once for each sensor."""
        if found[1] in self.temperatures_c:
            return False
        self.temperatures_c[found[1]] = float(found[2])
        return True

    def read_rail(self, found: re.Match[str]) -> bool:
        """Take a power rail, as often as it comes."""
        self.rails.append(Rail(found[1], int(found[2]), int(found[4])))
        return True

    def finish(self, printed_time: str | None) -> Telemetry:
        """Give the sample; TegrastatsError where nothing in it is tegrastats' alone."""
        # "3/4" or "NAME 5" may come from anywhere, so rails and engines prove nothing.
        if not (self.memories or self.cpus or self.emc or self.gpus or self.temperatures_c):
            raise TegrastatsError("not a tegrastats line: no RAM, CPU, EMC, GPU or sensor in it")
        return Telemetry(
            printed_time=printed_time,
            ram=self.memories.get("RAM"),
            swap=self.memories.get("SWAP"),
            iram=self.memories.get("IRAM"),
            cpus=self.cpus,
            shared_cpu_mhz=self.shared_cpu_mhz,
            emc=self.emc,
            gpus=tuple(self.gpus),
            engines=tuple(self.engines),
            mts=self.mts,
            temperatures_c=self.temperatures_c,
            rails=tuple(self.rails),
            unknown=tuple(self.unknown),
        )


_READERS: tuple[tuple[re.Pattern[str], Callable[[_Draft, re.Match[str]], bool]], ...] = (
    (_SENSOR, _Draft.read_sensor),
    (_RAIL, _Draft.read_rail),
    (_ENGINE, _Draft.read_engine),
    (_MEMORY, _Draft.read_memory),
    (_CPU, _Draft.read_cpu),
    (_MTS, _Draft.read_mts),
)


def parse(line: str) -> Telemetry:
    """Parse one line of tegrastats output (L4T 28 to 36, any board, root or not).

    Words that fit no known field, and second mentions of what can only be there once, are kept
    in `unknown`.

    Raises:
        TegrastatsError: nothing in the line is tegrastats', or it is longer than MAX_LINE.
    """
    if len(line) > MAX_LINE:
        raise TegrastatsError(f"not a tegrastats line: longer than {MAX_LINE} characters")
    text = " ".join(line.split())
    if not text:
        raise TegrastatsError("not a tegrastats line: empty")
    date = _DATE.match(text)
    draft, at = _Draft(), date.end() + 1 if date else 0
    while at < len(text):
        at = _read_field(draft, text, at) + 1
    return draft.finish(date.group() if date else None)


def _read_field(draft: _Draft, text: str, at: int) -> int:
    """Read the field that starts at `at`, or its first word as unknown; give where it ends."""
    for pattern, read in _READERS:
        found = pattern.match(text, at)
        if found and read(draft, found):
            return found.end()
    end = text.find(" ", at)
    end = len(text) if end < 0 else end
    draft.unknown.append(text[at:end])
    return end


def _core(text: str) -> Core | None:
    if text == "off":
        return None
    load, _, mhz = text.partition("%@")
    return Core(int(load.rstrip("%")), int(mhz) if mhz else None)


def summary(telemetry: Telemetry) -> str:
    """Give one readable line: time, loads, memory, the hottest sensor and the power."""
    t = telemetry
    parts = [t.printed_time or ""]
    parts += [f"CPU {t.cpu_load:.0f} %"] if t.cpu_load is not None else []
    parts += [f"GPU {t.gpu_load:.0f} %"] if t.gpu_load is not None else []
    parts += [f"RAM {t.ram.used.mb:.0f}/{t.ram.total.mb:.0f} MB"] if t.ram else []
    parts += [f"{t.hottest[0]} {t.hottest[1]:g} °C"] if t.hottest else []
    parts += [f"{t.power_mw} mW"] if t.power_mw is not None else []
    parts += [f"{len(t.unknown)} unknown words"] if t.unknown else []
    return "  ".join(part for part in parts if part)


def _lines(stream: BinaryIO) -> Iterator[str]:
    """Give each line, cut where it is too long to be one of tegrastats'."""
    while start := stream.readline(MAX_LINE + 1):
        rest = start
        while rest and not rest.endswith(b"\n"):
            rest = stream.readline(MAX_LINE + 1)
        yield start.decode(errors="replace")


def _parse_or_complain(line: str) -> Telemetry | TegrastatsError:
    try:
        return parse(line)
    except TegrastatsError as error:
        return error


def _print_lines(stream: BinaryIO, as_json: bool) -> int:
    """Print what each line holds; give how many lines were bad."""
    bad = 0
    for number, line in enumerate(_lines(stream), 1):
        found = _parse_or_complain(line)
        if isinstance(found, Telemetry):
            print(json.dumps(to_json(found)) if as_json else summary(found), flush=True)
            continue
        bad += 1
        if as_json:
            told = {"time": None, "kind": "error", "line": number, "error": str(found)}
            print(json.dumps(told), flush=True)
        else:
            print(f"line {number}: {found}", file=sys.stderr)
    return bad


def main(arguments: list[str] | None = None) -> int:
    """Run the program: 0 when every line was read, 1 when some were bad, 2 for no such file."""
    parser = argparse.ArgumentParser(prog="python -m edgead.agents.tegrastats", description=__doc__)
    parser.add_argument("file", help="a tegrastats log, or - for stdin")
    parser.add_argument("--json", action="store_true", help="print one JSON object a line")
    options = parser.parse_args(arguments)
    try:
        path = sys.stdin.fileno() if options.file == "-" else options.file
        with open(path, "rb", closefd=options.file != "-") as stream:
            return 1 if _print_lines(stream, options.json) else 0
    except BrokenPipeError:  # the reader, say `head`, has had enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except KeyboardInterrupt:
        return 130
    except OSError as error:
        print(f"{options.file}: {error.strerror}; expected a readable file", file=sys.stderr)
        return 2


if __name__ == "__main__":
    sys.exit(main())
