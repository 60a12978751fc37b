"""LossPlot: training loss over epochs: raw steps, epoch means, workers, and other runs' beside."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.content import Content
from textual.reactive import reactive
from textual.strip import Strip

from edgead.console.plotting import (
    Limits,
    Point,
    envelope,
    height_of,
    limits,
    number,
    smooth,
    window,
)
from edgead.console.runs.state import TrialState
from edgead.console.session.session import Session
from edgead.console.tui.widgets.curves import Axes, Curve, draw_curves, room_of, with_room
from edgead.console.tui.widgets.plot import LEAST_HEIGHT, LEAST_WIDTH
from edgead.console.tui.widgets.series import (
    INKS,
    MOST_CURVES,
    Series,
    series_of,
    series_of_trials,
    worker_gone,
    worker_name,
)
from edgead.console.tui.widgets.zoom import ZoomView

ROOMY = 66  # cells of width from which names are whole
FAINT = 0.55
SMOOTHEST = 0.7  # the share of the mean so far in the next


class LossPlot(ZoomView):
    """The loss of the session's trials, or of `overlaid` ones: steps faint, epoch means strong.

    The workers' losses are those of the session's trial, smoothed, as its engine tells them.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("w", "workers", "Workers", show=False, tooltip="the workers' losses, or not"),
    ]
    logarithmic = reactive(True, init=False)
    with_workers = reactive(True, init=False)
    overlaid: reactive[Sequence[TrialState]] = reactive((), init=False)

    def __init__(self, session: Session, *, id: str) -> None:  # noqa: A002
        super().__init__(id=id)
        self._session = session

    def watch_logarithmic(self) -> None:
        """Draw on the other axis."""
        self.redraw()

    def watch_with_workers(self) -> None:
        """Draw with the workers, or without."""
        self.redraw()

    def watch_overlaid(self) -> None:
        """Draw the other runs; the whole of them at first."""
        self.view = None
        self.redraw()

    def action_workers(self) -> None:
        """Show the workers' losses, or not."""
        self.with_workers = not self.with_workers

    def series(self) -> list[Series]:
        """Give the trials that are drawn."""
        return series_of_trials(self.overlaid) if self.overlaid else series_of(self._session)

    def whole(self) -> Limits:
        """Give epoch 0 and the last one."""
        return 0.0, max([1.0, *(float(s.trial.spec.epochs) for s in self.series())])

    def draw(self) -> list[Strip]:
        """Draw the curves and their names."""
        trial = self._session.trial
        workers = worker_curves(trial) if self.with_workers and trial and not self.overlaid else []
        curves = self._curves(self.series(), workers)
        self._entitle(bool(workers))
        if not curves:
            return self.empty(self._why_empty())
        width, height = self.size
        if width < LEAST_WIDTH or height < LEAST_HEIGHT:
            return self.empty("no room")
        longest = 20 if width >= ROOMY else 8
        shown = self.shown
        seen = [y for curve in curves for _, y in window(curve.points, shown)]
        axes = Axes(
            with_room(shown, width, room_of(curves, longest)),
            shown[1],
            limits(seen, self.logarithmic),
            self.logarithmic,
        )
        return draw_curves(self, curves, axes, width, height, longest)

    def copy_text(self) -> str:
        """Give the epoch means as tab-separated lines."""
        rows = [
            f"{series.name}\t{epoch.number}\t{epoch.loss}"
            for series in self.series()
            for epoch in series.trial.epochs
        ]
        return "\n".join(["series\tepoch\tloss", *rows])

    def _curves(self, series: Sequence[Series], workers: Sequence[Curve]) -> list[Curve]:
        """Give the curves, the faint ones first: strong ones lie over them."""
        narrow = self.size.width < ROOMY
        faint, strong = [], []
        for each in series:
            steps, means = each.trial.steps, _means(each.trial)
            name = each.short if narrow else each.name
            bold = each.trial is self._session.trial
            known = [y for _, y in means if height_of(y, False) is not None]
            faint.append(Curve(steps, "", each.ink, FAINT))
            named = means if known else steps
            value = known[-1] if known else None
            strong.append(Curve(named, name, each.ink, bold=bold, value=value))
        return [curve for curve in (*faint, *workers, *strong) if _drawable(curve.points)]

    def _why_empty(self) -> str:
        trial = self._session.trial
        if trial is None:
            return "no trial yet · press s to start one"
        if trial.over:
            return f"{trial.state} before the first step"
        return f"{trial.phase or trial.state}… the first step draws the first point"

    def _entitle(self, with_workers: bool) -> None:
        title = "Loss · log" if self.logarithmic else "Loss · linear"
        title += " · train and workers (EMA)" if with_workers else ""
        title += f" · {len(self.overlaid)} runs" if self.overlaid else ""
        if self.view is not None:
            title += f" · epochs {number(self.view[0], 3)}–{number(self.view[1], 3)}"
        self.caption(Content(title), self._subtitle())

    def _subtitle(self) -> Content:
        trial = self._session.trial
        if trial is None or trial.threshold is None or self.overlaid:
            return Content("")
        return Content.assemble(("threshold ", "$secondary"), (number(trial.threshold), "bold"))


def worker_curves(trial: TrialState) -> list[Curve]:
    """Give the workers' smoothed losses; of many workers the range they lie in."""
    losses = {
        # Of few points a mean that looks far back would lag behind them all.
        worker: smooth([(p.epochs, p.loss) for p in points], min(SMOOTHEST, len(points) / 200))
        for worker, points in sorted(trial.measures.parts.items())
    }
    if len(losses) > MOST_CURVES:
        least, most = envelope(list(losses.values()))
        return [Curve(least, "lowest", INKS[1]), Curve(most, "highest", INKS[0])]
    return [
        Curve(points, worker_name(trial, at), INKS[at % len(INKS)], gone=worker_gone(trial, at))
        for at, points in losses.items()
    ]


def _means(trial: TrialState) -> list[Point]:
    """Give each epoch's mean in the middle of its epoch: that is where it is the mean of."""
    return [(epoch.number - 0.5, epoch.loss) for epoch in trial.epochs]


def _drawable(points: Sequence[Point]) -> bool:
    return any(height_of(y, False) is not None for _, y in points)
