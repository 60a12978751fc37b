"""The chief on a node: the data lies staged there, and what it writes goes home in events.

Started as chief.py is, by what agents/program.py runs, in the folder of staged files. The job names
them in `dataset` (datasets/prepared.py). Before an event that says what is saved come the file's
pieces, in events `file`: path, data (base64).
"""

from __future__ import annotations

import base64
import os
import shutil
import signal
import sys
import tempfile
from pathlib import Path
from typing import Any, TextIO

from edgead.models.chief import serve
from edgead.models.inbox import lines_of
from edgead.models.report import Reporter, claim_stdout

PIECE = 24 << 10  # bytes: a line must stay short of what the host takes


class Sender(Reporter):
    """Sends the files that are reported as saved ahead of the report."""

    def __init__(self, stream: TextIO, folder: Path) -> None:
        super().__init__(stream)
        self._folder = folder

    def emit(self, kind: str, **data: Any) -> None:
        """Write an event, and before it what it says is saved."""
        saved = data.get("file") if kind == "saved" else data.get("checkpoint")
        if saved:
            self._send(self._folder / saved)
        super().emit(kind, **data)

    def _send(self, saved: Path) -> None:
        files = [path for path in sorted(saved.rglob("*")) if path.is_file()]
        for path in files if saved.is_dir() else [saved]:
            name = path.relative_to(self._folder).as_posix()
            with path.open("rb") as file:
                while True:  # an empty file has one piece, too
                    piece = file.read(PIECE)
                    super().emit("file", path=name, data=base64.b64encode(piece).decode())
                    if len(piece) < PIECE:
                        break


def main() -> int:
    """Do one job in a folder that goes with this process."""
    signal.signal(signal.SIGHUP, signal.SIG_IGN)  # the end of stdin says it too, and in order
    folder = Path(tempfile.mkdtemp(prefix="edgead-chief-"))

    def clear() -> None:
        shutil.rmtree(folder, ignore_errors=True)

    try:
        places = dict.fromkeys(("cache", "folder", "scratch"), str(folder))
        reporter = Sender(claim_stdout(), folder)
        return serve(reporter, lines_of(sys.stdin, clear), {**places, "log": None})
    finally:
        clear()


if __name__ == "__main__":
    code = main()
    sys.stderr.flush()
    os._exit(code)
