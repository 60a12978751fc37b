"""Energy: what the power rails say that a trial took, in joules."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

GAP_SECONDS = 5.0  # between two samples; what a board drew in a longer one is not known
MOST_WATTS = 1e5  # no board draws that; whatever a node sends is bounded


@dataclass(frozen=True)
class Energy:
    """Joules so far, the seconds they are known for, and the latest sample (second, watts)."""

    joules: float = 0.0
    seconds: float = 0.0
    latest: tuple[float, float] | None = None

    @property
    def watts(self) -> float | None:
        """The mean power over the seconds that are known; None where there are none."""
        return self.joules / self.seconds if self.seconds > 0 else None

    def then(self, at: float, watts: float | None) -> Energy:
        """Take the next sample: the power between two is the mean of both (trapezoidal rule).

        A sample without power, one that is no number, and one that is not later than the latest
        add nothing; neither does the time between two that are more than GAP_SECONDS apart.
        """
        if watts is None or not (math.isfinite(at) and 0 <= watts <= MOST_WATTS):
            return self
        if self.latest is None:
            return replace(self, latest=(at, watts))
        before, had = self.latest
        if at <= before:
            return self
        if at - before > GAP_SECONDS:
            return replace(self, latest=(at, watts))
        joules = (at - before) * (had + watts) / 2
        return Energy(self.joules + joules, self.seconds + at - before, (at, watts))
