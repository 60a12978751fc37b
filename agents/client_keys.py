"""Our own keys: which can be offered to a node, which only the SSH agent can use."""

from __future__ import annotations

import asyncio
import shlex
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import asyncssh

from edgead.agents.address import SSH_PORT
from edgead.agents.host_keys import check_file
from edgead.agents.protocol import printable
from edgead.agents.ssh_config import Login
from edgead.agents.waiting import within

AGENT_SECONDS = 2.0
SHOWN = 6  # keys named in a message


@dataclass(frozen=True)
class ClientKeys:
    """The keys for one login.

    Attributes:
        usable: files that can be read as they are.
        locked: files with a passphrase: only the agent can use these keys.
        broken: files that hold no private key, each with what is wrong.
        identities: the only keys of the agent to offer; None for all of them.
        agent: the agent's socket; empty for none.
    """

    usable: tuple[Path, ...]
    locked: tuple[Path, ...]
    broken: tuple[str, ...]
    identities: tuple[bytes, ...] | None
    agent: str


def choose_keys(login: Login) -> ClientKeys:
    """Read a login's key files."""
    kinds: dict[str, list[Path]] = {"usable": [], "locked": [], "public": []}
    broken = []
    for path in login.keys:
        kind = _kind(path)
        if kind in kinds:
            kinds[kind].append(path)
        else:
            broken.append(f"{path}: {kind}")
    identities, agent = _of_agent(login, [*kinds["locked"], *kinds["public"]])
    return ClientKeys(
        tuple(kinds["usable"]), tuple(kinds["locked"]), tuple(broken), identities, agent
    )


def _kind(path: Path) -> str:
    """Return usable, locked, public (it names one of the agent's), or what is wrong."""
    try:
        check_file(path)
        asyncssh.read_private_key(path)
    except asyncssh.KeyImportError as error:
        if str(error).startswith("Passphrase"):
            return "locked"
        return str(error) if _public_data(path) is None else "public"
    except (OSError, ValueError) as error:
        return getattr(error, "strerror", None) or str(error)
    return "usable"


def _of_agent(login: Login, files: Sequence[Path]) -> tuple[tuple[bytes, ...] | None, str]:
    """Return which of the agent's keys to offer, and the agent's socket."""
    if not login.only_keys:
        return None, login.agent
    if not files:
        return None, ""
    found = [_public_data(path) for path in files]
    # An old encrypted key does not tell its public half: any of the agent's may be it.
    known = None if None in found else tuple(data for data in found if data is not None)
    return known, login.agent


def _public_data(path: Path) -> bytes | None:
    for name in (f"{path}.pub", str(path)):
        with suppress(OSError, ValueError):
            check_file(Path(name))
            return asyncssh.read_public_key(name).public_data
    return None


async def explain_refusal(login: Login, keys: ClientKeys) -> str:
    """Say in one line which keys a node was offered in vain, and what to do."""
    held = await _agent_keys(keys)
    asleep = [path for path in keys.locked if _public_data(path) not in (held or {})]
    tried = [*(held or {}).values(), *map(str, keys.usable)]
    said = [f"{login.user}@{login.target} {_refused(tried)}"]
    agent = "no SSH agent answers" if held is None else "the SSH agent does not hold it"
    said += [f"{path} has a passphrase, and {agent}" for path in asleep]
    said += [f"not usable: {printable(text)}" for text in keys.broken]
    return "; ".join(said) + ". To do: " + _remedy(login, asleep, held is not None, bool(tried))


def _refused(tried: Sequence[str]) -> str:
    if not tried:
        return "wants a key, and there is none to offer"
    more = f" and {len(tried) - SHOWN} more" if len(tried) > SHOWN else ""
    return f"does not accept {', '.join(tried[:SHOWN])}{more}"


def _remedy(login: Login, asleep: Sequence[Path], agent: bool, tried: bool) -> str:
    port = "" if login.port == SSH_PORT else f"-p {login.port} "
    copy = f"ssh-copy-id {port}{shlex.quote(f'{login.user}@{login.host}')}"
    if asleep:
        return (
            "" if agent else 'eval "$(ssh-agent)" and '
        ) + f"ssh-add {shlex.quote(str(asleep[0]))}"
    if not tried:
        return f"ssh-keygen -t ed25519, then {copy}"
    return f"{copy}, or give the right `user` or `key`"


async def _agent_keys(keys: ClientKeys) -> dict[bytes, str] | None:
    """Return what the agent offers: public keys, and how to call each; None without an agent."""
    if not keys.agent:
        return None
    try:
        return await within(_list_agent(keys), AGENT_SECONDS)
    except (OSError, ValueError, asyncio.TimeoutError):
        return None


async def _list_agent(keys: ClientKeys) -> dict[bytes, str]:
    async with asyncssh.connect_agent(keys.agent) as agent:
        held = await agent.get_keys(keys.identities)
        return {
            key.public_data: f"the agent's {printable(key.get_comment() or 'key')[:60]}"
            for key in held
        }
