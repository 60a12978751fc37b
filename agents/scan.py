"""Scanning for SSH: who accepts a connection on the port and greets as an SSH server does."""

from __future__ import annotations

import asyncio
import errno
import re
import resource
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass

from edgead.agents.protocol import one_line
from edgead.agents.waiting import within

# Seconds to connect. A host of the same network answers in a few milliseconds; the rest is for
# this machine, which may be busy.
TIMEOUT = 0.5
BANNER_TIMEOUT = 1.5  # seconds to greet: a loaded board's sshd has to fork first
AT_ONCE = 256
SPARE_FILES = 64  # descriptors left to the rest of the program
GREETING_LIMIT = 4096  # bytes; RFC 4253 lets lines of text come before the banner
BANNER_LIMIT = 255  # bytes, by the same RFC


@dataclass(frozen=True)
class Greeting:
    """An SSH server that was found. `banner` is what it says it is, made safe to show."""

    host: str
    port: int
    banner: str


def parse_banner(greeting: bytes) -> str | None:
    """Give the software that an SSH server names in its first line; None if it is none.

    >>> parse_banner(b"SSH-2.0-OpenSSH_8.2p1 Ubuntu-4ubuntu0.11\\r\\n")
    'OpenSSH_8.2p1 Ubuntu-4ubuntu0.11'
    """
    for line in greeting[:GREETING_LIMIT].split(b"\n"):
        match = re.match(rb"SSH-(?:2\.0|1\.99)-([^\r\0]{1,255})", line)
        if match and len(line) <= BANNER_LIMIT:
            return one_line(match[1].decode("utf-8", "replace")) or None
    return None


async def scan(
    hosts: Iterable[str],
    port: int,
    found: Callable[[Greeting], None],
    done: Callable[[str], None] = lambda host: None,
    *,
    timeout: float = TIMEOUT,
) -> None:
    """Try every host once, some 256 at a time; nothing is sent to any.

    Args:
        hosts: addresses.
        port: the port to try.
        found: called for each SSH server.
        done: called for each host, whether there is one or not.
        timeout: seconds to wait for a connection.

    Raises:
        OSError: this machine can't try, for want of a network or of descriptors.
    """
    waiting = iter(hosts)
    tries = [
        asyncio.ensure_future(_try_each(waiting, port, found, done, timeout))
        for _ in range(_at_once())
    ]
    try:
        await asyncio.gather(*tries)
    finally:
        for each in tries:
            each.cancel()
        await asyncio.gather(*tries, return_exceptions=True)


def _at_once() -> int:
    """Keep within the descriptors this process may open (256 in all on a Mac)."""
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return AT_ONCE if soft < 0 else max(8, min(AT_ONCE, soft - SPARE_FILES))


async def _try_each(
    hosts: Iterator[str],
    port: int,
    found: Callable[[Greeting], None],
    done: Callable[[str], None],
    timeout: float,
) -> None:
    for host in hosts:
        greeting = await _greeting(host, port, timeout)
        banner = None if greeting is None else parse_banner(greeting)
        if banner is not None:
            found(Greeting(host, port, banner))
        done(host)


async def _greeting(host: str, port: int, timeout: float) -> bytes | None:
    """Return what a host says first; None where nobody answers."""
    try:
        reader, writer = await within(
            asyncio.open_connection(host, port, limit=GREETING_LIMIT), timeout
        )
    except (asyncio.TimeoutError, ConnectionError):
        return None
    except OSError as error:
        if error.errno in (errno.EMFILE, errno.ENFILE):
            raise
        return None  # no route, no such host, refused by a firewall
    heard = bytearray()
    try:
        with suppress(asyncio.TimeoutError, OSError):
            await within(_listen(reader, heard), BANNER_TIMEOUT)
    finally:
        writer.transport.abort()
    return bytes(heard)


async def _listen(reader: asyncio.StreamReader, heard: bytearray) -> None:
    """Hear a host out to the end of its banner, or as far as it makes sense."""
    while len(heard) < GREETING_LIMIT and not re.search(rb"(?:^|\n)SSH-[^\n]*\n", heard):
        data = await reader.read(GREETING_LIMIT - len(heard))
        if not data:
            return
        heard += data
