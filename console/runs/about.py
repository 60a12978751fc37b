"""What a person has said of a run: a name of their own and a note, kept beside its log."""

from __future__ import annotations

import re
from pathlib import Path
from typing import NamedTuple

import tomli_w

from edgead.console.errors import UsageError
from edgead.console.files import write_whole
from edgead.console.narration import printable
from edgead.console.toml import load_toml

FILE = "about.toml"
LABEL = r"[A-Za-z][A-Za-z0-9._-]{0,39}"
NOTE_LIMIT = 400


class About(NamedTuple):
    """A name, which stands for the run wherever one is asked for, and a note."""

    name: str = ""
    note: str = ""


def read_about(folder: Path) -> About:
    """Read what is said of the run in a folder; nothing where that can't be read."""
    try:
        content = load_toml(folder / FILE)
    except UsageError:
        return About()
    name, note = (printable(str(content.get(key, ""))) for key in About._fields)
    return About(name[:40], note[:NOTE_LIMIT])


def write_about(folder: Path, about: About) -> None:
    """Keep it, whole or not at all. Raises UsageError for a name or a note that is none."""
    if about.name and not re.fullmatch(LABEL, about.name):
        raise UsageError(
            f"{about.name[:60]!r}: expected a name of letters, digits, '.', '_' or '-', at most"
            " 40, a letter first"
        )
    if re.fullmatch(r"T-\d+", about.name):
        raise UsageError(f"{about.name}: this is how runs are numbered; take another name")
    if len(about.note) > NOTE_LIMIT or not about.note.isprintable():
        raise UsageError(f"a note is one line of at most {NOTE_LIMIT} characters")
    write_whole(folder / FILE, tomli_w.dumps(about._asdict()))
