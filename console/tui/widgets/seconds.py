"""SecondsPlot: seconds per epoch, measured beside the paper's."""

from __future__ import annotations

from textual.content import Content
from textual.reactive import reactive
from textual.strip import Strip

from edgead.console.canvas import Canvas
from edgead.console.plotting import number
from edgead.console.reports import paper
from edgead.console.session.session import Session
from edgead.console.tui.bars import Bars, Target, draw_bars
from edgead.console.tui.widgets.series import series_of
from edgead.console.tui.widgets.strips import StripView

LEAST_WIDTH, LEAST_HEIGHT = 16, 4


class SecondsPlot(StripView):
    """Paired bars of the session's trials, an epoch a group."""

    logarithmic = reactive(True, init=False)

    def __init__(self, session: Session, *, id: str) -> None:  # noqa: A002
        super().__init__(id=id)
        self._session = session

    def watch_logarithmic(self) -> None:
        """Draw on the other axis."""
        self.redraw()

    def draw(self) -> list[Strip]:
        """Draw the bars and the paper's lines."""
        shown = [series for series in series_of(self._session) if series.trial.epochs]
        self.caption(
            Content(f"Seconds per epoch · {'log' if self.logarithmic else 'linear'}"),
            self._subtitle(),
        )
        width, height = self.size
        if not shown:
            return self.empty("an epoch's end draws the first bar")
        if width < LEAST_WIDTH or height < LEAST_HEIGHT:
            return self.empty("no room")
        bars = [Bars(s.ink, {e.number: e.seconds for e in s.trial.epochs}) for s in shown]
        epochs = max(series.trial.spec.epochs for series in shown)
        canvas = Canvas(width, height)
        draw_bars(
            canvas, bars, targets(epochs, shown[-1].trial.spec.dataset), epochs, self.logarithmic
        )
        return self.painted(canvas)

    def copy_text(self) -> str:
        """Give the seconds as tab-separated lines."""
        rows = [
            f"{series.name}\t{epoch.number}\t{epoch.seconds}"
            for series in series_of(self._session)
            for epoch in series.trial.epochs
        ]
        return "\n".join(["series\tepoch\tseconds", *rows])

    def _subtitle(self) -> Content:
        """Name the bars with their latest figure; the lines are named where they lie."""
        parts: list[tuple[str, str]] = []
        for series in series_of(self._session):
            if series.trial.epochs:
                parts += [("█", f"${series.ink}"), (f" {series.name} ", "")]
                parts += [(f"{number(round(series.trial.epochs[-1].seconds, 2))} s", "bold")]
                parts += [("  ", "")]
        return Content.assemble(*parts[:-1])


def targets(epochs: int, dataset: str) -> list[Target]:
    """Give the paper's seconds: for the first epoch the middle of its range, then for the rest."""
    known = paper.PUBLISHED[dataset]
    low, high = known.first_epoch_range
    said = f"{low:g}" if low == high else f"{low:g}–{high:g}"
    first = Target(known.first_epoch, f"paper {said} s", 1, 1)
    later = Target(known.later_epoch, f"paper {known.later_epoch:g} s", 2, epochs)
    return [first, later] if epochs > 1 else [first]
