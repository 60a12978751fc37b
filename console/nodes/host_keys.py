"""Host keys of the inventory's nodes: who is known, who is new, who has changed; and accepting."""

from __future__ import annotations

import asyncio
import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from edgead.agents.errors import HostKeyChanged, HostKeyUnknown, NodeError, NodeUnreachable
from edgead.agents.host_keys import OfferedKey, accept
from edgead.agents.login import log_in
from edgead.agents.waiting import within
from edgead.console.confirm import can_ask, confirm
from edgead.console.errors import UnreachableError
from edgead.console.nodes.inventory import Node
from edgead.console.output import say

LOGIN_SECONDS = 10.0
ROUNDS = 4  # a node's own key, and those of the hosts that lead to it


class HostKeyChangedError(UnreachableError):
    """A host key is not the one we know."""

    alarming = True


@dataclass(frozen=True)
class Trust:
    """How a node's host key stands.

    Attributes:
        node: the node's name.
        state: `known`; `accepted` just now; `unknown`; `changed`; or the login `failed` by
            something else.
        text: what is wrong and what to do; empty where it is known.
        fingerprint: of the key that is unknown or was accepted.
    """

    node: str
    state: str
    text: str = ""
    fingerprint: str = ""


async def check_host_keys(
    nodes: Sequence[Node], cluster: Path | None, *, accept_new: bool, ask: bool = True
) -> list[Trust]:
    """Log in to each node and leave again; keep new host keys that are accepted.

    Whether a new one is accepted, `accept_new` says, or else whoever sits at the terminal, if they
    are to be asked.
    """
    trusts: dict[str, Trust] = {}
    pending = list(nodes)
    for _ in range(ROUNDS):
        found = await asyncio.gather(*map(_try, pending))
        again = []
        for node, error in zip(pending, found, strict=True):
            before = trusts.get(node.name)
            trusts[node.name] = _trust(node, error, cluster, before)
            if isinstance(error, HostKeyUnknown) and error.offer is not None:
                wrong = await _keep(node, error.offer, accept_new) if accept_new or ask else ""
                if wrong is None:
                    fingerprint = error.offer.fingerprint
                    trusts[node.name] = Trust(node.name, "accepted", "", fingerprint)
                    again.append(node)
                elif wrong:
                    trusts[node.name] = Trust(node.name, "unknown", wrong)
        pending = again
    return [trusts[node.name] for node in nodes]


async def require_known(nodes: Sequence[Node], cluster: Path | None, *, accept_new: bool) -> None:
    """Raise UnreachableError, a line a node, unless every host key is known or gets accepted.

    Nodes that can't be reached for other reasons pass: whoever uses them says so better.
    """
    trusts = await check_host_keys(nodes, cluster, accept_new=accept_new)
    raise_untrusted(trusts)


def raise_untrusted(trusts: Sequence[Trust]) -> None:
    """Raise HostKeyChangedError for those that have changed, else UnreachableError for new ones."""
    changed = [f"{trust.node}: {trust.text}" for trust in trusts if trust.state == "changed"]
    if changed:
        raise HostKeyChangedError(*changed)
    unknown = [f"{trust.node}: {trust.text}" for trust in trusts if trust.state == "unknown"]
    if unknown:
        raise UnreachableError(*unknown)


async def _try(node: Node) -> NodeError | None:
    try:
        connection = await within(log_in(node), LOGIN_SECONDS)
    except asyncio.TimeoutError:
        return NodeUnreachable(node.name, f"no answer from {node} within {LOGIN_SECONDS:g} s")
    except NodeError as error:
        return error
    connection.abort()
    return None


def _trust(
    node: Node, error: NodeError | None, cluster: Path | None, before: Trust | None
) -> Trust:
    """Say how it stands after a try, which may be the second one."""
    if error is None:
        return before or Trust(node.name, "known")
    if isinstance(error, HostKeyChanged):
        return Trust(node.name, "changed", error.text)
    if not isinstance(error, HostKeyUnknown):
        return Trust(node.name, "failed", error.text)
    if error.offer is None:
        return Trust(node.name, "unknown", error.text)
    chosen = f"--cluster {shlex.quote(str(cluster))} " if cluster else ""
    text = (
        f"{describe(error.offer)} is new; compare its fingerprint, then run:"
        f" edgead-console {chosen}nodes trust {node.name} --accept-new"
    )
    return Trust(node.name, "unknown", text, error.offer.fingerprint)


async def _keep(node: Node, offer: OfferedKey, accept_new: bool) -> str | None:
    """Keep a key if it is accepted: None when it was kept, "" when it was not, or what is wrong."""
    if not accept_new:
        if not can_ask():
            return ""
        say(f"{node.name}: {describe(offer)} is new. Compare its fingerprint with the board's own.")
        if not await confirm("Accept it?"):
            return f"{describe(offer)} was not accepted"
    try:
        accept(offer)
    except (OSError, ValueError) as error:
        return f"the host key of {offer.target} can't be kept: {error}"
    say(f"{node.name}: {describe(offer)} is now in {offer.file}")
    return None


def describe(offer: OfferedKey) -> str:
    """Name a key that was offered, with its fingerprint."""
    return f"the host key of {offer.target}, {offer.fingerprint} ({offer.kind}),"
