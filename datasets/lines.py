"""Lines of a stream that comes in pieces, gzip or plain, numbered from 1."""

from __future__ import annotations

import zlib
from typing import Any, Iterator, List, NamedTuple, Optional

from edgead.datasets.errors import DatasetError

LONGEST = 1 << 16  # bytes of a line; what goes beyond is cut off, and will not be a good row
_GZIP_MAGIC = b"\x1f\x8b"
_PIECE = 1 << 20  # bytes unpacked at once, however well they were packed


class Line(NamedTuple):
    """A line's text without its end, and its number."""

    number: int
    text: str


class Lines:
    """Cuts pieces of bytes into lines; empty lines are counted and left out."""

    def __init__(self) -> None:
        self._head: Optional[bytes] = b""  # until it shows whether this is gzip
        self._unpacker: Any = None
        self._rest = b""
        self._count = 0

    def feed(self, piece: bytes) -> Iterator[List[Line]]:
        """Yield the lines that are whole now. Raises DatasetError for damaged gzip data."""
        if self._head is not None:
            piece = self._head + piece
            self._head = piece if len(piece) < len(_GZIP_MAGIC) else None
            if self._head is not None:
                return
            if piece.startswith(_GZIP_MAGIC):
                self._unpacker = _unpacker()
        if self._unpacker is None:
            yield self._cut(piece)
        else:
            yield from self._unpack(piece)

    def end(self) -> List[Line]:
        """Give the lines that had no end yet. Raises DatasetError for gzip data cut short."""
        last = self._head or b""
        if self._unpacker is not None:
            last = self._unpacker.flush()
            if not self._unpacker.eof:
                raise DatasetError(f"the gzip data ends early, after {self._count} whole lines")
        return self._cut(last + b"\n")

    def _unpack(self, piece: bytes) -> Iterator[List[Line]]:
        while piece:
            if self._unpacker.eof:  # what follows is packed by itself
                self._unpacker = _unpacker()
            try:
                text = self._unpacker.decompress(piece, _PIECE)
            except zlib.error as error:
                where = f"after {self._count} whole lines ({error})"
                raise DatasetError(f"the gzip data is damaged {where}") from None
            piece = self._unpacker.unused_data or self._unpacker.unconsumed_tail
            yield self._cut(text)

    def _cut(self, text: bytes) -> List[Line]:
        *whole, rest = (self._rest + text).split(b"\n")
        self._rest = rest[:LONGEST]
        first = self._count + 1
        self._count += len(whole)
        lines = (Line(number, _decode(line)) for number, line in enumerate(whole, first))
        return [line for line in lines if line.text]


def _unpacker() -> Any:
    return zlib.decompressobj(wbits=16 + zlib.MAX_WBITS)


def _decode(line: bytes) -> str:
    return line[:LONGEST].decode("utf-8", "replace").lstrip("\ufeff").strip()
