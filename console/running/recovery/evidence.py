"""Evidence: what tells of a failure in what a task said, and in what its node's kernel counts."""

from __future__ import annotations

import re
import signal
from collections.abc import Iterable
from typing import NamedTuple

from edgead.agents.protocol import one_line
from edgead.console.running.recovery.causes import Cause

MOST_LINES = 20
MOST_CHARACTERS = 400
# TensorFlow's own log, information and warnings, in both of its forms; and what greets a start.
CHATTER = re.compile(
    r"^[IW]\d{4} \d\d:\d\d:\d\d"
    r"|^[IW]0000 00:00:\d+"
    r"|^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d+: [IW] "
    r"|^WARNING: All log messages before absl::InitializeLog"
    r"|^To enable the following instructions"
    r"|cuda_platform\.cc|cuInit|Could not find (cuda|TensorRT)|computation_placer"
    r"|Unable to register \w+ factory"
    r"|^\s*$"
)
OURS = re.compile(r'^\{.*"event": "(ready|usage|alive)"')
# What the kernel has counted and said; a node that does not let us see it says nothing.
MEMORY = """
cat /proc/self/cgroup | while IFS=: read -r _ names path; do
  for each in "/sys/fs/cgroup$path" "/sys/fs/cgroup/$names$path" /sys/fs/cgroup/memory \
/sys/fs/cgroup; do
    grep -h '^oom_kill ' "$each/memory.events" "$each/memory.oom_control" 2>/dev/null
  done
done | sort -n -k2 | tail -1
grep '^oom_kill ' /proc/vmstat
dmesg 2>/dev/null | grep -iE 'out of memory|oom-kill|killed process' | tail -3
exit 0
"""
_COUNT = re.compile(r"^oom_kill (\d+)$")
_DISK = re.compile(
    r"No space left on device|Errno 28|no room: it takes|Disk quota exceeded"
    r"|No usable temporary directory"
)
_REASON = re.compile(r"^(\w+\.)*\w*(Error|Exception)\b|cannot open shared object|undefined symbol")


class Memory(NamedTuple):
    """How often the kernel has killed for memory, and its latest words about that."""

    kills: int
    lines: tuple[str, ...]


def telling(lines: Iterable[str]) -> tuple[str, ...]:
    """Leave out start-up chatter and our own events; the last lines that are left, bounded."""
    kept = [line for line in lines if not CHATTER.search(line) and not OURS.match(line)]
    return tuple(one_line(line)[:MOST_CHARACTERS] for line in kept[-MOST_LINES:])


def read_memory(output: str) -> Memory:
    """Read what MEMORY printed."""
    lines = output.splitlines()
    kills = sum(int(found[1]) for line in lines if (found := _COUNT.match(line)))
    return Memory(kills, telling(line for line in lines if not _COUNT.match(line)))


def how_it_ended(code: int | None, number: int | None) -> str:
    """Say how a process ended, for a person."""
    if number is None:
        return f"exit code {code}"
    try:
        return f"signal {number} ({signal.Signals(number).name})"
    except ValueError:
        return f"signal {number}"


def how_returned(code: int) -> str:
    """Say how a process of this machine ended, by its return code, which is below 0 for signals."""
    return how_it_ended(code, None) if code >= 0 else how_it_ended(None, -code)


def cause_of_end(number: int | None, lines: Iterable[str], before: Memory, after: Memory) -> Cause:
    """Tell why a task ended: by the kernel for memory, of a full disk, or otherwise.

    An exit by SIGKILL is one for memory only where the kernel has counted one meanwhile.
    """
    if number == signal.SIGKILL and after.kills > before.kills:
        return Cause.OUT_OF_MEMORY
    return cause_of_words(lines, Cause.ENDED)


def cause_of_words(lines: Iterable[str], otherwise: Cause) -> Cause:
    """Tell a cause by what was said."""
    text = "\n".join(lines)
    if _DISK.search(text):
        return Cause.DISK_FULL
    return Cause.BAD_NUMBERS if "holds no numbers" in text else otherwise


def hint(lines: Iterable[str]) -> str:
    """Give words for the cause where the last lines have the reason."""
    found = [line for line in lines if _REASON.search(line) or _DISK.search(line)]
    return f": {one_line(found[-1])[:160]}" if found else ""
