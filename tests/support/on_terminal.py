"""The real program on a terminal of its own."""

import base64
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
            with contextlib.suppress(ProcessLookupError):
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

    def until_gone(self, pattern, seconds=60.0):
        """Read until a pattern is no longer on the screen."""
        until(lambda: not re.search(pattern, self.read()), seconds)

    def press(self, keys):
        self.child.send(keys)

    def type(self, text):
        """Press key after key, each once the one before has had its time."""
        for key in text:
            self.press(key)
            self.read()

    def click(self, text):
        """Click on the first place where a text stands."""
        row, line = next((y, line) for y, line in enumerate(self.screen.display) if text in line)
        at = f"{line.index(text) + 1};{row + 1}"
        self.press(f"\x1b[<0;{at}M\x1b[<0;{at}m")

    def ground(self, text, right):
        """Give the background so many cells right of where a text begins: it tells the focus."""
        row, line = next((y, line) for y, line in enumerate(self.screen.display) if text in line)
        return self.screen.buffer[row][line.index(text) + right].bg

    def resize(self, columns, rows):
        """Be of another size from now on."""
        self.screen.reset()  # what it shows from now on was drawn for this size
        self.screen.resize(rows, columns)
        self.child.setwinsize(rows, columns)

    def clipboard(self):
        """Give what was put there last, by OSC 52."""
        found = re.findall(r"\x1b]52;c;([A-Za-z0-9+/=]*)\x07", "".join(self.sent))
        return base64.b64decode(found[-1]).decode() if found else None

    def exit_code(self):
        until(lambda: (self.read(), not self.child.isalive())[1])
        return self.child.exitstatus
