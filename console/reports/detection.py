"""How verdicts on new rows are told: lines of text or JSON, and what they come to."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from typing import NamedTuple

from edgead.console.events import Event
from edgead.console.narration import printable


class Verdict(NamedTuple):
    """What is said of one row; `attack` is None where there is no verdict, and `why` says so."""

    row: int
    score: float = math.nan
    attack: bool | None = None
    why: str = ""


def verdicts(batch: Event, every: bool) -> list[Verdict]:
    """Give a batch's verdicts in the rows' order; with `every`, rows that have none too."""
    triples = zip(batch["rows"], batch["scores"], batch["attacks"], strict=True)
    found = [Verdict(row, score, attack) for row, score, attack in triples]
    if every:
        found += [Verdict(row, why="too early") for row in batch["early"]]
        found += [Verdict(fault["row"], why="unreadable") for fault in batch["faults"]]
        found.sort()
    return found


def as_text(batch: Event, every: bool) -> str:
    """Write a line a row: its number, its score and the verdict, aligned."""
    return "".join(_text_lines(verdicts(batch, every)))


def _text_lines(found: list[Verdict]) -> Iterator[str]:
    for row, score, attack, why in found:
        if attack is None:
            yield f"{row:>9}  {'-':>14}  {why}\n"
        else:
            yield f"{row:>9}  {score:>14.6f}  {'ATTACK' if attack else 'normal'}\n"


def as_json(batch: Event, every: bool) -> str:
    """Write a JSON object a row; the score is null where it is no number."""
    head = {"time": batch.time, "kind": "verdict"}
    threshold = batch["threshold"]
    objects = (
        {
            **head,
            "row": row,
            "score": score if math.isfinite(score) else None,
            "attack": attack,
            "threshold": threshold,
        }
        for row, score, attack, _ in verdicts(batch, every)
    )
    return "".join(json.dumps(item) + "\n" for item in objects)


def fault_lines(name: str, batch: Event) -> str:
    """Write a line for each row that cannot be read: file, row, column, expected, found."""
    lines = []
    for fault in batch["faults"]:
        column = f", column {fault['column']}" if fault["column"] else ""
        lines.append(f"{name}, row {fault['row']}{column}: {printable(fault['text'])}; skipped\n")
    return "".join(lines)


def sum_up(name: str, summary: Event) -> str:
    """Say in one line what the verdicts come to, and how right they were where that is known."""
    scored, attacks, window = summary["scored"], summary["attacks"], summary["window"]
    said = [f"{name}: {summary['rows']:,} rows"]
    if window:
        said.append(f"{scored:,} windows of {window} rows")
    share = f" ({attacks / scored:.2%})" if scored else ""
    said.append(f"{attacks:,} attacks{share}")
    if summary["skipped"]:
        said.append(f"{summary['skipped']:,} bad rows skipped")
    labelled = summary["labelled"]
    if labelled:
        figures = ", ".join(
            f"{figure} {labelled[figure]:.4f}" for figure in ("accuracy", "precision", "recall")
        )
        said.append(f"against {labelled['rows']:,} labels: {figures}")
    return "; ".join(said)
