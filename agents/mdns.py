"""Hosts that announce their SSH server by multicast DNS, as avahi does where it is set up so."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from zeroconf import BadTypeInNameException, InterfaceChoice, IPVersion, ServiceStateChange
from zeroconf.asyncio import AsyncServiceBrowser, AsyncServiceInfo, AsyncZeroconf

from edgead.agents.protocol import one_line

SERVICE = "_ssh._tcp.local."
ANSWER_MS = 1000  # to wait for the address of a host that has announced itself


@dataclass(frozen=True)
class Announcement:
    """A host's announcement: its name, made safe to show, its address and SSH port."""

    name: str
    host: str
    port: int


async def listen(
    heard: Callable[[Announcement], None], *, interfaces: Sequence[str] | None = None
) -> None:
    """Ask for SSH servers and call `heard` for each address of each, until cancelled.

    Args:
        heard: may be called again for a host that is known.
        interfaces: addresses of this machine to ask from; None for all.

    Raises:
        OSError: this machine can't send multicasts.
    """
    zeroconf = AsyncZeroconf(
        interfaces=list(interfaces) if interfaces else InterfaceChoice.All,
        ip_version=IPVersion.V4Only,
    )
    asking: set[asyncio.Task[None]] = set()

    def changed(
        service_type: str, name: str, state_change: ServiceStateChange, **_: object
    ) -> None:
        if state_change is not ServiceStateChange.Removed:
            task = asyncio.ensure_future(_ask(zeroconf, name, heard))
            asking.add(task)
            task.add_done_callback(asking.discard)

    browser = AsyncServiceBrowser(zeroconf.zeroconf, SERVICE, handlers=[changed])
    try:
        await asyncio.get_running_loop().create_future()
    finally:
        for task in asking:
            task.cancel()
        await browser.async_cancel()
        await zeroconf.async_close()


async def _ask(zeroconf: AsyncZeroconf, name: str, heard: Callable[[Announcement], None]) -> None:
    try:
        info = AsyncServiceInfo(SERVICE, name)
    except BadTypeInNameException:  # what is on the network need not make sense
        return
    if await info.async_request(zeroconf.zeroconf, ANSWER_MS) and info.port:
        for host in info.parsed_addresses(IPVersion.V4Only):
            heard(Announcement(one_line(name.removesuffix(f".{SERVICE}"))[:63], host, info.port))
