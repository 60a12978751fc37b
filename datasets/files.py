"""Files: read gzip or plain, told apart by their first bytes; hashed; written whole or not."""

from __future__ import annotations

import gzip
import hashlib
import os
import stat
import tempfile
import zlib
from contextlib import contextmanager
from io import BufferedReader
from pathlib import Path
from typing import BinaryIO, Iterator

from edgead.datasets.errors import DatasetError, DatasetMissing

MOST_BYTES = 2 << 30  # of text; the largest known, all of KDD99, has 0.7 GB
_CHUNK = 1 << 20
_GZIP_MAGIC = b"\x1f\x8b"


def chunks(path: Path) -> Iterator[bytes]:
    """Yield the text of a file in pieces of up to 1 MiB.

    Raises DatasetMissing when there is no such file, and DatasetError when it cannot be read, its
    gzip data is cut short or damaged, or it comes to more than MOST_BYTES.
    """
    lines = size = 0
    try:
        with open_regular(path) as raw:
            packed = raw.read(2) == _GZIP_MAGIC
            raw.seek(0)
            source = gzip.GzipFile(fileobj=raw) if packed else raw
            for chunk in iter(lambda: source.read1(_CHUNK), b""):  # read() loses the last piece
                lines += chunk.count(b"\n")
                size += len(chunk)
                if size > MOST_BYTES:
                    raise DatasetError(f"more than {MOST_BYTES >> 20} MB of text", path)
                yield chunk
    except FileNotFoundError:
        raise DatasetMissing("no such file", path) from None
    except EOFError:
        raise DatasetError(
            f"the gzip data ends early, after {lines} whole lines: get the file again", path
        ) from None
    except (gzip.BadGzipFile, zlib.error) as error:
        raise DatasetError(
            f"the gzip data is damaged after {lines} whole lines ({error}): get the file again",
            path,
        ) from None
    except OSError as error:
        raise DatasetError(f"cannot be read: {error.strerror or error}", path) from None


def open_regular(path: Path) -> BufferedReader:
    """Open a file to read. Raises OSError, also for a pipe, which might keep us waiting."""
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    file = os.fdopen(descriptor, "rb")  # refuses a folder
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        file.close()
        raise OSError("expected a regular file")
    return file


def sha256(path: Path) -> str:
    """Give the sha256 (hex) of a file's bytes as they are stored; raises as `chunks` does."""
    digest = hashlib.sha256()
    try:
        with open_regular(path) as raw:
            for chunk in iter(lambda: raw.read(_CHUNK), b""):
                digest.update(chunk)
    except FileNotFoundError:
        raise DatasetMissing("no such file", path) from None
    except OSError as error:
        raise DatasetError(f"cannot be read: {error.strerror or error}", path) from None
    return digest.hexdigest()


@contextmanager
def written_whole(path: Path) -> Iterator[BinaryIO]:
    """Open a file that takes its name only when it is written whole. Raises OSError.

    However many processes write the same file at once, each replaces it as a whole.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor, name = tempfile.mkstemp(prefix=f".{path.name[:16]}.", dir=path.parent)
    try:
        with os.fdopen(descriptor, "wb") as file:
            yield file
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink()
        raise
