"""Numbers of testbeds: each belongs to one process, or is kept until somebody takes it down."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Callable
from pathlib import Path

from testbed.commands import TestbedError
from testbed.network import Network

NUMBERS = range(100)


class Claim:
    """A number that nobody else has; it is free again when this process ends, however it does."""

    def __init__(self, file: Path, descriptor: int) -> None:
        self.number = int(file.stem)
        self._file = file
        self._descriptor = descriptor

    def keep(self, where: Path) -> None:
        """Let the testbed outlive this process, under the name of a folder."""
        os.pwrite(self._descriptor, os.fsencode(where), 0)
        os.close(self._descriptor)

    def release(self) -> None:
        """Give the number back."""
        self._file.unlink()
        os.close(self._descriptor)


def claim(folder: Path, take_down: Callable[[int], None]) -> Claim:
    """Claim a number; testbeds whose process was killed are taken down on the way."""
    for file in sorted(folder.glob("*.lock")):
        found = _lock(file)
        if found is not None:
            take_down(found.number)
            found.release()
    for number in NUMBERS:
        found = _lock(folder / f"{number}.lock") if Network(number).free() else None
        if found is not None:
            return found
    raise TestbedError(f"all {len(NUMBERS)} testbeds are taken: see {folder}")


def kept(folder: Path, where: Path) -> int | None:
    """Give the number of the testbed that was kept under that name; None where there is none."""
    for file in folder.glob("*.lock"):
        if file.read_bytes() == os.fsencode(where):
            return int(file.stem)
    return None


def reclaim(folder: Path, where: Path) -> Claim | None:
    """Take over the testbed that was kept under that name; None where there is none."""
    number = kept(folder, where)
    return None if number is None else _lock(folder / f"{number}.lock", os.fsencode(where))


def _lock(file: Path, content: bytes = b"") -> Claim | None:
    """Lock a file if nobody has, and if that is what is in it."""
    file.parent.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(file, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        # Who had it may have removed it between our opening and our locking.
        same = os.fstat(descriptor).st_ino == file.stat().st_ino
        if same and os.pread(descriptor, 4096, 0) == content:
            return Claim(file, descriptor)
    except OSError:
        pass
    os.close(descriptor)
    return None
