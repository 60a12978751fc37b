"""One virtual board: start it, ask it, end it."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from edgead.agents.address import NodeAddress
from testbed import root
from testbed.cgroups import Group, alive
from testbed.commands import NETNS, PATH, TestbedError, run, until
from testbed.network import Network

FOLDER = Path("/run/edgead-boards")
DISK = "28g"  # the root of an AGX Xavier; memory is taken only for what is written
REPOSITORY = Path(__file__).resolve().parents[2]
BOOT = Path(__file__).with_name("boot.sh")


def shown() -> list[Path]:
    """Give the folders that TensorFlow and the project need on a board: ours, and Python's."""
    found: list[Path] = []
    for path in (REPOSITORY, Path(sys.prefix), Path(sys.base_prefix)):
        if not any(path.is_relative_to(each) for each in (*found, Path("/usr"))):
            found.append(path)
    return found


@dataclass
class Board:
    """A board of a testbed; `place` counts from 1 and makes its address."""

    network: Network
    name: str
    place: int
    keys: Path  # the folder of the client's key and known_hosts
    _boot: subprocess.Popen[bytes] | None = field(default=None, repr=False)

    @property
    def host(self) -> str:
        """Its address."""
        return self.network.address(self.place)

    @property
    def netns(self) -> str:
        return self.network.netns(self.name)

    @property
    def folder(self) -> Path:
        """The tmpfs that holds all it writes."""
        return FOLDER / str(self.network.number) / self.name

    @property
    def group(self) -> Group:
        """The cgroup of all its processes."""
        return Group(f"{self.network.name}/{self.name}")

    def address(self, user: str = "nvidia") -> NodeAddress:
        """Give what `edgead.agents.connection.connect` takes."""
        return NodeAddress(
            name=self.name,
            host=self.host,
            user=user,
            key=self.keys / "id_ed25519",
            known_hosts=self.keys / "known_hosts",
            python=f"{sys.prefix}/bin/python",
        )

    def build(
        self, jetpack: str, docker: bool, client_key: str, host_key: bytes, home_tf: bool = True
    ) -> None:
        """Make its disk, its cable and its cgroup."""
        self.folder.mkdir()
        options = f"mode=755,size={DISK}"
        run(["mount", "-t", "tmpfs", "-o", options, self.name, str(self.folder)])
        for name in ("upper", "work", "root", "docker"):
            (self.folder / name).mkdir()
        upper = self.folder / "upper"
        root.build(upper, self.name, jetpack, docker, client_key, shown(), home_tf)
        key = upper / "etc/ssh/ssh_host_ed25519_key"
        key.touch(0o600)
        key.write_bytes(host_key)
        self.network.add(self.name, self.place)
        self.group.create()

    def start(self) -> None:
        """Begin to boot; `wait` waits until it is up."""
        self._boot = subprocess.Popen(
            [str(BOOT)],
            env={
                "PATH": PATH,
                "CGROUPS": " ".join(map(str, self.group.paths())),
                "NETNS": str(NETNS / self.netns),
                "NAME": self.name,
                "FOLDER": str(self.folder),
                "SHOWN": " ".join(map(str, shown())),
            },
            stdin=subprocess.DEVNULL,
            stdout=(self.folder / "console.log").open("ab"),
            stderr=subprocess.STDOUT,
            start_new_session=True,  # Ctrl-C on the tests is none of its business
        )

    def wait(self) -> None:
        """Wait until sshd answers, and dockerd where it has one, which then gets its image."""

        def answers() -> bool:
            if self._boot is not None and self._boot.poll() is not None:
                log = (self.folder / "console.log").read_text().strip()
                raise TestbedError(f"{self.name} did not boot: {log[-500:]}")
            return banner(self.host).startswith("SSH-2.0")

        until(answers, f"sshd of {self.name}")
        archive = self.folder / "upper" / root.SHARE / "image.tar"
        if archive.exists():
            until(self._has_dockerd, f"dockerd of {self.name}")
            image = root.IMAGES[self.jetpack]
            if not self.run(["docker", "images", "-q", image]):
                changes = ["-c", 'CMD ["sh"]', "-c", f"ENV PATH={root.IMAGE_PATH}"]
                self.run(["docker", "import", *changes, f"/{root.SHARE}/image.tar", image])

    @property
    def jetpack(self) -> str:
        """Its release, one of root.JETPACKS."""
        release = (self.folder / "upper/etc/nv_tegra_release").read_text()
        return "4.6" if "R32" in release else "5.1"

    def _has_dockerd(self) -> bool:
        pid = self.pid1()
        with suppress(OSError), socket.socket(socket.AF_UNIX) as asking:
            asking.settimeout(2)
            asking.connect(f"/proc/{pid}/root/run/docker.sock")
            asking.sendall(b"GET /_ping HTTP/1.0\r\n\r\n")
            return b"200 OK" in asking.recv(64)
        return False

    def pid1(self) -> int | None:
        """Give the process of this machine that is its pid 1; None while it is off."""
        for pid in self.group.pids():
            with suppress(OSError):
                status = Path(f"/proc/{pid}/status").read_text()
                if status.partition("NSpid:")[2].split("\n")[0].split()[1:] == ["1"]:
                    return pid
        return None

    def run(self, command: list[str]) -> str:
        """Run a command there as root, past SSH; TestbedError where it fails."""
        pid = self.pid1()
        if pid is None:
            raise TestbedError(f"{self.name} is off")
        return run(["nsenter", "--target", str(pid), "--all", "--", *command])

    def kill(self) -> None:
        """End it as a power cut does: kill -9 of pid 1, and with it of all its processes."""
        pid = self.pid1()
        if pid is not None:
            os.kill(pid, signal.SIGKILL)
            self.group.thaw()  # the frozen don't die
            until(lambda: not alive(pid), f"the end of {self.name}")
        self.group.kill()
        if self._boot is not None:
            self._boot.wait()
            self._boot = None


def banner(host: str, timeout: float = 1.0) -> str:
    """Give what answers on port 22, "" where nothing does."""
    with suppress(OSError), socket.create_connection((host, 22), timeout) as asking:
        return asking.recv(64).decode(errors="replace")
    return ""
