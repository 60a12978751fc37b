"""What commands print: data on stdout, as text or as JSON lines; narration on stderr."""

from __future__ import annotations

import json
import os
import re
import sys
from collections.abc import Mapping, Sequence
from typing import Any

from edgead.agents.protocol import printable as escaped
from edgead.console.errors import ConsoleError
from edgead.console.events import Event, now
from edgead.console.glyphs import of_level
from edgead.console.narration import narrate, printable

# What JSON lets pass as it is, and a terminal obeys or can't show: escapes mean the same there.
_UNSEEN = re.compile("[\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\ud800-\udfff]")


def print_object(kind: str, fields: Mapping[str, Any]) -> None:
    """Print one JSON object on stdout, with time and kind."""
    print_line({"time": now(), "kind": kind, **fields})


def print_line(fields: Mapping[str, Any]) -> None:
    """Print a mapping as one line of JSON on stdout."""
    print(to_json(fields), flush=True)


def to_json(value: Any) -> str:
    """Give plain data as JSON that is safe to show and can be written in UTF-8."""
    text = json.dumps(value, ensure_ascii=False)
    return _UNSEEN.sub(lambda found: f"\\u{ord(found[0]):04x}", text)


def print_event(event: Event) -> None:
    """Print an event as it stands in the log."""
    print_line(event.to_mapping())


def narrate_event(event: Event) -> None:
    """Print an event as a sentence on stdout, unless it is not for reading."""
    said = narrate(event)
    if said is not None:
        clock = said.time[11:19]
        print(f"{clock} {of_level(said.level)} {said.who:<12} {said.text}", flush=True)


def counted(number: int, what: str) -> str:
    """Write how many there are of something that takes an s."""
    return f"{number} {what}" if number == 1 else f"{number} {what}s"


def say(text: str) -> None:
    """Tell what is going on, in one line on stderr."""
    print(escaped(text), file=sys.stderr, flush=True)


def tell(line: str) -> None:
    """Print one line of data on stdout, for people."""
    print(escaped(line), flush=True)


def say_error(error: ConsoleError) -> None:
    """Tell an error on stderr, a line for each of its lines; in red what may be an attack."""
    red = error.alarming and sys.stderr.isatty() and not os.environ.get("NO_COLOR")
    on, off = ("\x1b[1;31m", "\x1b[0m") if red else ("", "")
    for line in error.lines:
        print(f"{on}edgead-console: {escaped(line)}{off}", file=sys.stderr, flush=True)


def columns(rows: Sequence[Sequence[str]]) -> list[str]:
    """Lay out rows as lines with aligned columns; what comes from outside is made safe to show."""
    safe = [[printable(cell) for cell in row] for row in rows]
    widths = [max(map(len, column)) for column in zip(*safe, strict=True)]
    return [
        "  ".join(f"{cell:<{width}}" for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in safe
    ]
