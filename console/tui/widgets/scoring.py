"""ScoringPlot: how far prediction is: rows scored of each split, how fast, and the score."""

from __future__ import annotations

from textual.content import Content
from textual.strip import Strip

from edgead.console.canvas import Canvas, meter
from edgead.console.runs.measures import Scoring
from edgead.console.runs.state import TrialState
from edgead.console.session.session import Session
from edgead.console.tui.widgets.strips import StripView

NAMES = {"train": "threshold", "validation": "validation", "test": "test"}
NAME_WIDTH, LEAST_METER = 12, 10


class ScoringPlot(StripView):
    """A meter a split, and under it what came out."""

    def __init__(self, session: Session, *, id: str) -> None:  # noqa: A002
        super().__init__(id=id)
        self._session = session

    def draw(self) -> list[Strip]:
        """Draw the splits that are scored so far."""
        self.caption(Content("Prediction"), Content(""))
        trial = self._session.trial
        if trial is None or not (trial.measures.scoring or trial.scores):
            return self.empty("after training: the threshold, then both splits, row by row")
        canvas = Canvas(*self.size)
        names = [name for name in NAMES if name in trial.measures.scoring or name in trial.scores]
        each = 3 if 3 * len(names) <= canvas.height + 1 else 2 if canvas.height >= 6 else 1
        for at, name in enumerate(names):
            self._split(canvas, at * each, name, trial, said=each > 1)
        return self.painted(canvas)

    def copy_text(self) -> str:
        """Give rows done, all rows and rows a second as tab-separated lines."""
        trial = self._session.trial
        known = trial.measures.scoring if trial else {}
        rows = [
            f"{name}\t{each.done}\t{each.rows}\t{each.rows_per_second or 0:.0f}"
            for name, each in known.items()
        ]
        return "\n".join(["split\tdone\trows\trows_per_second", *rows])

    def _split(self, canvas: Canvas, row: int, name: str, trial: TrialState, *, said: bool) -> None:
        scoring = trial.measures.scoring.get(name)
        done, rows = (scoring.done, scoring.rows) if scoring else _of_score(trial, name)
        share = 100 * done / rows if rows else 0.0
        figure = f"  {share:>3.0f} %  {done:>9,} of {rows:>9,} rows"
        canvas.put(0, row, NAMES[name], "")
        room = canvas.width - NAME_WIDTH - len(figure)
        if room < LEAST_METER:
            figure, room = f"  {share:>3.0f} %", canvas.width - NAME_WIDTH - 7
        bar = meter(share, max(0, room))
        canvas.put(NAME_WIDTH, row, "░" * max(0, room), "rule")
        canvas.put(NAME_WIDTH, row, bar.rstrip(), "success" if done == rows else "primary")
        canvas.put(NAME_WIDTH + max(0, room), row, figure, "")
        if said:
            canvas.put(NAME_WIDTH, row + 1, _outcome(name, trial, scoring), "secondary")


def _outcome(name: str, trial: TrialState, scoring: Scoring | None) -> str:
    """Say what is known of a split: its score or the threshold, how fast and where."""
    parts = []
    score = trial.scores.get(name, {})
    if name == "train" and trial.threshold is not None:
        parts.append(f"threshold {trial.threshold:.4g}")
    parts += [
        f"{said} {score[metric]:.4f}"
        for metric, said in (("accuracy", "accuracy"), ("f1", "F1"))
        if isinstance(score.get(metric), float)
    ]
    if scoring is not None and (pace := scoring.rows_per_second) is not None:
        parts.append(f"{pace:,.0f} rows/s")
    if score.get("where") in ("host", "workers"):
        parts.append(f"on the {score['where']}")
    return " · ".join(parts)


def _of_score(trial: TrialState, name: str) -> tuple[int, int]:
    score = trial.scores.get(name, {})
    done, rows = score.get("visited", 0), score.get("rows", 0)
    known = isinstance(done, int) and isinstance(rows, int)
    return (max(0, min(done, rows)), rows) if known else (0, 0)
