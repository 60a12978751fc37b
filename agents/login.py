"""Log in to a node over SSH, strictly: known hosts only, keys only, and say what is wrong."""

from __future__ import annotations

import asyncio
import itertools
import random
from dataclasses import dataclass
from typing import Any

import asyncssh

from edgead.agents.address import NodeAddress
from edgead.agents.client_keys import ClientKeys, choose_keys, explain_refusal
from edgead.agents.errors import AuthenticationFailed, HostKeyUnknown, NodeError, NodeUnreachable
from edgead.agents.host_keys import KnownHosts
from edgead.agents.protocol import printable
from edgead.agents.ssh_config import Login, config_of, jump_address, read_login
from edgead.agents.untrusted import ShownKey, host_key_error

KEEPALIVE = 2.0  # seconds; a dead link is noticed after three of them
TRIES = 4  # a busy sshd drops connections at random (MaxStartups)
TEXT_LIMIT = 300
# After the kinds that known_hosts holds for a host come these, so that an impostor with a key
# of another kind gets as far as showing its fingerprint.
HOST_KEY_KINDS = "+ssh-ed25519,ecdsa-sha2-nistp*,rsa-sha2-512,rsa-sha2-256"


class _Client(asyncssh.SSHClient):
    """Remembers the host key that was not trusted. It never trusts one itself: asyncssh asks
    here for changed keys just as for new ones."""

    def __init__(self) -> None:
        self.shown: ShownKey | None = None

    def validate_host_public_key(
        self, host: str, addr: str, port: int, key: asyncssh.SSHKey
    ) -> bool:
        self.shown = ShownKey(host, addr, key)
        return False

    def validate_host_ca_key(self, host: str, addr: str, port: int, key: asyncssh.SSHKey) -> bool:
        self.shown = ShownKey(host, addr, key, authority=True)
        return False


@dataclass(frozen=True)
class _Attempt:
    """All that a login needs, read from files."""

    address: NodeAddress
    login: Login
    known: KnownHosts
    keys: ClientKeys


async def log_in(address: NodeAddress) -> asyncssh.SSHClientConnection:
    """Return a connection to the node; raises NodeError for everything that prevents it.

    Hosts of ProxyJump are logged in to in the same strict way. Closing the connection closes
    those too.
    """
    return await _log_in(address, None, ())


async def _log_in(
    address: NodeAddress, through: asyncssh.SSHClientConnection | None, towards: tuple[str, ...]
) -> asyncssh.SSHClientConnection:
    attempt = await _prepare(address)
    jump = through or await _jump(attempt, towards)
    try:
        connection = await _connect(attempt, jump)
    except BaseException:  # cancelled too: nothing may stay behind
        if jump is not None and through is None:
            jump.abort()
        raise
    if jump is not None:
        connection.set_tunnel(jump)
    return connection


async def _jump(attempt: _Attempt, towards: tuple[str, ...]) -> asyncssh.SSHClientConnection | None:
    """Log in to ProxyJump's hosts, each through the one before."""
    jump: asyncssh.SSHClientConnection | None = None
    # A jump host whose own configuration says to jump (`Host *`) is where it ends, as in ssh.
    hops = () if attempt.login.target in towards else attempt.login.jumps
    towards = (*towards, attempt.login.target)
    try:
        for hop in hops:
            address = jump_address(attempt.address, hop)
            if jump is None and (await read_login(address)).target in towards:
                continue
            jump = await _log_in(address, jump, towards)
    except BaseException as error:
        if jump is not None:
            jump.abort()
        if isinstance(error, OSError | ValueError):
            raise _unusable(attempt.address, error) from None
        raise
    return jump


async def _prepare(address: NodeAddress) -> _Attempt:
    try:
        login = await read_login(address)
    except (OSError, ValueError) as error:
        raise _unusable(address, error) from None
    try:
        known = KnownHosts(login.known_hosts)
    except ValueError as error:
        raise HostKeyUnknown(address.name, printable(str(error))) from None
    keys = choose_keys(login)
    if address.key is not None and keys.broken:
        text = f"the key can't be used: {printable(keys.broken[0])}"
        raise AuthenticationFailed(address.name, text)
    return _Attempt(address, login, known, keys)


async def _connect(
    attempt: _Attempt, jump: asyncssh.SSHClientConnection | None
) -> asyncssh.SSHClientConnection:
    for tries in itertools.count(1):
        client = _Client()
        try:
            return await asyncssh.connect(
                attempt.address.host,
                client_factory=lambda client=client: client,
                tunnel=jump,
                **_options(attempt),
            )
        except (ConnectionResetError, asyncssh.ConnectionLost) as error:
            if tries == TRIES or client.shown is not None:
                raise await _refusal(attempt, error, client.shown) from None
            await asyncio.sleep(random.uniform(0.1, 0.4) * tries)
        except (OSError, ValueError, asyncssh.Error) as error:
            raise await _refusal(attempt, error, client.shown) from None
    raise AssertionError("unreachable")


def _options(attempt: _Attempt) -> dict[str, Any]:
    """Return what we decide; the rest is the configuration's and asyncssh's."""
    address, login, keys = attempt.address, attempt.login, attempt.keys

    def known(host: str, addr: str, port: int | None) -> tuple[list[asyncssh.SSHKey], ...]:
        return attempt.known.match(*login.key_of(host, addr))

    return {
        "port": login.port,
        "username": login.user,
        "config": config_of(address),
        "known_hosts": known,
        "server_host_key_algs": () if login.algorithms else HOST_KEY_KINDS,
        # Keys only: a node that is somebody else's must never get to see a password.
        "preferred_auth": "publickey",
        "password_auth": False,
        "kbdint_auth": False,
        "host_based_auth": False,
        "gss_host": None,
        "client_keys": [str(path) for path in (*keys.usable, *keys.locked)],
        "ignore_encrypted": True,
        "agent_path": keys.agent or None,
        "agent_identities": keys.identities,
        "agent_forwarding": False,  # boards have no use for it, whatever the configuration says
        "x11_forwarding": False,
        # The default, ChaCha20, is half as fast.
        "encryption_algs": "^aes128-gcm@openssh.com",
        "keepalive_interval": KEEPALIVE,
        "keepalive_count_max": 2,
    }


async def _refusal(attempt: _Attempt, error: Exception, shown: ShownKey | None) -> NodeError:
    """Return what a failed login means."""
    name, login = attempt.address.name, attempt.login
    if isinstance(error, asyncssh.HostKeyNotVerifiable):
        return host_key_error(name, login, attempt.known, shown)
    text = printable(str(error))[:TEXT_LIMIT]
    # sshd hangs up on whoever offers many keys (MaxAuthTries).
    too_many = isinstance(error, asyncssh.DisconnectError) and "authentication fail" in text
    if isinstance(error, asyncssh.PermissionDenied) or too_many:
        return AuthenticationFailed(name, await explain_refusal(login, attempt.keys))
    if isinstance(error, ValueError):
        return _unusable(attempt.address, error)
    return NodeUnreachable(name, f"no connection to {login.target}: {text}")


def _unusable(address: NodeAddress, error: Exception) -> NodeError:
    text = printable(str(error))[:TEXT_LIMIT]
    return AuthenticationFailed(address.name, f"the login is not set up rightly: {text}")
