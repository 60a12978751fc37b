"""What a trial's log keeps of a node's telemetry: power, heat and load, in a few numbers."""

from __future__ import annotations

from typing import Any

from edgead.agents.messages import TelemetryLine
from edgead.agents.tegrastats import TegrastatsError, parse


def load_of(message: TelemetryLine) -> dict[str, Any] | None:
    """Give a `telemetry` event's fields but the node; None for a line that is no sample."""
    try:
        sample = parse(message.line)
    except TegrastatsError:
        return None
    hottest = sample.hottest
    found = {
        "power_mw": sample.power_mw,
        "celsius": hottest[1] if hottest else None,
        "cpu": sample.cpu_load,
        "gpu": sample.gpu_load,
    }
    return {"source": message.source, **{k: v for k, v in found.items() if v is not None}}
