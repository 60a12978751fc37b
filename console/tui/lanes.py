"""Lanes: a node's latest telemetry as one short history a field; what a sparkline shows."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from edgead.console.narration import printable

if TYPE_CHECKING:
    from edgead.agents.telemetry import Engine, Telemetry

BARS, FLAT = "▁▂▃▄▅▆▇█", "─"
HOT_C, TOO_HOT_C = 84.0, 96.0
MOST_LANES = 100  # whatever a node sends
OFF_C = -200.0
NAME_LIMIT = 20

Values = tuple[float | None, ...]


@dataclass(frozen=True)
class Lane:
    """A field over the samples, oldest first; None where a sample had no such field.

    Attributes:
        name, unit: what it is.
        values: in that unit.
        bottom, top: of the scale.
        warn: from where on it is told; None for never.
    """

    name: str
    unit: str
    values: Values
    bottom: float
    top: float
    warn: float | None = None

    @property
    def latest(self) -> float | None:
        """The last sample's value."""
        return self.values[-1] if self.values else None

    @property
    def flat(self) -> bool:
        """Whether all known values are the same."""
        return len({value for value in self.values if value is not None}) < 2

    @property
    def hot(self) -> bool:
        """Whether the latest value is one to warn of."""
        return self.warn is not None and self.latest is not None and self.latest >= self.warn

    def sparkline(self, width: int) -> str:
        """Draw the last `width` values; a blank where there is none, a line where none differs."""
        if self.flat:
            drawn = "".join(" " if value is None else FLAT for value in self.values[-width:])
            return drawn.rjust(width)
        span = max(self.top - self.bottom, 1e-9)
        drawn = "".join(_bar(value, self.bottom, span) for value in self.values[-width:])
        return drawn.rjust(width)

    def reading(self) -> str:
        """Say the latest value with its unit, and the least and most of what is drawn."""
        known = [value for value in self.values if value is not None]
        if self.latest is None or not known:
            return "—"
        glyph = "▲ " if self.hot else ""
        return f"{glyph}{self.latest:.0f} {self.unit}  {min(known):.0f}–{max(known):.0f}"


def lanes_of(history: Sequence[Telemetry]) -> list[Lane]:
    """Give the lanes of these samples, oldest first: loads, memory, heat, power, clocks."""
    if not history:
        return []
    found = [*_loads(history), *_memory(history), *_heat(history), *_rails(history)]
    return [*found, *_clocks(history)][:MOST_LANES]


def _loads(history: Sequence[Telemetry]) -> Iterable[Lane]:
    latest = history[-1]
    for at in range(len(latest.gpus)):
        name = "GPU" if len(latest.gpus) == 1 else f"GPU {at}"
        yield _percent(name, [_at(sample.gpus, at) for sample in history])
    if latest.emc is not None:
        yield _percent("EMC", [sample.emc for sample in history])
    for at in range(len(latest.cpus)):
        cores = (sample.cpus[at] if at < len(sample.cpus) else None for sample in history)
        loads = tuple(None if core is None else float(core.load) for core in cores)
        yield Lane(f"CPU {at}", "%", loads, 0, 100)


def _memory(history: Sequence[Telemetry]) -> Iterable[Lane]:
    for name in ("ram", "swap"):
        sizes = [getattr(sample, name) for sample in history]
        if sizes[-1] is not None and sizes[-1].total.mb > 0:
            values = tuple(None if size is None else size.used.mb for size in sizes)
            yield Lane(name.upper(), "MB", values, 0, sizes[-1].total.mb)


def _heat(history: Sequence[Telemetry]) -> Iterable[Lane]:
    for name in history[-1].temperatures_c:
        values = tuple(_celsius(sample.temperatures_c.get(name)) for sample in history)
        if name.upper() != "PMIC" and any(value is not None for value in values):
            yield Lane(f"{_name(name)} temp", "°C", values, 20, TOO_HOT_C, HOT_C)


def _rails(history: Sequence[Telemetry]) -> Iterable[Lane]:
    for at, rail in enumerate(history[-1].rails):
        # By place, not by name: a board has two rails called NC.
        rails = (sample.rails[at] if at < len(sample.rails) else None for sample in history)
        values = tuple(None if each is None else float(each.current_mw) for each in rails)
        top = max((value for value in values if value is not None), default=1.0)
        yield Lane(f"{_name(rail.name)} power", "mW", values, 0, max(top, 1.0))


def _clocks(history: Sequence[Telemetry]) -> Iterable[Lane]:
    readers = {
        "GPU clock": lambda sample: _clock(_at(sample.gpus, 0)),
        "EMC clock": lambda sample: _clock(sample.emc),
        "CPU clock": _cpu_clock,
    }
    for name, read in readers.items():
        values = tuple(read(sample) for sample in history)
        if values[-1] is not None:
            top = max(value for value in values if value is not None)
            yield Lane(name, "MHz", values, 0, max(top, 1.0))


def _cpu_clock(sample: Telemetry) -> float | None:
    clocks = [core.mhz for core in sample.cpus if core is not None and core.mhz is not None]
    if clocks:
        return float(max(clocks))
    return None if sample.shared_cpu_mhz is None else float(sample.shared_cpu_mhz)


def _percent(name: str, engines: Sequence[Engine | None]) -> Lane:
    loads = (None if each is None or each.load is None else float(each.load) for each in engines)
    return Lane(name, "%", tuple(loads), 0, 100)


def _clock(engine: Engine | None) -> float | None:
    return float(max(engine.clocks_mhz)) if engine is not None and engine.clocks_mhz else None


def _at(engines: Sequence[Engine], at: int) -> Engine | None:
    return engines[at] if at < len(engines) else None


def _celsius(value: float | None) -> float | None:
    return None if value is None or value < OFF_C else value


def _name(text: str) -> str:
    return printable(text)[:NAME_LIMIT]


def _bar(value: float | None, bottom: float, span: float) -> str:
    if value is None:
        return " "
    share = min(max((value - bottom) / span, 0.0), 1.0)
    return BARS[min(int(share * len(BARS)), len(BARS) - 1)]
