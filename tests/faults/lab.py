"""Three virtual boards for trials that something happens to; whole again after each."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from testbed import faults
from testbed.board import Board
from testbed.cgroups import alive
from testbed.commands import ip, until
from testbed.testbed import Testbed

PYTHON, BROKEN = "/opt/python", "/opt/broken"
SHARDS = "/home/nvidia/.cache/edgead/shards"
SLOW = 5  # percent of a processor: a phase of milliseconds then takes seconds


class Lab:
    """Boards whose cluster file has names, which an ssh_config of ours leads to addresses."""

    def __init__(self, testbed: Testbed) -> None:
        self.boards = {board.name: board for board in testbed.boards}
        self.cluster = testbed.folder / "cluster.toml"
        self._ssh_config = testbed.folder / "ssh_config"
        self._hosts = {name: board.host for name, board in self.boards.items()}
        for board in testbed.boards:
            self._install_python(board)
        self._write_ssh_config()
        self._know_other_addresses(testbed.folder / "known_hosts")
        content = self.cluster.read_text()
        for name, host in self._hosts.items():
            content = content.replace(f'host = "{host}"', f'host = "{name}"')
        content = re.sub(r'python = ".*"', f'python = "{PYTHON}"', content)
        head = '[cluster]\nssh_config = "ssh_config"'
        self.cluster.write_text(content.replace("[cluster]", head))

    def _install_python(self, board: Board) -> None:
        """Put an interpreter there that a broken library can be put in the way of."""
        real = board.address().python
        script = f'#!/bin/sh\nPYTHONPATH={BROKEN} exec {real} "$@"\n'
        board.run(["sh", "-c", f'printf %s "$1" > {PYTHON}; chmod 755 {PYTHON}', "sh", script])

    def _write_ssh_config(self) -> None:
        lines = [f"Host {name}\n  HostName {host}\n" for name, host in self._hosts.items()]
        self._ssh_config.write_text("".join(lines))

    def _know_other_addresses(self, known_hosts: Path) -> None:
        """Know the boards by the addresses that they move to, too: their keys stay."""
        text = known_hosts.read_text()
        for board in self.boards.values():
            text = text.replace(f"{board.host} ", f"{board.host},{_other(board)} ")
        known_hosts.write_text(text)

    # -- looking

    def pid(self, board: str, task: str) -> int | None:
        """Give the process of a task on a board, as this machine numbers it."""
        for pid in self.boards[board].group.pids():
            with suppress(OSError):
                if f"EDGEAD_TASK={task}".encode() in Path(f"/proc/{pid}/environ").read_bytes():
                    return pid
        return None

    def seconds(self, board: str, task: str) -> float:
        """Give the processor time that a task has taken."""
        fields = Path(f"/proc/{self.pid(board, task)}/stat").read_text().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def left_over(self) -> list[str]:
        """Give what of ours runs on the boards: agents and what they started."""
        found = []
        for name, board in self.boards.items():
            for pid in board.group.pids():
                with suppress(OSError):
                    ours = b"EDGEAD_" in Path(f"/proc/{pid}/environ").read_bytes()
                    words = Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ")
                    if (ours or b"'agent'" in words) and alive(pid):
                        found.append(f"{name}: {pid} {words[:80].decode('utf-8', 'replace')}")
        return found

    # -- doing

    def kill(self, board: str, task: str, number: int = signal.SIGKILL) -> None:
        """Signal a task, as soon as it is there."""
        pid: list[int] = []

        def there() -> bool:
            found = self.pid(board, task)
            pid[:] = [found] if found else []
            return bool(pid)

        until(there, f"{task} on {board}")
        os.kill(pid[0], number)

    def exhaust_memory(self, board: str, task: str) -> None:
        """Have the kernel kill a task for memory."""
        until(lambda: self.pid(board, task), f"{task} on {board}")
        machine, pid = self.boards[board], self.pid(board, task)
        Path(f"/proc/{pid}/oom_score_adj").write_text("1000")
        machine.group.limit_memory(machine.group.memory() // (1 << 20) + 40)
        hog = [sys.executable, "-ISc", "import sys; sys.stdin.read(); b'x' * (300 << 20)"]
        with subprocess.Popen(hog, stdin=subprocess.PIPE) as eating:
            machine.group.charge(eating.pid)  # it is not to be as slow as the board may be
            eating.communicate()
        machine.group.limit_memory(None)

    def spoil_data(self, board: str) -> None:
        """Have the staged rows be no numbers, in place."""
        script = f"""
import glob, os
for path in glob.glob('{SHARDS}/*.f32'):
    with open(path, 'r+b') as file:
        file.write(b'\\xff' * os.path.getsize(path))
"""
        self.boards[board].run(["python3", "-ISc", script])

    def lose_data(self, board: str) -> None:
        """Remove the staged rows."""
        self.boards[board].run(["sh", "-c", f"rm -f {SHARDS}/*.f32"])

    def break_library(self, board: str) -> None:
        """Have TensorFlow not load there any more."""
        script = (
            f"mkdir -p {BROKEN}/tensorflow && echo \"raise ImportError('libtensorflow_cc.so.2: "
            f"file too short')\" > {BROKEN}/tensorflow/__init__.py"
        )
        self.boards[board].run(["sh", "-c", script])

    def move(self, board: str) -> None:
        """Give a board another address, which its name leads to from now on."""
        machine, old = self.boards[board], self._hosts[board]
        new = _other(machine) if old == machine.host else machine.host
        prefix = machine.network.addresses.prefixlen
        ip(["addr flush dev eth0", f"addr add {new}/{prefix} dev eth0"], machine.netns)
        self._hosts[board] = new
        self._write_ssh_config()

    @contextmanager
    def slowed(self) -> Iterator[None]:
        """Have the boards compute slowly for a while."""
        for board in self.boards.values():
            board.group.limit_cpu(SLOW)
        try:
            yield
        finally:
            self.hurry()

    def hurry(self) -> None:
        """Have them compute at full speed."""
        for board in self.boards.values():
            board.group.limit_cpu(None)

    def mend(self) -> None:
        """Undo all that can have happened."""
        self.hurry()
        for name, board in self.boards.items():
            faults.thaw(board)
            board.group.limit_memory(None)
            faults.free_disk(board)
            if board.pid1() is None:
                board.kill()
                faults.power_on(board)
            faults.replug(board)
            if self._hosts[name] != board.host:
                self.move(name)
            board.run(["rm", "-rf", BROKEN])
        for board in self.boards.values():
            board.wait()


def _other(board: Board) -> str:
    """Give the address that a board moves to."""
    return board.network.address(board.place + 50)
