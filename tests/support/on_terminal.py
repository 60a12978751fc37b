"""The real program on a terminal of its own."""

import contextlib
import os
import re
import sys
import time

import pexpect
import pyte
from program import MARK, marked, until


class Terminal:
    """A program on a terminal of its own: what its screen shows, and all it was `sent`."""

    def __init__(self, arguments, columns=120, rows=36, **environment):
        self.mark = f"{MARK}-{os.urandom(8).hex()}"
        self.sent = []
        self.screen = pyte.Screen(columns, rows)
        self.stream = pyte.Stream(self.screen)
        self.child = pexpect.spawn(
            sys.executable,
            ["-m", "edgead.console.cli", *map(str, arguments)],
            dimensions=(rows, columns),
            env={**os.environ, "TERM": "xterm-256color", MARK: self.mark, **environment},
            encoding="utf-8",
            codec_errors="replace",
        )

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.child.close(force=True)
        for pid in marked(self.mark):
            os.kill(pid, 9)

    def read(self):
        with contextlib.suppress(pexpect.TIMEOUT, pexpect.EOF):
            said = self.child.read_nonblocking(1 << 16, timeout=0.2)
            self.sent.append(said)
            self.stream.feed(said)
        return "\n".join(self.screen.display)

    def until(self, pattern, seconds=120.0):
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            text = self.read()
            if re.search(pattern, text):
                return text
        raise AssertionError(f"{pattern!r} not on the screen:\n{text}")

    def press(self, keys):
        self.child.send(keys)

    def exit_code(self):
        until(lambda: (self.read(), not self.child.isalive())[1])
        return self.child.exitstatus
