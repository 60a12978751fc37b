"""Telemetry: one tegrastats sample, its derived readings and its JSON form."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any

OFFLINE_C = -256.0  # what a powered-down sensor reads
CONSTANT_SENSORS = frozenset({"PMIC"})  # print 50 or 100 °C whatever the heat
BOARD_RAILS = ("VDD_IN", "POM_5V_IN")  # carry the whole board's power, where there is one
_KB_IN = {"kB": 1, "MB": 1024, "GB": 1024 * 1024}


@dataclass(frozen=True)
class Size:
    """An amount of memory in the unit it was printed in (kB, MB or GB)."""

    amount: int
    unit: str

    @property
    def mb(self) -> float:
        """The amount in MB."""
        return self.amount * _KB_IN[self.unit] / _KB_IN["MB"]

    def to_json(self, name: str) -> dict[str, int]:
        """Give {name_unit: amount}, such as {"used_mb": 1205}."""
        return {f"{name}_{self.unit.lower()}": self.amount}


@dataclass(frozen=True)
class Memory:
    """RAM, SWAP or IRAM; the largest free block comes with a count for RAM only."""

    used: Size
    total: Size
    free_block: Size | None = None
    free_blocks: int | None = None
    cached: Size | None = None

    def to_json(self) -> dict[str, Any]:
        """Give used and total, then what the line had of the free block and the swap cache."""
        data: dict[str, Any] = self.used.to_json("used") | self.total.to_json("total")
        if self.free_block:
            count = {} if self.free_blocks is None else {"count": self.free_blocks}
            data["largest_free_block"] = count | self.free_block.to_json("size")
        if self.cached:
            data |= self.cached.to_json("cached")
        return data


@dataclass(frozen=True)
class Core:
    """An online CPU core: load in %, and its own clock in MHz where printed."""

    load: int
    mhz: int | None = None


@dataclass(frozen=True)
class Engine:
    """A clocked unit: load in % and clocks in MHz, each only where printed."""

    name: str
    load: int | None = None
    clocks_mhz: tuple[int, ...] = ()
    on: bool = True

    def to_json(self) -> dict[str, Any]:
        """Give name, state (on, off), load_percent and clocks_mhz."""
        return {
            "name": self.name,
            "state": "on" if self.on else "off",
            "load_percent": self.load,
            "clocks_mhz": list(self.clocks_mhz),
        }


@dataclass(frozen=True)
class Mts:
    """Load of the Denver cores' code translation, foreground and background, in %."""

    foreground: int
    background: int


@dataclass(frozen=True)
class Rail:
    """A power rail: what it draws now and on average, in mW."""

    name: str
    current_mw: int
    average_mw: int


@dataclass(frozen=True)
class Telemetry:
    """One tegrastats sample; None or empty for what the line did not have.

    `cpus` holds None for a core that is off. `shared_cpu_mhz` is the one clock that old TX1
    images print for all cores. `temperatures_c` maps sensor to °C and keeps -256, which is a
    sensor that is off. A rail's name may occur twice. `unknown` holds leftover words verbatim.
    """

    printed_time: str | None = None
    ram: Memory | None = None
    swap: Memory | None = None
    iram: Memory | None = None
    cpus: tuple[Core | None, ...] = ()
    shared_cpu_mhz: int | None = None
    emc: Engine | None = None
    gpus: tuple[Engine, ...] = ()
    engines: tuple[Engine, ...] = ()
    mts: Mts | None = None
    temperatures_c: Mapping[str, float] = field(default_factory=dict)
    rails: tuple[Rail, ...] = ()
    unknown: tuple[str, ...] = ()

    @property
    def time(self) -> datetime | None:
        """When, by the board's own clock; None for no date or an impossible one."""
        text = (self.printed_time or "").replace("Z", "+00:00")
        try:
            if text[2:3] == "-":
                return datetime.strptime(text, "%m-%d-%Y %H:%M:%S")
            return datetime.fromisoformat(text)
        except ValueError:
            return None

    @property
    def cpu_load(self) -> float | None:
        """Mean load of the online cores, in %."""
        return _mean([core.load for core in self.cpus if core])

    @property
    def gpu_load(self) -> float | None:
        """Mean load of the GPUs that print one, in %."""
        return _mean([gpu.load for gpu in self.gpus if gpu.load is not None])

    @property
    def ram_used_mb(self) -> float | None:
        """RAM in use, in MB."""
        return self.ram.used.mb if self.ram else None

    @property
    def ram_total_mb(self) -> float | None:
        """RAM of the board, in MB."""
        return self.ram.total.mb if self.ram else None

    @property
    def hottest(self) -> tuple[str, float] | None:
        """Name and °C of the hottest sensor that is on and really measures."""
        return max(self.measured.items(), key=lambda item: item[1], default=None)

    @property
    def measured(self) -> dict[str, float]:
        """Name and °C of the sensors that are on and really measure."""
        return {
            name: celsius
            for name, celsius in self.temperatures_c.items()
            if celsius > OFFLINE_C and name.upper() not in CONSTANT_SENSORS
        }

    @property
    def power_mw(self) -> int | None:
        """What the board draws now, in mW: its input rail, or else the sum of its rails."""
        for rail in self.rails:
            if rail.name in BOARD_RAILS:
                return rail.current_mw
        return sum(rail.current_mw for rail in self.rails) if self.rails else None


def to_json(telemetry: Telemetry) -> dict[str, Any]:
    """Give the sample as one JSON object, in tegrastats' own units and nothing derived.

    `time` is RFC 3339 (without a zone where the line has none) or None.
    """
    t = telemetry
    return {
        "time": t.time.isoformat() if t.time else None,
        "kind": "telemetry",
        "printed_time": t.printed_time,
        "ram": t.ram and t.ram.to_json(),
        "swap": t.swap and t.swap.to_json(),
        "iram": t.iram and t.iram.to_json(),
        "cpu": {"cores": [_core_json(core) for core in t.cpus], "clock_mhz": t.shared_cpu_mhz},
        "emc": t.emc and t.emc.to_json(),
        "gpus": [gpu.to_json() for gpu in t.gpus],
        "engines": [engine.to_json() for engine in t.engines],
        "mts": t.mts
        and {"foreground_percent": t.mts.foreground, "background_percent": t.mts.background},
        "temperatures_c": dict(t.temperatures_c),
        "rails": [asdict(rail) for rail in t.rails],
        "unknown": list(t.unknown),
    }


def _core_json(core: Core | None) -> dict[str, Any]:
    return {
        "state": "on" if core else "off",
        "load_percent": core.load if core else None,
        "clock_mhz": core.mhz if core else None,
    }


def _mean(values: list[int]) -> float | None:
    return sum(values) / len(values) if values else None
