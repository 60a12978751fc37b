"""nodes discover: who is on the network, found by scan and announcement, identified by login."""

from __future__ import annotations

import argparse
import asyncio
import shlex
from collections.abc import Sequence
from ipaddress import ip_address
from typing import Any

from edgead.agents.host_keys import OfferedKey, accept
from edgead.console import output
from edgead.console.confirm import can_ask, confirm
from edgead.console.errors import DONE, INTERRUPTED, UnreachableError, UsageError
from edgead.console.interrupt import run_until_signal
from edgead.console.nodes import networks
from edgead.console.nodes.discovery import Discovery, Found, Wanted
from edgead.console.nodes.host_keys import HostKeyChangedError, describe
from edgead.console.progress import progress

NOTE_LIMIT = 160


def wanted_of(args: argparse.Namespace) -> Wanted:
    """Read what a command is to look for. Raises UsageError: one line."""
    if not 0 < args.port < 65536:
        raise UsageError(f"--port: expected 1 to 65535, got {args.port}")
    chosen = networks.parse_networks(args.networks) if args.networks else networks.own_networks()
    if not chosen:
        raise UsageError("this machine is in no network; give one, such as 192.168.1.0/24")
    return Wanted(
        networks=chosen,
        port=args.port,
        user=args.user,
        key=args.key,
        known_hosts=args.known_hosts,
        accept_new=args.accept_new,
        announced=not args.no_mdns,
        elsewhere=not args.networks,
    )


def discover(args: argparse.Namespace) -> int:
    """Print who was found."""
    return run_until_signal(_discover(args, wanted_of(args)))


async def _discover(args: argparse.Namespace, wanted: Wanted) -> int:
    discovery, interrupted = await search(wanted)
    print_found(discovery.found, as_json=args.json)
    if interrupted:
        output.say("interrupted: this is what was found so far")
        return INTERRUPTED
    tell_untrusted(discovery, args.words)
    return DONE


async def search(wanted: Wanted) -> tuple[Discovery, bool]:
    """Search with progress on stderr; gives the search, and whether it was interrupted."""
    discovery = Discovery(wanted)
    where = f"scanning {discovery.total:,} addresses"

    def text() -> str:
        asked = ", asking who they are" if discovery.tried >= discovery.total else ""
        return f"{where}: {discovery.tried:,} tried, {len(discovery.found)} found{asked}"

    try:
        async with progress(text, elsewhere=where):
            await discovery.run()
    except asyncio.CancelledError:
        return discovery, True
    try:
        await _ask_about(discovery)
    except asyncio.CancelledError:
        return discovery, True
    return discovery, False


async def _ask_about(discovery: Discovery) -> None:
    """At a terminal, have the new host keys accepted, and identify their hosts."""
    if not discovery.offers or not can_ask():
        return
    for place in sorted(discovery.offers, key=lambda each: (ip_address(each[0]).packed, each[1])):
        output.say(f"{describe(discovery.offers[place])} is new")
    many = f"these {len(discovery.offers)} host keys" if len(discovery.offers) > 1 else "it"
    if not await confirm(f"Accept {many}, having compared the fingerprints?"):
        return
    for offer in discovery.offers.values():
        _keep(offer)
    places = set(discovery.offers)
    discovery.offers.clear()
    await discovery.identify_again(
        [each for each in discovery.found if (each.host, each.port) in places]
    )


def _keep(offer: OfferedKey) -> None:
    try:
        accept(offer)
    except (OSError, ValueError) as error:
        output.say(f"the host key of {offer.target} can't be kept: {error}")


def print_found(found: Sequence[Found], *, as_json: bool) -> None:
    """Print a line for each host."""
    if as_json:
        for each in found:
            output.print_object("discovered", fields_of(each))
        return
    rows = [_row(each) for each in found]
    if rows:
        heads = ("ADDRESS", "NAME", "MODEL", "L4T", "JETPACK", "SSH", "LOGIN")
        for line in output.columns([heads, *rows]):
            print(line)
    jetsons = sum(each.jetson for each in found)
    output.say(f"{len(found)} SSH servers, {jetsons} of them known to be Jetsons")


def fields_of(found: Found) -> dict[str, Any]:
    """Give a host as plain data; null is what is not known."""
    return {
        "host": found.host,
        "port": found.port,
        "banner": found.banner or None,
        "announced": found.announced or None,
        "state": found.state,
        "hostname": found.board.hostname or None,
        "model": found.board.model or None,
        "l4t": found.board.l4t or None,
        "jetpack": found.board.jetpack or None,
        "pythons": list(found.board.pythons),
        "images": list(found.board.images),
        "fingerprint": found.fingerprint or None,
        "note": found.note or None,
    }


def _row(found: Found) -> tuple[str, ...]:
    board = found.board
    place = found.host if found.port == 22 else f"{found.host}:{found.port}"
    said = f"{found.state}: {found.note}"[:NOTE_LIMIT]
    if found.state == "identified":
        said = "yes"
    elif found.state == "changed":
        said = "HOST KEY HAS CHANGED"
    elif found.fingerprint:
        said = f"new host key {found.fingerprint}"
    name = board.hostname or found.announced
    cells = (place, name, board.model, board.l4t, board.jetpack, found.banner, said)
    return tuple(cell or "-" for cell in cells)


def tell_untrusted(discovery: Discovery, words: Sequence[str]) -> None:
    """Say whose host keys are new; raise HostKeyChangedError where some have changed."""
    if discovery.offers:
        output.say(untrusted_line(discovery, words))
    raise_changed(discovery)


def raise_changed(discovery: Discovery) -> None:
    """Raise HostKeyChangedError, a line a host, where host keys have changed."""
    changed = [f"{each.host}: {each.note}" for each in discovery.found if each.state == "changed"]
    if changed:
        raise HostKeyChangedError(*changed)


def untrusted_line(discovery: Discovery, words: Sequence[str]) -> str:
    """Say in one line whose host keys are new and what to run: the same words, and one more."""
    count = len(discovery.offers)
    hosts = "host was" if count == 1 else "hosts were"
    command = " ".join(map(shlex.quote, ["edgead-console", *words, "--accept-new"]))
    return (
        f"{count} {hosts} not identified: the host key is unknown. Compare the fingerprints, then"
        f" run: {command}"
    )


def nobody(discovery: Discovery, words: Sequence[str]) -> UnreachableError:
    """Say that nobody was found who could become a node."""
    if discovery.offers:
        return UnreachableError(untrusted_line(discovery, words))
    count = len(discovery.found)
    if count:
        return UnreachableError(
            f"{count} SSH servers, and none accepts our key; see: edgead-console nodes discover"
        )
    return UnreachableError(f"no SSH server at any of {discovery.total:,} addresses")
