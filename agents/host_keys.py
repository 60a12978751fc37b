"""Host keys: those that known_hosts files hold for a host, and how a new one gets in."""

from __future__ import annotations

import os
import stat
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import asyncssh

from edgead.agents.address import SSH_PORT

MOST_BYTES = 16 << 20  # of any of ssh's files


@dataclass(frozen=True)
class OfferedKey:
    """A host key that a node showed and no known_hosts file holds.

    Attributes:
        target: the host as known_hosts writes it: `name`, or `[name]:port`.
        public: the key in OpenSSH's form, `ssh-ed25519 AAAA…`.
        fingerprint: `SHA256:…`, as ssh and ssh-keygen show it.
        file: the known_hosts file to keep it in; None where the login has none.
    """

    target: str
    public: str
    fingerprint: str
    file: Path | None

    @property
    def kind(self) -> str:
        """The key's algorithm, such as ssh-ed25519."""
        return self.public.partition(" ")[0]

    @classmethod
    def of(cls, key: asyncssh.SSHKey, target: str, file: Path | None) -> OfferedKey:
        """Describe a key that a host has shown."""
        algorithm, data = key.export_public_key("openssh").decode("ascii").split()[:2]
        return cls(target, f"{algorithm} {data}", key.get_fingerprint(), file)


@dataclass(frozen=True)
class Holding:
    """The keys that one file holds for a host, under the name `target`."""

    file: Path
    target: str
    keys: tuple[asyncssh.SSHKey, ...]
    authorities: tuple[asyncssh.SSHKey, ...]
    revoked: tuple[asyncssh.SSHKey, ...]


class KnownHosts:
    """Some known_hosts files, read once; one that is missing is empty.

    Raises:
        OSError, ValueError: a file can't be read, or holds a line that is none.
    """

    def __init__(self, files: Sequence[Path]) -> None:
        self.files = tuple(files)
        self._read = [(file, _read(file)) for file in files]

    def holdings(self, host: str, address: str, port: int) -> list[Holding]:
        """Return what the files hold for a host, by its name and by its address.

        Unlike asyncssh alone, and like ssh, an entry without a port does not stand for the
        host's other ports: behind a router each may be another board.
        """
        names = dict.fromkeys(target_of(name, port) for name in (host, address) if name)
        found = []
        for file, entries in self._read:
            for target in names:
                keys, authorities, revoked = map(tuple, entries.match(target, "", None)[:3])
                if keys or authorities or revoked:
                    found.append(Holding(file, target, keys, authorities, revoked))
        return found

    def match(
        self, host: str, address: str, port: int | None
    ) -> tuple[list[asyncssh.SSHKey], list[asyncssh.SSHKey], list[asyncssh.SSHKey]]:
        """Return trusted, authorities' and revoked keys; asyncssh calls this as `known_hosts`."""
        found = self.holdings(host, address, port or SSH_PORT)
        return (
            [key for holding in found for key in holding.keys],
            [key for holding in found for key in holding.authorities],
            [key for holding in found for key in holding.revoked],
        )


def target_of(host: str, port: int) -> str:
    """Return a host as known_hosts writes it.

    >>> target_of("xavier", 22), target_of("xavier", 2222)
    ('xavier', '[xavier]:2222')
    """
    return host if port == SSH_PORT else f"[{host}]:{port}"


def accept(offer: OfferedKey) -> None:
    """Keep an offered key in its known_hosts file.

    Raises:
        OSError: the file can't be written.
        ValueError: there is no file, or it now holds another key for that host.
    """
    if offer.file is None:
        raise ValueError("ssh's configuration names no known_hosts file to keep it in")
    held = _read(offer.file).match(offer.target, "", None)
    if asyncssh.import_public_key(offer.public) in held[0]:
        return
    if any(held):
        raise ValueError(f"{offer.file} holds another key for {offer.target} by now")
    offer.file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    flags = os.O_RDWR | os.O_APPEND | os.O_CREAT
    with os.fdopen(os.open(offer.file, flags, 0o600), "r+b", buffering=0) as file:
        if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
            raise ValueError(f"{offer.file} is no file that could keep it")
        file.write(_gap(file.fileno()) + f"{offer.target} {offer.public}\n".encode())


def fingerprints(keys: Sequence[asyncssh.SSHKey]) -> str:
    """Return keys as fingerprints with their kinds, each once."""
    said = (f"{key.get_fingerprint()} ({key.get_algorithm()})" for key in keys)
    return ", ".join(dict.fromkeys(said))


def _gap(descriptor: int) -> bytes:
    """Return what must stand before a new line: nothing, or the end of an unfinished one."""
    size = os.fstat(descriptor).st_size
    return b"\n" if size and os.pread(descriptor, 1, size - 1) != b"\n" else b""


def check_file(path: Path) -> None:
    """Raise ValueError for what is no file that ends soon: a pipe, a device. Raises OSError."""
    found = path.stat()
    if str(path) != os.devnull and not stat.S_ISREG(found.st_mode):
        raise ValueError("expected a regular file")
    if found.st_size > MOST_BYTES:
        raise ValueError(f"expected at most {MOST_BYTES >> 20} MB")


def _read(file: Path) -> asyncssh.SSHKnownHosts:
    try:
        check_file(file)
        return asyncssh.read_known_hosts(str(file))
    except FileNotFoundError:
        return asyncssh.import_known_hosts("")
    except (OSError, ValueError) as error:
        raise ValueError(f"{file} can't be read: {error}") from None
