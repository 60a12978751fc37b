"""What is left of a crash: a file with the stack, and without the values in it."""

from __future__ import annotations

import os
import re
import traceback
from datetime import datetime, timezone
from pathlib import Path

from edgead.console.narration import printable

# What may stand after these words in an error's text is nobody's business.
_SECRET = re.compile(r"(?i)\b(pass(?:word|phrase)?|token|secret|key)(\W{1,3})\S+")


def redact(text: str, home: Path) -> str:
    """Shorten the home folder to ~ and blank what follows a word such as password."""
    return _SECRET.sub(r"\1\2…", text.replace(str(home), "~"))


def report(error: BaseException, home: Path) -> str:
    """Give the stack of an error and of its causes: files, lines and functions, no values."""
    lines = ["edgead-console crash report: no values of variables are in it"]
    current: BaseException | None = error
    for _ in range(10):
        if current is None:
            break
        lines += ["", f"{type(current).__name__}: {printable(str(current))}"]
        stack = traceback.extract_tb(current.__traceback__)
        lines += [f"  {frame.filename}:{frame.lineno} in {frame.name}" for frame in stack]
        current = current.__cause__ or current.__context__
    return redact("\n".join(lines) + "\n", home)


def write_report(error: BaseException, folder: Path) -> Path:
    """Write the report of an error into the folder, readable by its owner only.

    Raises OSError where that can't be done.
    """
    folder.mkdir(parents=True, exist_ok=True)
    stamp = datetime.now(timezone.utc).strftime("%Y%m%d-%H%M%S-%f")
    path = folder / f"crash-{stamp}.txt"
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(report(error, Path.home()))
    return path
