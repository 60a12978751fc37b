"""Checked: a table of a file, read key by key, with one line for each mistake."""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

from edgead.console.errors import UsageError
from edgead.console.narration import printable

Value = TypeVar("Value")
SHOWN = 80  # characters of a wrong value
# A character that is no control, and does not turn what is beside it round.
VISIBLE = r"[^\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069]"


class Mistakes:
    """The mistakes of one file, in the order they are found."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.lines: list[str] = []

    def add(self, where: str, text: str) -> None:
        """Note a mistake: at which key, what was expected and given, what to do."""
        self.lines.append(printable(f"{self.path}: {where}: {text}"))

    def expected(self, where: str, what: str, given: object) -> None:
        """Note that something else was expected at a key."""
        shown = repr(given)
        shown = shown if len(shown) <= SHOWN else shown[: SHOWN - 1] + "…"
        self.add(where, f"expected {what}, got {shown}")

    def check(self) -> None:
        """Raise UsageError with a line for each mistake, if there are any."""
        if self.lines:
            raise UsageError(*self.lines)


class Checked:
    """One table. A value that is wrong is noted, and its default given, so that reading goes on."""

    def __init__(self, mistakes: Mistakes, where: str, table: object) -> None:
        self._mistakes, self._where = mistakes, where
        self._table: Mapping[str, Any] = {}
        if isinstance(table, Mapping):
            self._table = table
        else:
            mistakes.expected(where, "a table", table)

    def only(self, keys: Sequence[str]) -> None:
        """Note each key that is none of these."""
        for key in self._table:
            if key not in keys:
                close = difflib.get_close_matches(key, keys, 1)
                hint = f"did you mean {close[0]}?" if close else f"expected {', '.join(keys)}"
                self._mistakes.add(self._where, f"no such key: {key:.80}; {hint}")

    def has(self, key: str) -> bool:
        """Whether the key is there."""
        return key in self._table

    def wrong(self, key: str, what: str) -> None:
        """Note that something else was expected at a key."""
        self._mistakes.expected(f"{self._where}.{key}", what, self._table.get(key))

    def value(
        self, key: str, default: Value, what: str, read: Callable[[Any], Value | None]
    ) -> Value:
        """Read a key; `read` gives None for what is not `what`."""
        if key not in self._table:
            return default
        found = read(self._table[key])
        if found is None:
            self.wrong(key, what)
            return default
        return found

    def text(self, key: str, default: str, what: str = "a text", pattern: str = ".+") -> str:
        """Read a text that the pattern matches whole."""

        def read(value: Any) -> str | None:
            return value if isinstance(value, str) and re.fullmatch(pattern, value) else None

        return self.value(key, default, what, read)

    def file(self, key: str, default: Path | None = None) -> Path | None:
        """Read a file's name; it is relative to the folder of the file that is read."""

        def read(value: Any) -> Path | None:
            if not isinstance(value, str) or not re.fullmatch(f"{VISIBLE}+", value):
                return None
            try:
                return self._mistakes.path.parent / Path(value).expanduser()
            except RuntimeError:  # ~nobody
                return None

        return self.value(key, default, "a file's name", read)

    def choice(self, key: str, default: str, among: Sequence[str]) -> str:
        """Read one of some words."""
        return self.value(
            key, default, " or ".join(among), lambda value: value if value in among else None
        )
