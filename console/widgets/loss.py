"""LossPlot: training loss over epochs, raw steps and epoch means, with curve ends labelled."""

from __future__ import annotations

from rich.ansi import AnsiDecoder
from rich.segment import Segment
from textual.content import Content
from textual.reactive import reactive
from textual.strip import Strip

from edgead.console.plotting import Point, height_of, limits, number, place_labels
from edgead.console.session import Session
from edgead.console.state import TrialState
from edgead.console.widgets.ink import colour, ink
from edgead.console.widgets.plot import (
    LEAST_HEIGHT,
    LEAST_WIDTH,
    Chart,
    Frame,
    Inks,
    Line,
    draw_chart,
    frame_of,
)
from edgead.console.widgets.series import Series, series_of
from edgead.console.widgets.strips import StripView


class LossPlot(StripView):
    """The loss of the session's trials: steps faint, epoch means strong."""

    logarithmic = reactive(True, init=False)

    def __init__(self, session: Session, *, id: str) -> None:  # noqa: A002
        super().__init__(id=id)
        self._session = session

    def watch_logarithmic(self) -> None:
        """Draw on the other axis."""
        self.redraw()

    def draw(self) -> list[Strip]:
        """Draw the curves, then their labels over the room kept for them."""
        points = [(series, _points(series.trial)) for series in series_of(self._session)]
        shown = [series for series, found in points if found]
        ends = [_end(series.trial, found) for series, found in points if found]
        self.caption(
            Content("Loss · log" if self.logarithmic else "Loss · linear"), self._subtitle()
        )
        if not shown:
            return self.empty(self._why_empty())
        width, height = self.size
        if width < LEAST_WIDTH or height < LEAST_HEIGHT:
            return self.empty("no room")
        labels = [
            f"{series.short if width < 66 else series.name} {number(loss, 3):>7}"
            for series, (_, loss) in zip(shown, ends, strict=True)
        ]
        losses = [y for _, found in points for _, y in found]
        chart = self._chart(shown, losses, max(map(len, labels)) + 3)
        frame = frame_of(chart, width, height)
        text = draw_chart(chart, width, height, self._inks())
        strips = self._decoded(text)[:height]
        return self._labelled(strips, shown, labels, ends, chart, frame)

    def copy_text(self) -> str:
        """Give the epoch means as tab-separated lines."""
        rows = [
            f"{series.name}\t{epoch.number}\t{epoch.loss}"
            for series in series_of(self._session)
            for epoch in series.trial.epochs
        ]
        return "\n".join(["series\tepoch\tloss", *rows])

    def _why_empty(self) -> str:
        trial = self._session.trial
        if trial is None:
            return "no trial yet · press s to start one"
        if trial.over:
            return f"{trial.state} before the first step"
        return f"{trial.phase or trial.state}… the first step draws the first point"

    def _subtitle(self) -> Content:
        trial = self._session.trial
        if trial is None or trial.threshold is None:
            return Content("")
        return Content.assemble(("threshold ", "$secondary"), (number(trial.threshold), "bold"))

    def _chart(self, shown: list[Series], losses: list[float], room: int) -> Chart:
        """Lay out the axes: to the trial's last epoch, and on for as much as a label needs."""
        last = max(float(series.trial.spec.epochs) for series in shown)
        columns = max(8, self.size.width - 6)
        # A label follows its curve, so at the end of the last epoch it needs room beyond.
        reach = last * columns / max(4, columns - room)
        faint = [Line(s.trial.steps, colour(self, s.ink, 0.55).rgb) for s in shown]
        strong = [Line(_means(s.trial), colour(self, s.ink).rgb) for s in shown]
        return Chart(
            (*faint, *strong),
            (0.0, reach),
            limits(losses, self.logarithmic),
            self.logarithmic,
            last,
        )

    def _inks(self) -> Inks:
        return Inks(
            text=colour(self, "secondary").rgb,
            axis=colour(self, "rule").rgb,
            grid=colour(self, "rule", 0.35).rgb,
            background=self.background_colors[1].rgb,
        )

    def _decoded(self, text: str) -> list[Strip]:
        """Turn text with colour codes into lines."""
        lines = AnsiDecoder().decode(text)
        return [Strip(line.render(self.app.console)) for line in lines]

    def _labelled(
        self,
        strips: list[Strip],
        shown: list[Series],
        labels: list[str],
        ends: list[Point],
        chart: Chart,
        frame: Frame,
    ) -> list[Strip]:
        """Write the labels beside the curves' ends, in one column that no curve reaches."""
        width = self.size.width
        reached = min(chart.last_tick, max(0.0, *(x for x, _ in ends)))
        column = frame.column(reached, chart.x_limits) + 2
        heights = [height_of(y, self.logarithmic) or 0.0 for _, y in ends]
        rows = place_labels([frame.row(y, chart.y_limits) for y in heights], frame.height)
        for series, label, row in zip(shown, labels, rows, strict=True):
            if row is None or row >= len(strips):
                continue
            text = f"─{label}"[: max(0, width - column)]
            style = self.rich_style + ink(
                self, series.ink, bold=series.trial is self._session.trial
            )
            strip = strips[row].adjust_cell_length(width, self.rich_style)
            strips[row] = Strip.join(
                [
                    strip.crop(0, column),
                    Strip([Segment(text, style)]),
                    strip.crop(column + len(text), width),
                ]
            )
        return strips


def _means(trial: TrialState) -> list[Point]:
    """Give each epoch's mean in the middle of its epoch: that is where it is the mean of."""
    return [(epoch.number - 0.5, epoch.loss) for epoch in trial.epochs]


def _points(trial: TrialState) -> list[Point]:
    """Give all points that can be drawn."""
    return [p for p in (*trial.steps, *_means(trial)) if height_of(p[1], False) is not None]


def _end(trial: TrialState, points: list[Point]) -> Point:
    """Give where the curve ends: its furthest point, valued at the latest mean if there is one."""
    means = [p for p in _means(trial) if height_of(p[1], False) is not None]
    return max(x for x, _ in points), (means or points)[-1][1]
