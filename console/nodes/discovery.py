"""Discovery: scan networks for SSH, listen for announcements, identify who accepts a key."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from ipaddress import ip_address
from pathlib import Path
from typing import Any

from edgead.agents.address import SSH_PORT, NodeAddress
from edgead.agents.board import Board
from edgead.agents.errors import (
    AuthenticationFailed,
    HostKeyChanged,
    HostKeyUnknown,
    NodeError,
)
from edgead.agents.host_keys import OfferedKey, accept
from edgead.agents.identify import identify
from edgead.agents.mdns import Announcement, listen
from edgead.agents.scan import Greeting, scan
from edgead.agents.waiting import within
from edgead.console.errors import UnreachableError
from edgead.console.nodes import networks as nets
from edgead.console.nodes.networks import Network

IDENTIFY_AT_ONCE = 32
LISTEN_SECONDS = 1.2  # announcements come within a second of the question
MOST_ANNOUNCED = 500  # hosts, beyond those that the scan finds: anybody may announce anything
ACCEPT_AT_MOST = 3  # host keys for one host: its own and its jump hosts'
STATES: dict[type[NodeError], str] = {
    HostKeyChanged: "changed",
    AuthenticationFailed: "refused",
}


@dataclass(frozen=True)
class Found:
    """A host with an SSH server.

    Attributes:
        host, port: where it is.
        banner: what its SSH server calls itself.
        announced: its name by multicast DNS; empty without.
        state: `found` until it is asked; `identified`; `refused` our keys; its host key is
            `unknown` or `changed`; or the login `failed`.
        board: what it is, once identified.
        fingerprint: of its host key, where that is unknown.
        note: why it could not be identified.
    """

    host: str
    port: int
    banner: str = ""
    announced: str = ""
    state: str = "found"
    board: Board = field(default_factory=Board)
    fingerprint: str = ""
    note: str = ""

    @property
    def jetson(self) -> bool:
        """Whether it is a Jetson."""
        return bool(self.board.l4t)


@dataclass(frozen=True)
class Wanted:
    """What to look for and how to log in.

    Attributes:
        networks: those to scan.
        port: SSH port.
        user: login name; empty takes ~/.ssh/config's or our own.
        accept_new: keep host keys that are unknown; changed ones never.
        announced: listen for multicast DNS too.
        elsewhere: take announcements from outside the networks too.
    """

    networks: Sequence[Network]
    port: int = SSH_PORT
    user: str = ""
    key: Path | None = None
    known_hosts: Path | None = None
    ssh_config: Path | None = None
    accept_new: bool = False
    announced: bool = True
    elsewhere: bool = False


class Discovery:
    """One search. Cancelling `run` ends it at once; what was found so far stays in `found`."""

    def __init__(self, wanted: Wanted, changed: Callable[[], None] = lambda: None) -> None:
        self.tried = 0
        self.total = nets.count(wanted.networks)
        self.offers: dict[tuple[str, int], OfferedKey] = {}
        self._wanted, self._changed = wanted, changed
        self._found: dict[tuple[str, int], Found] = {}
        self._few = asyncio.Semaphore(IDENTIFY_AT_ONCE)
        self._jobs: set[asyncio.Task[None]] = set()

    @property
    def found(self) -> list[Found]:
        """Who was found, in the order of addresses."""
        return sorted(
            self._found.values(),
            key=lambda each: (ip_address(each.host).version, ip_address(each.host), each.port),
        )

    async def run(self) -> None:
        """Search all of it. Raises UnreachableError where this machine can't."""
        wanted = self._wanted
        announcements = asyncio.ensure_future(self._listen())
        try:
            await scan(nets.hosts(wanted.networks), wanted.port, self._greeted, self._tried)
            await announcements
            while self._jobs:
                await asyncio.wait(self._jobs)
        except OSError as error:
            raise UnreachableError(f"the scan can't go on: {error}") from None
        finally:
            await _end({announcements, *self._jobs})

    async def identify_again(self, chosen: Sequence[Found]) -> None:
        """Log in once more, such as after a host key was accepted."""
        for each in chosen:
            self._identify(each)
        try:
            await asyncio.gather(*self._jobs)
        finally:
            await _end(self._jobs)

    def _tried(self, host: str) -> None:
        self.tried += 1
        self._changed()

    def _greeted(self, greeting: Greeting) -> None:
        place = greeting.host, greeting.port
        known = self._found.get(place, Found(*place))
        self._put(replace(known, banner=greeting.banner))
        self._identify(known)

    async def _listen(self) -> None:
        if self._wanted.announced:
            with suppress(asyncio.TimeoutError, OSError):  # a machine may forbid multicasts
                await within(listen(self._announced), LISTEN_SECONDS)

    def _announced(self, announcement: Announcement) -> None:
        place = announcement.host, announcement.port
        known = self._found.get(place)
        inside = nets.contains(self._wanted.networks, announcement.host)
        if known is None and not (inside or self._wanted.elsewhere):
            return
        if (
            known is None
            and sum(not each.banner for each in self._found.values()) >= MOST_ANNOUNCED
        ):
            return
        self._put(replace(known or Found(*place), announced=announcement.name))
        if known is None:
            self._identify(self._found[place])

    def _put(self, found: Found) -> None:
        self._found[found.host, found.port] = found
        self._changed()

    def _identify(self, found: Found) -> None:
        if any(job.get_name() == f"{found.host} {found.port}" for job in self._jobs):
            return
        job = asyncio.ensure_future(self._ask(found.host, found.port))
        job.set_name(f"{found.host} {found.port}")
        self._jobs.add(job)
        job.add_done_callback(self._jobs.discard)

    async def _ask(self, host: str, port: int) -> None:
        async with self._few:
            outcome = await self._outcome(self._address(host, port))
        self._put(replace(self._found[host, port], **outcome))

    def _address(self, host: str, port: int) -> NodeAddress:
        wanted = self._wanted
        return NodeAddress(
            name=host,
            host=host,
            port=port,
            user=wanted.user,
            key=wanted.key,
            known_hosts=wanted.known_hosts,
            ssh_config=wanted.ssh_config,
        )

    async def _outcome(self, address: NodeAddress) -> dict[str, Any]:
        """Log in, and say how it went as fields of Found."""
        try:
            return {"state": "identified", "board": await self._board(address), "note": ""}
        except HostKeyUnknown as error:
            if error.offer is None:
                return {"state": "unknown", "note": error.text}
            assert address.port is not None
            self.offers[address.host, address.port] = error.offer
            fingerprint = error.offer.fingerprint
            return {"state": "unknown", "note": error.text, "fingerprint": fingerprint}
        except NodeError as error:
            return {"state": STATES.get(type(error), "failed"), "note": error.text}

    async def _board(self, address: NodeAddress, accepted: int = 0) -> Board:
        try:
            return await identify(address)
        except HostKeyUnknown as error:
            if not self._wanted.accept_new or error.offer is None or accepted == ACCEPT_AT_MOST:
                raise
            try:
                accept(error.offer)
            except (OSError, ValueError) as wrong:
                raise HostKeyUnknown(error.node, f"its key can't be kept: {wrong}") from None
        return await self._board(address, accepted + 1)


async def _end(jobs: set[asyncio.Task[None]] | set[asyncio.Future[None]]) -> None:
    waiting = list(jobs)
    for job in waiting:
        job.cancel()
    await asyncio.gather(*waiting, return_exceptions=True)
