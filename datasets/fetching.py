"""Downloading a dataset's files from its public home, checked before they count as there."""

from __future__ import annotations

import hashlib
import http.client
import os
import urllib.error
import urllib.request
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Callable, Iterator

from edgead.datasets.errors import DatasetError, DatasetUnreachable
from edgead.datasets.files import chunks
from edgead.datasets.sources import ORIGINALS, Files, Original, find, missing

HOME = "http://kdd.ics.uci.edu/databases/kddcup99/"

Progress = Callable[[str, int, int], None]  # file name, bytes so far, bytes in all (0: not known)

_TRIES = 3
_TIMEOUT = 30.0  # seconds without a byte
_PIECE = 1 << 16
_MOST_BYTES = 64 << 20  # the originals are 2 MB each


class _Interrupted(Exception):  # noqa: N818 - caught here, never seen outside
    """The network failed before the whole file had come."""


def fetch(name: str, folder: Path, progress: Progress, *, home: str = HOME) -> Files:
    """Download a dataset's files into `folder` / its name and give their paths.

    Files that are there already and are the originals stay. Each download goes to a .part file,
    continues one that was cut short, and is renamed only once the sha256 and the row count of its
    text are right. `progress` is called as bytes arrive.

    Raises DatasetUnreachable when the server cannot be reached or does not deliver, and
    DatasetError when what it delivers is not the dataset or cannot be stored.
    """
    found = find(name, folder)
    originals = ORIGINALS[name]
    if not all(original.digest for original in originals):  # nobody may give it on
        if found is None:
            raise DatasetUnreachable(missing(name, folder))
        return found
    target = folder / name
    try:
        target.mkdir(parents=True, exist_ok=True)
        train, test = (_fetch(item, target, progress, home) for item in originals)
    except OSError as error:
        raise DatasetError(f"cannot be written: {error.strerror or error}", target) from None
    return Files(train, test)


def _fetch(original: Original, folder: Path, progress: Progress, home: str) -> Path:
    target = folder / f"{original.names[0]}.gz"
    if target.is_file() and not _mismatch(target, original):
        return target
    part = folder / f"{target.name}.part"
    url = home.rstrip("/") + "/" + target.name
    resumed = part.is_file()
    if not resumed or _mismatch(part, original):
        _download(url, part, progress)
    fault = _mismatch(part, original)
    if fault and resumed:  # the older half may have been of another file
        part.unlink()
        _download(url, part, progress)
        fault = _mismatch(part, original)
    if fault:
        part.unlink()
        raise DatasetError(f"{url}: what came is not the original: {fault}")
    os.replace(part, target)  # noqa: PTH105 - atomic, and says so
    return target


def _mismatch(path: Path, original: Original) -> str:
    """Say how a file's text differs from the original's; nothing when it does not."""
    digest, rows, size = hashlib.sha256(), 0, 0
    try:
        for chunk in chunks(path):
            digest.update(chunk)
            rows += chunk.count(b"\n")
            size += len(chunk)
            if size > original.size:
                return f"expected {original.size:,} bytes of text, got more"
    except DatasetError as error:
        return str(error)
    if rows != original.rows:
        return f"expected {original.rows:,} rows, got {rows:,}"
    if digest.hexdigest() != original.digest:
        return f"expected sha256 {original.digest}, got {digest.hexdigest()}"
    return ""


def _download(url: str, part: Path, progress: Progress) -> None:
    """Fetch url into part, going on from what part holds, in a few tries."""
    reason = ""
    for _ in range(_TRIES):
        reason = _attempt(url, part, progress)
        if not reason:
            return
    raise DatasetUnreachable(f"{url}: {reason}; try again: what has come so far is kept")


def _attempt(url: str, part: Path, progress: Progress) -> str:
    """Try once; give the reason for another try, or nothing when the file has come."""
    try:
        _receive(url, part, progress)
    except urllib.error.HTTPError as error:
        if error.code != http.client.REQUESTED_RANGE_NOT_SATISFIABLE:
            raise DatasetUnreachable(f"{url}: the server answered {error.code}") from None
        part.unlink()  # longer than the file: part is of another one
        return "the server does not go on from what is here"
    except _Interrupted as error:
        return str(error)[:200]
    return ""


def _receive(url: str, part: Path, progress: Progress) -> None:
    """Ask once for what part lacks and append it; raises _Interrupted when the bytes stop early."""
    start = part.stat().st_size if part.exists() else 0
    headers = {"User-Agent": "edgead-console", "Range": f"bytes={start}-"}
    with _network():
        response = urllib.request.urlopen(
            urllib.request.Request(url, headers=headers), timeout=_TIMEOUT
        )
    with response:
        if not response.headers.get("Content-Range", "").startswith(f"bytes {start}-"):
            start = 0  # the server sends the file whole
        length = response.headers.get("Content-Length", "")
        total = start + int(length) if length.isdecimal() else 0
        done = start
        with part.open("ab" if start else "wb") as file:
            for piece in _pieces(response):
                file.write(piece)
                done += len(piece)
                progress(part.stem, done, total)
                if done > _MOST_BYTES:
                    raise DatasetError(f"{url}: too long: more than {_MOST_BYTES >> 20} MiB")
    if done < total:
        raise _Interrupted(f"the connection ended after {done:,} of {total:,} bytes")


def _pieces(response: Any) -> Iterator[bytes]:
    while True:
        with _network():
            piece: bytes = response.read(_PIECE)
        if not piece:
            return
        yield piece


@contextmanager
def _network() -> Iterator[None]:
    """Turn what a failing network raises into _Interrupted, an answer of the server aside."""
    try:
        yield
    except urllib.error.HTTPError:
        raise
    except (OSError, http.client.HTTPException) as error:
        raise _Interrupted(str(getattr(error, "reason", error)) or type(error).__name__) from None
