"""How a node is logged in to: its address, and ~/.ssh/config where the address is silent."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import asyncssh

from edgead.agents.address import SSH_PORT, NodeAddress
from edgead.agents.host_keys import check_file, target_of

GLOBAL_KNOWN_HOSTS = "/etc/ssh/ssh_known_hosts"
# What asyncssh also raises for a configuration that makes no sense, or includes itself.
_ODD = (IndexError, TypeError, RuntimeError)
KEY_NAMES = ("id_ed25519_sk", "id_ecdsa_sk", "id_ed25519", "id_ecdsa", "id_rsa")


@dataclass(frozen=True)
class Login:
    """What an address and ~/.ssh/config come to together.

    Attributes:
        host, port, user: where the connection goes in the end, and as whom.
        alias: HostKeyAlias; what known_hosts holds the host's key under.
        jumps: ProxyJump's hosts, the first to be reached first.
        known_hosts: files of accepted host keys; new ones go to the first.
        writable: whether a new host key may go there.
        keys: private key files to offer, in this order.
        agent: the SSH agent's socket; empty for none.
        only_keys: offer nothing of the agent's but `keys` (IdentitiesOnly).
        algorithms: HostKeyAlgorithms, where the file has them.
    """

    host: str
    port: int
    user: str
    alias: str | None
    jumps: tuple[str, ...]
    known_hosts: tuple[Path, ...]
    writable: bool
    keys: tuple[Path, ...]
    agent: str
    only_keys: bool
    algorithms: str | None

    @property
    def target(self) -> str:
        """The host as known_hosts writes it."""
        return self.alias or target_of(self.host, self.port)

    def key_of(self, host: str, address: str) -> tuple[str, str, int]:
        """Return under which name, address and port known_hosts holds the host's key."""
        return (self.alias, "", SSH_PORT) if self.alias else (host, address, self.port)


def config_of(address: NodeAddress) -> Sequence[str]:
    """Return the configuration files to read, for asyncssh's `config`."""
    if address.ssh_config is not None:
        return [str(address.ssh_config)]
    usual = Path("~/.ssh/config").expanduser()
    return [str(usual)] if os.access(usual, os.R_OK) else []


async def read_login(address: NodeAddress) -> Login:
    """Have asyncssh read the configuration and return what it comes to.

    Raises:
        OSError, ValueError: the configuration can't be read.
    """
    for file in config_of(address):
        _check_config(Path(file))
    try:
        options = await asyncssh.SSHClientConnectionOptions.construct(
            host=address.host,
            port=_given(address.port),
            username=_given(address.user or None),
            config=config_of(address),
            client_keys=None,  # no key is read yet: asyncssh gives up at the first one missing
        )
    except _ODD as error:
        raise ValueError(f"ssh's configuration can't be read: {error!r:.200}") from None
    get = options.config.get
    files = _known_hosts(address, get("UserKnownHostsFile"), get("GlobalKnownHostsFile"))
    tunnel = options.tunnel
    return Login(
        host=options.host,
        port=options.port,
        user=options.username,
        alias=options.host_key_alias,
        jumps=tuple(tunnel.split(",")) if isinstance(tunnel, str) else (),
        known_hosts=files,
        writable=bool(address.known_hosts or get("UserKnownHostsFile") != []),
        keys=_key_files(address, get("IdentityFile")),
        agent=_agent(get("IdentityAgent", "SSH_AUTH_SOCK")),
        only_keys=address.key is not None or bool(get("IdentitiesOnly")),
        algorithms=get("HostKeyAlgorithms"),
    )


def jump_address(address: NodeAddress, jump: str) -> NodeAddress:
    """Return the address of a host of ProxyJump: `[user@]host[:port]`, or that as ssh://.

    Raises:
        ValueError: it is none of these.
    """
    user, _, place = jump.strip().removeprefix("ssh://").rpartition("@")
    host, colon, port = place.rpartition(":")
    if not colon or (":" in host and not host.endswith("]")):  # a bare IPv6 address has no port
        host, port = place, ""
    if not host or (port and not port.isdecimal()):
        raise ValueError(f"ProxyJump: expected [user@]host[:port], got {jump}")
    return NodeAddress(
        name=address.name,
        host=host.strip("[]"),
        port=int(port) if port else None,
        user=user,
        ssh_config=address.ssh_config,
    )


def _check_config(path: Path) -> None:
    try:
        check_file(path)
    except ValueError as error:
        raise ValueError(f"{path}: {error}") from None


def _expanded(name: str | Path) -> Path:
    try:
        return Path(name).expanduser()
    except RuntimeError:
        raise ValueError(f"{name}: there is no such home") from None


def _given(value: Any) -> Any:
    """asyncssh takes () for what is not given."""
    return () if value is None else value


def _known_hosts(address: NodeAddress, own: Any, everybody: Any) -> tuple[Path, ...]:
    if address.known_hosts is not None:
        return (address.known_hosts,)
    if own is None:
        own = ["~/.ssh/known_hosts", "~/.ssh/known_hosts2"]
    names = [*own, *([GLOBAL_KNOWN_HOSTS] if everybody is None else everybody)]
    return tuple(_expanded(name) for name in names)


def _key_files(address: NodeAddress, configured: Any) -> tuple[Path, ...]:
    if address.key is not None:
        return (address.key,)
    names = configured or [f"~/.ssh/{name}" for name in KEY_NAMES]
    paths = map(_expanded, names)
    return tuple(path for path in paths if path.is_file())  # as ssh: the others don't matter


def _agent(path: Any) -> str:
    """Return the SSH agent's socket; the name of the variable stands for what it holds."""
    if path == "SSH_AUTH_SOCK":
        path = os.environ.get("SSH_AUTH_SOCK", "")
    return str(_expanded(path)) if path else ""
