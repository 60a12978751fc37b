"""Regular files, and nothing else: whatever lies at a path, opening it neither waits nor leads
elsewhere."""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

MOST_LINE = 16 << 20  # bytes: the result of a trial of 100,000 epochs has some six million


def open_to_read(path: Path) -> BinaryIO:
    """Open a file, by a link too. Raises OSError, also for a pipe, a device or a folder."""
    return _opened(path, os.O_RDONLY, "rb")


def open_to_append(path: Path) -> BinaryIO:
    """Open a file at its end, new or not, for reading too. Raises OSError, also for a link."""
    return _opened(path, os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_NOFOLLOW, "a+b")


def read_whole(path: Path, most: int) -> bytes:
    """Read a file whole. Raises OSError, also where it is longer than so many bytes."""
    with open_to_read(path) as file:
        content = file.read(most + 1)
    if len(content) > most:
        raise OSError(errno.EFBIG, f"expected at most {most:,} bytes, there are more", str(path))
    return content


def whole_lines(file: BinaryIO) -> Iterator[bytes]:
    """Yield the lines that have an end; those of more than MOST_LINE bytes are left out."""
    whole = True
    while piece := file.readline(MOST_LINE + 1):
        if piece.endswith(b"\n") and whole:
            yield piece
        whole = piece.endswith(b"\n")


def _opened(path: Path, flags: int, mode: str) -> BinaryIO:
    try:
        # Without waiting: a pipe has nobody at its other end.
        descriptor = os.open(path, flags | os.O_NONBLOCK | os.O_CLOEXEC, 0o600)
    except OSError as error:
        if error.errno == errno.ELOOP:
            raise OSError(errno.ELOOP, "expected a file, it is a link", str(path)) from None
        raise
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise OSError(errno.EINVAL, "expected a regular file", str(path))
    file: BinaryIO = os.fdopen(descriptor, mode)  # type: ignore[assignment]
    return file
