"""What can go wrong with a dataset, each with one line that says what, where and what to do."""

from __future__ import annotations

from pathlib import Path
from typing import Optional


class DatasetError(Exception):
    """A dataset that cannot be used.

    The message is one line; `path`, `line` (counted from 1) and `column` (a name) say where, as
    far as known.
    """

    def __init__(
        self,
        message: str,
        path: Optional[Path] = None,
        line: Optional[int] = None,
        column: Optional[str] = None,
    ) -> None:
        place = [
            str(path) if path else "",
            f"line {line}" if line else "",
            f"column {column}" if column else "",
        ]
        where = ", ".join(part for part in place if part)
        super().__init__(f"{where}: {message}" if where else message)
        self.path = path
        self.line = line
        self.column = column


class DatasetMissing(DatasetError):  # noqa: N818 - the base says it is an error
    """The files are not where they were looked for."""


class DatasetUnreachable(DatasetError):  # noqa: N818
    """The files could not be downloaded: the network or the server is not there."""
