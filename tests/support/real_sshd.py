"""Real OpenSSH on loopback: sshd with its own keys and configuration, and ssh-agent."""

from __future__ import annotations

import contextlib
import getpass
import os
import re
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

DEADLINE = 20.0
LOOPBACK = "127.0.0.1"
LOOPBACKS = [f"127.0.0.{n}" for n in range(1, 10)]  # one sshd can be several nodes
# sshd's own folder; it runs as root only with this one.
PRIVSEP = Path("/run/sshd")


def sshd_program() -> str:
    """Give the path of sshd, which is seldom on an ordinary user's PATH."""
    found = shutil.which("sshd", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin")
    assert found, "no sshd: install openssh-server"
    return found


def make_key(path: Path, kind: str = "ed25519", passphrase: str = "") -> Path:
    """Make a private key, and the public one beside it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    subprocess.run(
        ["ssh-keygen", "-q", "-t", kind, "-N", passphrase, "-C", path.name, "-f", str(path)],
        check=True,
    )
    return path


def fingerprint(path: Path) -> str:
    """Give what ssh-keygen says a key's fingerprint is."""
    command = ["ssh-keygen", "-l", "-E", "sha256", "-f", str(path)]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.split()[1]


def free_port() -> int:
    """Give a port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind((LOOPBACK, 0))
        port: int = probe.getsockname()[1]
        return port


@dataclass
class Sshd:
    """One running sshd; `authorize` adds to the keys it lets in."""

    folder: Path
    port: int
    host_keys: list[Path] = field(default_factory=list)
    user: str = field(default_factory=getpass.getuser)

    @property
    def log(self) -> str:
        """All it has said."""
        return (self.folder / "log").read_text(errors="replace")

    def authorize(self, *keys: Path) -> None:
        """Let these keys in too."""
        with (self.folder / "authorized_keys").open("a") as file:
            file.writelines(Path(f"{key}.pub").read_text() for key in keys)

    def known_hosts(self, path: Path, key: Path | None = None, *, hashed: bool = False) -> Path:
        """Write a known_hosts file that holds this server's key, or another one."""
        public = Path(f"{key or self.host_keys[0]}.pub").read_text()
        path.write_text(f"[{LOOPBACK}]:{self.port} {public}")
        if hashed:
            subprocess.run(["ssh-keygen", "-q", "-H", "-f", str(path)], check=True)
            path.with_name(path.name + ".old").unlink()
        return path


@contextlib.contextmanager
def sshd(
    folder: Path,
    *,
    kinds: Sequence[str] = ("ed25519",),
) -> Iterator[Sshd]:
    """Run sshd for this user while the block lasts.

    Args:
        folder: where its files go.
        kinds: of its host keys.
    """
    folder.mkdir(parents=True, exist_ok=True)
    server = Sshd(folder, free_port())
    server.host_keys = [make_key(folder / f"host_{kind}", kind) for kind in kinds]
    (folder / "authorized_keys").touch()
    (folder / "config").write_text(_configuration(server))
    if os.getuid() == 0:
        PRIVSEP.mkdir(mode=0o755, exist_ok=True)
    command = [sshd_program(), "-D", "-e", "-f", str(folder / "config")]
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log, start_new_session=True)
    try:
        _await(lambda: server.log.count("Server listening") >= 1, server, process)
        yield server
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, 15)
        process.wait()


def _configuration(server: Sshd) -> str:
    lines = [f"Port {server.port}", *(f"ListenAddress {each}" for each in LOOPBACKS)]
    lines += [f"HostKey {key}" for key in server.host_keys]
    lines += [
        f"AuthorizedKeysFile {server.folder / 'authorized_keys'}",
        "PidFile none",
        "StrictModes no",
        "UsePAM no",
        "PermitRootLogin yes",
        "PasswordAuthentication yes",  # so that a client that would send one is found out
        "KbdInteractiveAuthentication yes",
        "MaxStartups 200",
        "LogLevel DEBUG1",
    ]
    return "\n".join(lines) + "\n"


def _await(condition: object, server: Sshd, process: subprocess.Popen[bytes]) -> None:
    assert callable(condition)
    end = time.monotonic() + DEADLINE
    while not condition():
        assert process.poll() is None and time.monotonic() < end, server.log
        time.sleep(0.02)


@contextlib.contextmanager
def ssh_agent(folder: Path) -> Iterator[dict[str, str]]:
    """Run ssh-agent while the block lasts, and give the environment that leads to it."""
    folder.mkdir(parents=True, exist_ok=True)
    command = ["ssh-agent", "-D", "-a", str(folder / "agent")]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    try:
        end = time.monotonic() + DEADLINE
        while not (folder / "agent").exists():
            assert process.poll() is None and time.monotonic() < end, "no ssh-agent"
            time.sleep(0.02)
        yield {"SSH_AUTH_SOCK": str(folder / "agent")}
    finally:
        process.terminate()
        process.wait()


def add_to_agent(environment: dict[str, str], key: Path, passphrase: str) -> None:
    """Hand the agent a key that has a passphrase, as `ssh-add` does at a terminal."""
    ask = key.with_name("askpass")
    ask.write_text(f"#!/bin/sh\necho {passphrase}\n")
    ask.chmod(0o700)
    asking = {"SSH_ASKPASS": str(ask), "SSH_ASKPASS_REQUIRE": "force", "DISPLAY": ":0"}
    subprocess.run(
        ["ssh-add", "-q", str(key)], check=True, env={**os.environ, **environment, **asking}
    )


def fingerprints_in(text: str) -> list[str]:
    """Give the fingerprints in a text."""
    return re.findall(r"SHA256:[A-Za-z0-9+/]{43}", text)
