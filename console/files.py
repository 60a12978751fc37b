"""Writing files so that a crash leaves the old one or the new one, never a part."""

from __future__ import annotations

import os
from pathlib import Path

from edgead.console.errors import UsageError


def write_whole(path: Path, content: str | bytes) -> None:
    """Write a file, whole or not at all; text as UTF-8. Raises UsageError naming it."""
    data = content.encode() if isinstance(content, str) else content
    try:
        part = path.with_name(path.name + ".part")
    except ValueError:  # "." or "/"
        raise UsageError(f"{path}: expected a file's name") from None
    try:
        with part.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)
    except OSError as error:
        part.unlink(missing_ok=True)
        raise UsageError(f"{path}: cannot be written: {error.strerror}") from None
