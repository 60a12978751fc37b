"""Cost as work grows: the points that the bench runs, and their table and plot."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

from edgead.console.canvas import meter
from edgead.console.reports.bench import Result
from edgead.datasets.loading import SWAT_WINDOW
from edgead.models.spec import TrialSpec, read_spec

WIDTH = 50  # characters of the longest bar


@dataclass(frozen=True)
class Point:
    """One trial of a series: what grows, by how much, and the trial."""

    grows: str
    size: int
    spec: TrialSpec


@dataclass(frozen=True)
class Cost:
    """What a point cost: seconds, bytes that all tasks sent an epoch, peak bytes of memory."""

    grows: str
    size: int
    first_epoch: float
    later_epoch: float
    sent_per_epoch: float
    chief_cpu: float
    worker_memory: int
    ps_memory: int


def points(preset: str, kdd99_rows: int, *, synthetic_swat: bool) -> list[Point]:
    """Give the bench's points: so many times the rows to train on, workers, windows."""
    base = {"preset": preset, "seed": 1}
    swat = {"preset": "paper-swat", "synthetic": synthetic_swat, "workers": 2, "epochs": 2}
    rows = [("rows", n * kdd99_rows, {**base, "rows": n * kdd99_rows}) for n in (1, 4, 16)]
    workers = [("workers", n, {**base, "workers": n}) for n in (1, 2, 3, 6)]
    ahead = SWAT_WINDOW.lookback - 1
    windows = [("windows", n, {**swat, "rows": n + ahead}) for n in (25_000, 100_000, 400_000)]
    return [Point(grows, n, read_spec(values)) for grows, n, values in rows + workers + windows]


def cost_of(point: Point, result: Result) -> Cost:
    """Read a point's cost from its result."""
    epochs, usage = result["seconds"]["epochs"], result["usage"]

    def peak(role: str) -> int:
        return max(
            (int(u["peak"]) for name, u in usage.items() if name.startswith(role)), default=0
        )

    return Cost(
        point.grows,
        point.size,
        result["seconds"]["connect"] + epochs[0],
        median(epochs[1:]),
        sum(int(used["sent"]) for used in usage.values()) / len(epochs),
        float(result["chief_cpu_seconds"]),
        peak("worker"),
        peak("ps"),
    )


_HEADS = ("grows", "size", "first epoch s", "later epoch s", "× the smallest", "sent an epoch kB",
          "chief CPU s", "worker MB", "ps MB")  # fmt: skip


def table(costs: Sequence[Cost]) -> list[list[str]]:
    """Lay the costs out, heads first; a later epoch stands beside that of its series' smallest."""
    smallest = _smallest(costs)
    return [
        list(_HEADS),
        *(
            [
                cost.grows,
                f"{cost.size:,}",
                f"{cost.first_epoch:.2f}",
                f"{cost.later_epoch:.3f}",
                f"{cost.later_epoch / smallest[cost.grows].later_epoch:.2f}",
                f"{cost.sent_per_epoch / 1e3:.0f}",
                f"{cost.chief_cpu:.2f}",
                f"{cost.worker_memory / 1e6:.0f}",
                f"{cost.ps_memory / 1e6:.0f}",
            ]
            for cost in costs
        ),
    ]


def _smallest(costs: Sequence[Cost]) -> dict[str, Cost]:
    """Give each series' first point."""
    return {cost.grows: cost for cost in reversed(costs)}


def plot(costs: Sequence[Cost]) -> str:
    """Draw a bar for each point: a later epoch's seconds, × those of its series' smallest."""
    lines = ["a later epoch's seconds, × the smallest's of its series"]
    smallest = _smallest(costs)
    ratios = [cost.later_epoch / smallest[cost.grows].later_epoch for cost in costs]
    for cost, ratio in zip(costs, ratios, strict=True):
        size = f"×{cost.size / smallest[cost.grows].size:g}"
        bar = meter(100 * ratio / max(ratios), WIDTH).rstrip()
        lines.append(f"{cost.grows:<8}{size:>4}  {bar} {ratio:.2f}")
    return "\n".join(lines)
