"""The demo's two trials."""

from __future__ import annotations

from edgead.console.errors import UsageError
from edgead.models.spec import SpecError, TrialSpec, read_spec


def demo_specs(preset: str, seed: int, epochs: int) -> tuple[TrialSpec, ...]:
    """Give the demo's trials: centralised, then distributed over three workers."""
    values = {"preset": preset, "seed": seed, "epochs": epochs}
    try:
        return tuple(
            read_spec({**values, "strategy": strategy}, "demo")
            for strategy in ("central", "parameter-server")
        )
    except SpecError as error:
        raise UsageError(str(error)) from None
