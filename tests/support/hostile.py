"""What a hostile node or file may hold: texts, plain data, words thrown together, odd files."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from hypothesis import strategies as st

# Each would do something to a terminal, a shell, a markup or a parser that let it through.
NASTY = (
    "\x1b[2J\x1b]0;gone\x07", "\x9b31m", "\x1b]52;c;AAAA\x07", "$(touch x)", "; rm -r x", "`id`",
    "[red]x[/red]", "[/]", "--help", "-oProxyCommand=id", "../..", "a\nb", "\r", "\0", "\u202etxt",
    "\ud800", "²", "٣", "é" * 300, "x" * 5000, "", " ", "~nobody-here/x", "%s{0}{x!r}", "NaN",
)  # fmt: skip
NUMBERS = (0, -1, 1 << 62, 1 << 63, 10**30, 10**400, 0.0, -0.0, 5e-324, 1e308)
ODD = (float("nan"), float("inf"), float("-inf"), True, False, None)

texts = st.text(max_size=40) | st.sampled_from(NASTY)
numbers = st.integers() | st.floats() | st.sampled_from((*NUMBERS, *ODD))
plain: st.SearchStrategy[Any] = st.recursive(
    texts | numbers,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(texts, inner, max_size=4),
    max_leaves=10,
)


def shreds(words: str) -> st.SearchStrategy[str]:
    """Make texts out of some words, which a fuzzer would not come upon by itself."""
    known = st.sampled_from(words.split())
    return st.builds(
        lambda parts, glue: glue.join(parts),
        st.lists(known | texts, max_size=30),
        st.sampled_from([" ", "", "\n", "\t"]),
    )


def some_of(keys: Sequence[str]) -> st.SearchStrategy[dict[str, Any]]:
    """Make objects of which some keys are known, with anything in them."""
    return st.dictionaries(st.sampled_from([*keys]) | texts, plain, max_size=len(keys) + 2)


def is_safe(text: str) -> bool:
    """Tell whether a text is in one line, drives no terminal and can be written in UTF-8."""
    return not any(
        ord(char) < 32 or 127 <= ord(char) < 160 or char in "\u2028\u2029\u202d\u202e"
        for char in text.replace("\t", "")
    ) and bool(text.encode("utf-8") or True)


def _fifo(path: Path) -> None:
    os.mkfifo(path)


def _huge(path: Path) -> None:
    with path.open("wb") as file:
        file.truncate(3 << 30)  # without taking room on the disk


# What may lie where a file is expected.
ODD_FILES: dict[str, Callable[[Path], None]] = {
    "fifo": _fifo,
    "folder": lambda path: path.mkdir(),
    "huge": _huge,
    "endless": lambda path: path.symlink_to("/dev/zero"),
    "loop": lambda path: path.symlink_to(path.name),
    "dangling": lambda path: path.symlink_to("/nowhere/at/all"),
    "empty": lambda path: path.write_bytes(b""),
    "binary": lambda path: path.write_bytes(bytes(range(256)) * 9) and None,
}
