"""A host key that is not trusted: is it new, or another than before, and what to do."""

from __future__ import annotations

import shlex
from dataclasses import dataclass

import asyncssh

from edgead.agents.errors import HostKeyChanged, HostKeyUnknown, NodeError
from edgead.agents.host_keys import Holding, KnownHosts, OfferedKey, fingerprints, target_of
from edgead.agents.ssh_config import Login


@dataclass(frozen=True)
class ShownKey:
    """What a host showed, under which name and address it was reached.

    `authority` says that the key is not the host's own but signs the host's certificate.
    """

    host: str
    addr: str
    key: asyncssh.SSHKey
    authority: bool = False


def host_key_error(name: str, login: Login, known: KnownHosts, shown: ShownKey | None) -> NodeError:
    """Return what the node's host key means. asyncssh tells a new key and a changed one by the
    same error; the files tell them apart: a host of which they hold nothing is new."""
    where = login.key_of(shown.host, shown.addr) if shown else login.key_of(login.host, "")
    held = known.holdings(*where)
    if held:
        return HostKeyChanged(name, _changed(login, held, shown))
    if shown is None:
        return HostKeyUnknown(name, f"{login.target} shows no host key that could be checked")
    if shown.authority:
        text = f"shows a certificate of the authority {fingerprints([shown.key])}, which"
        remedy = "add its @cert-authority line there if you trust it"
        return HostKeyUnknown(name, f"{login.target} {text} is not in {_named(known)}: {remedy}")
    file = known.files[0] if login.writable and known.files else None
    offer = OfferedKey.of(shown.key, target_of(where[0], where[2]), file)
    return HostKeyUnknown(name, _unknown(login, known, offer), offer)


def _unknown(login: Login, known: KnownHosts, offer: OfferedKey) -> str:
    keep = f"-o UserKnownHostsFile={shlex.quote(str(offer.file))} " if offer.file else ""
    place = shlex.quote(f"{login.user}@{login.host}")
    return (
        f"the host key of {login.target}, {offer.fingerprint} ({offer.kind}), is not in"
        f" {_named(known)}: compare its fingerprint and accept it once with:"
        f" ssh {keep}-p {login.port} {place}"
    )


def _changed(login: Login, held: list[Holding], shown: ShownKey | None) -> str:
    """Say both fingerprints. Nothing here or anywhere offers to accept the new key."""
    old = "; ".join(
        f"{holding.file} holds {fingerprints(holding.keys or holding.authorities)}"
        for holding in held
        if holding.keys or holding.authorities
    )
    if shown is None or not old:
        return f"{login.target} shows a host key that is revoked or can't be checked: refused"
    remove = " && ".join(
        f"ssh-keygen -f {shlex.quote(str(holding.file))} -R {shlex.quote(holding.target)}"
        for holding in held
    )
    return (
        f"the host key of {login.target} has CHANGED: it shows {fingerprints([shown.key])}, but"
        f" {old}. It was reinstalled, or this is an impostor. Only if you know it was: {remove}"
    )


def _named(known: KnownHosts) -> str:
    """Name the files that a new key would be looked for in: the first, as a rule, says enough."""
    return str(known.files[0]) if known.files else "any known_hosts file"
