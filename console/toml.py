"""TOML files in, and plain data out, with one clear line for each mistake."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import tomli

from edgead.console.errors import UsageError
from edgead.console.regular import read_whole

MOST_BYTES = 1 << 20  # of a file that people write
# A number of thousands of digits is a ValueError, brackets by the thousand a RecursionError.
_WRONG = (tomli.TOMLDecodeError, ValueError, RecursionError)


def load_toml(path: Path) -> dict[str, Any]:
    """Read a TOML file. Raises UsageError naming the file and, for wrong TOML, line and column."""
    try:
        text = read_whole(path, MOST_BYTES).decode()
    except FileNotFoundError:
        raise UsageError(f"{path}: no such file") from None
    except OSError as error:
        raise UsageError(f"{path}: cannot be read: {error.strerror}") from None
    except UnicodeDecodeError as error:
        raise UsageError(f"{path}: cannot be read as text: {error}") from None
    return parse_toml(text, path)


def parse_toml(text: str, path: Path) -> dict[str, Any]:
    """Read the text of a TOML file. Raises UsageError naming the file, line and column."""
    try:
        return tomli.loads(text)
    except _WRONG as error:
        raise UsageError(f"{path}: not valid TOML: {error}") from None


def read_value(text: str) -> Any:
    """Read one value as TOML writes it; a bare word is a string (so --set seed=3 and --set a=b)."""
    try:
        return tomli.loads(f"value = {text}")["value"]
    except _WRONG:
        return text
