"""What commands print: data on stdout, as text or as JSON lines; narration on stderr."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Mapping, Sequence
from typing import Any

from edgead.console.errors import ConsoleError
from edgead.console.events import Event, now
from edgead.console.narration import narrate, printable

GLYPHS = {"info": "·", "good": "✔", "warn": "▲", "error": "✖"}


def print_object(kind: str, fields: Mapping[str, Any]) -> None:
    """Print one JSON object on stdout, with time and kind."""
    print_line({"time": now(), "kind": kind, **fields})


def print_line(fields: Mapping[str, Any]) -> None:
    """Print a mapping as one line of JSON on stdout."""
    print(json.dumps(fields, ensure_ascii=False), flush=True)


def print_event(event: Event) -> None:
    """Print an event as it stands in the log."""
    print_line(event.to_mapping())


def narrate_event(event: Event) -> None:
    """Print an event as a sentence on stdout, unless it is not for reading."""
    said = narrate(event)
    if said is not None:
        clock = said.time[11:19]
        print(f"{clock} {GLYPHS.get(said.level, '·')} {said.who:<12} {said.text}", flush=True)


def say(text: str) -> None:
    """Tell what is going on, on stderr."""
    print(text, file=sys.stderr, flush=True)


def say_error(error: ConsoleError) -> None:
    """Tell an error on stderr, a line for each of its lines; in red what may be an attack."""
    red = error.alarming and sys.stderr.isatty() and not os.environ.get("NO_COLOR")
    for line in error.lines:
        text = f"edgead-console: {line}"
        say(f"\x1b[1;31m{text}\x1b[0m" if red else text)


def columns(rows: Sequence[Sequence[str]]) -> list[str]:
    """Lay out rows as lines with aligned columns; what comes from outside is made safe to show."""
    safe = [[printable(cell) for cell in row] for row in rows]
    widths = [max(map(len, column)) for column in zip(*safe, strict=True)]
    return [
        "  ".join(f"{cell:<{width}}" for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in safe
    ]
