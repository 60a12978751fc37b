"""Cgroups, version 1 and 2: which processes are a board's, and the limits on them."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from testbed.commands import until

ROOT = Path("/sys/fs/cgroup")


def unified() -> bool:
    """Tell whether this machine has version 2 only."""
    return (ROOT / "cgroup.controllers").exists()


def hierarchies() -> list[Path]:
    """Give the mounted hierarchies: one of version 2, or one a controller of version 1."""
    if unified():
        return [ROOT]
    folders = (file.parent for file in ROOT.glob("*/cgroup.procs"))
    return sorted(each for each in folders if not each.is_symlink() and each.name != "unified")


def controllers() -> set[str]:
    """Give what can be controlled here; version 2 can always freeze."""
    if unified():
        return {"freezer", *(ROOT / "cgroup.controllers").read_text().split()}
    return {folder.name for folder in hierarchies()}


def alive(pid: int) -> bool:
    """Tell whether a process runs; a zombie does not."""
    with suppress(OSError):
        stat = Path(f"/proc/{pid}/stat").read_text()
        return stat.rsplit(")", 1)[1].split()[0] not in "ZX"
    return False


@dataclass(frozen=True)
class Group:
    """A cgroup in every hierarchy, with all those below it; "edgead0/xavier-1" is a name."""

    name: str

    def paths(self) -> list[Path]:
        """Give its folders, one a hierarchy."""
        return [hierarchy / self.name for hierarchy in hierarchies()]

    def create(self) -> None:
        """Make it, with the controllers switched on that it passes on."""
        for path in self.paths():
            path.mkdir(parents=True, exist_ok=True)
            for parent in reversed(path.relative_to(ROOT).parents):
                _pass_on(ROOT / parent)
            _share_cpus(path)

    def add(self, pid: int) -> None:
        """Move a process here."""
        for path in self.paths():
            (path / "cgroup.procs").write_text(str(pid))

    def charge(self, pid: int) -> None:
        """Have a process's memory count here, and where hierarchies are many nothing else of it."""
        (self._folder("memory") / "cgroup.procs").write_text(str(pid))

    def pids(self) -> list[int]:
        """Give its processes and those of the groups below it."""
        found: set[int] = set()
        for folder in self._folder("freezer").rglob("cgroup.procs"):
            with suppress(OSError):  # the group went away meanwhile
                found.update(map(int, folder.read_text().split()))
        return sorted(pid for pid in found if alive(pid))

    def kill(self) -> None:
        """Kill everything in it, frozen or not; returns when it is gone."""

        def gone() -> bool:
            left = self.pids()
            for pid in left:
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
            self.thaw()  # the frozen don't die
            return not left

        until(gone, f"the end of {self.name}'s processes")

    def remove(self) -> None:
        """Remove it; it must be empty."""

        def removed() -> bool:
            for path in self.paths():
                for folder in _bottom_up(path):
                    with suppress(OSError):  # dying processes hold it for a moment
                        folder.rmdir()
            return not any(path.exists() for path in self.paths())

        until(removed, f"the end of the cgroup {self.name}")

    def freeze(self) -> None:
        """Stop every process in it at once."""
        if unified():
            (self._folder("freezer") / "cgroup.freeze").write_text("1")
            return
        state = self._folder("freezer") / "freezer.state"
        state.write_text("FROZEN")
        until(lambda: state.read_text() == "FROZEN\n", f"the freezing of {self.name}")

    def thaw(self) -> None:
        """Let its processes go on, in every group below it too."""
        name, free = ("cgroup.freeze", "0") if unified() else ("freezer.state", "THAWED")
        for state in self._folder("freezer").rglob(name):
            with suppress(OSError):  # the group went away meanwhile
                state.write_text(free)

    def limit_memory(self, megabytes: int | None) -> None:
        """Have the kernel kill what takes more than that; None takes the limit away."""
        name = "memory.max" if unified() else "memory.limit_in_bytes"
        none = "max" if unified() else "-1"
        text = none if megabytes is None else str(megabytes << 20)
        (self._folder("memory") / name).write_text(text)

    def memory(self) -> int:
        """Give the bytes it uses."""
        name = "memory.current" if unified() else "memory.usage_in_bytes"
        return int((self._folder("memory") / name).read_text())

    def limit_cpu(self, percent: int | None) -> None:
        """Give it that much of one processor; None takes the limit away."""
        quota = None if percent is None else percent * 1000
        if unified():
            (self._folder("cpu") / "cpu.max").write_text(f"{quota or 'max'} 100000")
        else:
            (self._folder("cpu") / "cpu.cfs_quota_us").write_text(str(quota or -1))

    def _folder(self, controller: str) -> Path:
        return ROOT / self.name if unified() else ROOT / controller / self.name


def _bottom_up(folder: Path) -> Iterator[Path]:
    for path, _, _ in os.walk(folder, topdown=False):
        yield Path(path)


def _pass_on(folder: Path) -> None:
    """Version 2: a group has the controllers that the one above it passes on."""
    if unified():
        for controller in (folder / "cgroup.controllers").read_text().split():
            with suppress(OSError):  # not every controller can be passed on
                (folder / "cgroup.subtree_control").write_text(f"+{controller}")


def _share_cpus(path: Path) -> None:
    """Version 1: a new cpuset has no processor and no memory until it is told."""
    for name in ("cpuset.cpus", "cpuset.mems"):
        for folder in (path.parent, path):
            if (folder / name).exists() and not (folder / name).read_text().strip():
                (folder / name).write_text((folder.parent / name).read_text())
