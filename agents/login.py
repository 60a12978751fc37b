"""Log in to a node over SSH, strictly: known hosts only, keys only, and say what is wrong."""

from __future__ import annotations

import asyncio
import itertools
import random
from dataclasses import dataclass
from pathlib import Path

import asyncssh

from edgead.agents.errors import (
    AuthenticationFailed,
    HostKeyChanged,
    HostKeyUnknown,
    NodeError,
    NodeUnreachable,
)
from edgead.agents.protocol import printable

DEFAULT_KNOWN_HOSTS = Path("~/.ssh/known_hosts").expanduser()
KEEPALIVE = 2.0  # seconds; a dead link is noticed after three of them
TRIES = 4  # a busy sshd drops connections at random (MaxStartups)


@dataclass(frozen=True)
class NodeAddress:
    """Where a node is and how to log in.

    Attributes:
        name: the node's name on screen and in errors.
        host: name or address; an alias of ~/.ssh/config too, unless `key` is given.
        port: SSH port.
        user: login name; empty takes ~/.ssh/config's or our own.
        key: private key file; None tries the SSH agent and the usual files.
        known_hosts: file of accepted host keys; None is ~/.ssh/known_hosts.
        python: interpreter for the agent and, unless overridden, the tasks.
    """

    name: str
    host: str
    port: int = 22
    user: str = ""
    key: Path | None = None
    known_hosts: Path | None = None
    python: str = "python3"


class _Client(asyncssh.SSHClient):
    """Remembers whom it reached: known_hosts may hold a name or an address."""

    peer = ""

    def connection_made(self, conn: asyncssh.SSHClientConnection) -> None:
        peername = conn.get_extra_info("peername")
        self.peer = peername[0] if peername else ""


async def log_in(address: NodeAddress) -> asyncssh.SSHClientConnection:
    """Return a connection to the node; raises NodeError for everything that prevents it."""
    path = address.known_hosts or DEFAULT_KNOWN_HOSTS
    known = _read_known_hosts(address, path)
    key = _read_key(address)
    for attempt in itertools.count(1):
        client = _Client()
        try:
            return await asyncssh.connect(
                address.host,
                # With a key of its own the address is complete; else ~/.ssh/config may add.
                address.port if key or address.port != 22 else (),
                username=address.user or (),
                client_keys=[key] if key else (),
                config=None if key else (),
                agent_path=None if key else (),
                client_factory=lambda client=client: client,
                known_hosts=known,
                preferred_auth="publickey",
                # The default, ChaCha20, is half as fast.
                encryption_algs="^aes128-gcm@openssh.com",
                keepalive_interval=KEEPALIVE,
                keepalive_count_max=2,
            )
        except (ConnectionResetError, asyncssh.ConnectionLost) as error:
            if attempt == TRIES:
                raise _refusal(address, error, known, path, client.peer) from None
            await asyncio.sleep(random.uniform(0.1, 0.4) * attempt)
        except (OSError, ValueError, asyncssh.Error) as error:
            raise _refusal(address, error, known, path, client.peer) from None
    raise AssertionError("unreachable")


def _read_known_hosts(address: NodeAddress, path: Path) -> asyncssh.SSHKnownHosts:
    try:
        return asyncssh.read_known_hosts(str(path))
    except FileNotFoundError:
        return asyncssh.import_known_hosts("")
    except (OSError, ValueError) as error:
        raise HostKeyUnknown(address.name, f"{path} can't be read: {error}") from None


def _read_key(address: NodeAddress) -> asyncssh.SSHKey | None:
    try:
        return asyncssh.read_private_key(address.key) if address.key else None
    except (OSError, ValueError) as error:
        text = f"{address.key} can't be used: {error}; if it has a passphrase, ssh-add it"
        raise AuthenticationFailed(address.name, f"{text} and leave `key` out") from None


def _refusal(
    address: NodeAddress, error: Exception, known: asyncssh.SSHKnownHosts, path: Path, peer: str
) -> NodeError:
    """Return what a failed login means.

    asyncssh raises the same error for an unknown and for a changed host key; and a server
    that has no key of the known kind ends in a failed key exchange.
    """
    name, host, port = address.name, address.host, address.port
    target = host if port == 22 else f"[{host}]:{port}"
    no_such_kind = isinstance(error, asyncssh.KeyExchangeFailed) and "host key" in str(error)
    if no_such_kind or isinstance(error, asyncssh.HostKeyNotVerifiable):
        if any(known.match(host, peer, None if port == 22 else port)):
            return HostKeyChanged(
                name,
                f"{target} does not show the host key in {path}: it was reinstalled, or this is"
                f" an impostor. Only if you know it was: ssh-keygen -f {path} -R '{target}'",
            )
        if isinstance(error, asyncssh.HostKeyNotVerifiable):
            login = f"{address.user}@{host}" if address.user else host
            return HostKeyUnknown(
                name,
                f"the host key of {target} is not in {path}: compare its fingerprint and accept"
                f" it once with: ssh -o UserKnownHostsFile={path} -p {port} {login}",
            )
    text = printable(str(error))
    if isinstance(error, asyncssh.PermissionDenied):
        key = address.key or "the SSH agent and the keys in ~/.ssh"
        return AuthenticationFailed(name, f"{target} does not accept {key}: {text}")
    if isinstance(error, ValueError):
        return AuthenticationFailed(name, f"the login is not set up rightly: {text}")
    return NodeUnreachable(name, f"no connection to {target}: {text}")
