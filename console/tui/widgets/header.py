"""TrialBar: the top row: name, run, progress, time left, counts of faults."""

from __future__ import annotations

from math import isfinite
from typing import TYPE_CHECKING

from rich.text import Text
from textual.widget import Widget

from edgead.console.glyphs import STATES
from edgead.console.narration import printable
from edgead.console.runs.state import TrialState
from edgead.console.session.session import Session
from edgead.console.tui.widgets.ink import ink

if TYPE_CHECKING:
    from textual.geometry import Region
    from typing_extensions import Self


class TrialBar(Widget):
    """One row about the session's trial, shorter where the screen is narrow."""

    DEFAULT_CSS = "TrialBar { height: 1; padding: 0 1; background: $surface; }"

    def __init__(self, session: Session) -> None:
        super().__init__()
        self._session = session
        self._painted: Text | None = None

    def refresh(
        self,
        *regions: Region,
        repaint: bool = True,
        layout: bool = False,
        recompose: bool = False,
    ) -> Self:
        """Paint anew, unless what is there already would come again."""
        if not (regions or layout or recompose) and self.is_mounted and self.size:
            before, self._painted = self._painted, self.render()
            if before == self._painted:
                return self
        return super().refresh(*regions, repaint=repaint, layout=layout, recompose=recompose)

    def render(self) -> Text:
        """Give the row: what it is on the left, how it goes on the right."""
        width = self.size.width
        right = self._right(width >= 98)
        left = self._left(width >= 98)
        left.truncate(max(0, width - right.cell_len - 2), overflow="ellipsis")
        gap = max(1, width - left.cell_len - right.cell_len)
        row = Text.assemble(left, " " * gap, right)
        row.truncate(width)
        return row

    def _left(self, roomy: bool) -> Text:
        trial, message = self._session.trial, printable(self._session.message)
        row = Text("edgead", ink(self, "primary", bold=True))
        if self._session.read_only:
            row.append("  read-only", ink(self, "warning", bold=True))
        if trial is None:
            return row.append(
                f"  {message or 'no trial yet · s starts one'}", ink(self, "secondary")
            )
        row.append(f"  {printable(trial.run)}", ink(self, "foreground", bold=True))
        if trial.synthetic:
            row.append("  ▲ synthetic", ink(self, "warning", bold=True))
        if message:
            row.append(f"  {message}", ink(self, "primary"))
        elif roomy:
            row.append(f"  {trial.title.removesuffix(' · synthetic')}", ink(self, "secondary"))
        return row

    def _right(self, roomy: bool) -> Text:
        trial = self._session.trial
        if trial is None:
            return Text()
        row = Text()
        done, total = len(trial.epochs), trial.spec.epochs
        row.append("epoch ", ink(self, "secondary"))
        row.append(f"{done}", ink(self, "foreground", bold=True))
        row.append(f"/{total} ", ink(self, "secondary"))
        row.append_text(self._progress(trial, 24 if roomy else 10))
        row.append("  ").append_text(self._replayed() or self._how(trial)).append("  ")
        for glyph, count, name in (
            ("✖", len(trial.flags), "error"),
            ("▲", trial.warnings, "warning"),
        ):
            style = ink(self, name if count else "secondary", bold=bool(count))
            row.append(f"{glyph} {count} ", style)
        row.rstrip()
        return row

    def _progress(self, trial: TrialState, width: int) -> Text:
        """Draw the share of epochs, or of steps where an epoch is under way, that is done."""
        passed = max([float(len(trial.epochs)), *(x for x, _ in trial.steps[-1:])])
        halves = round(min(1.0, passed / max(1, trial.spec.epochs)) * width * 2)
        full, half = divmod(halves, 2)
        bar = Text("━" * full + "╸" * half, ink(self, "success"))
        return bar.append("━" * (width - full - half), ink(self, "rule"))

    def _replayed(self) -> Text | None:
        """Say where a replay is, and how fast; None where there is none."""
        playing = self._session.history.playing
        if playing is None:
            return None
        glyph = "‖" if playing.paused else "▷"
        speed = f"{playing.speed:g}×" if playing.speed else "at once"
        at, of = (f"{int(s // 60)}:{int(s % 60):02d}" for s in (playing.at, playing.of))
        said = f"{glyph} replay {speed} {at}/{of}"
        return Text(said, ink(self, "accent", bold=True))

    def _how(self, trial: TrialState) -> Text:
        """Say how it ended, or the time left, or the phase before there is one to tell."""
        if trial.over:
            glyph, name = STATES.get(trial.state, STATES["interrupted"])
            return Text(f"{glyph} {trial.state}", ink(self, name, bold=True))
        left = trial.seconds_left
        if left is None or not isfinite(left) or len(trial.epochs) >= trial.spec.epochs:
            return Text(printable(trial.phase or trial.state)[:12], ink(self, "secondary"))
        clock = f"{int(left // 60)}:{int(left % 60):02d}"
        return Text("ETA ", ink(self, "secondary")).append(
            clock, ink(self, "foreground", bold=True)
        )
