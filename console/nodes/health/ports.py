"""The check of ports: can the tasks of a trial reach each other as the cluster file wants it?

A trial takes as many ports, all different, as it has tasks, out of a node's `ports` or any that are
free: so many are tried on each node.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Protocol

from edgead.agents.agent import loopback
from edgead.agents.commands import Commands
from edgead.agents.errors import NodeError
from edgead.agents.tunnel import LOOPBACK, PortTakenError, Tunnel
from edgead.agents.waiting import within
from edgead.console.nodes.health.check import Finding, fail, ok, there
from edgead.console.nodes.inventory import Node

NAME = "ports"
TIMEOUT = 10.0
CONNECT_SECONDS = 5.0
LISTEN_SECONDS = 30.0
ROUNDS = 3  # another program may take a port between the asking and the using
MOST_PORTS = 8  # tried on each node: what a few boards' trial takes
MOST_PLACES = 150  # that one node connects to: lines that an agent sends at once
# Listens on ports of one address, tells when it does, and says a word to who comes, for a while.
LISTEN = """
import socket, sys, threading
def greet(listening):
    while True:
        listening.accept()[0].sendall(b"hello")
for port in sys.argv[2:]:
    listening = socket.socket()
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listening.bind((sys.argv[1], int(port)))
    listening.listen(64)
    threading.Thread(target=greet, args=(listening,), daemon=True).start()
print("listening", flush=True)
threading.Event().wait(30)
"""
REACH = """
import socket, sys, time
from concurrent.futures import ThreadPoolExecutor
def reach(place):
    host, _, port = place.rpartition(":")
    began = time.time()
    try:
        with socket.create_connection((host, int(port)), 5) as link:
            link.settimeout(5)
            said = link.recv(5)
        word = "yes" if said == b"hello" else "mute"
        return "%s %s %.1f" % (place, word, 1000 * (time.time() - began))
    except OSError as error:
        return "%s no %s" % (place, error)
with ThreadPoolExecutor(64) as pool:
    for line in pool.map(reach, sys.argv[1:]):
        print(line)
"""


class _Listener(Protocol):
    def close(self) -> None: ...

    async def wait_closed(self) -> None: ...


def count_of(nodes: int) -> int:
    """Return how many ports to try on each of so many nodes: a worker each, ps and chief."""
    return min(nodes + 2, MOST_PORTS)


async def check_tunnel(node: Node, commands: Commands, count: int) -> Finding:
    """Send a word through a tunnel each way, by ports such as a trial's tasks would have."""
    connection = commands.connection
    if connection.hello.loopback == loopback():
        return ok("shares this machine's loopback, needs no tunnel")
    allow = there(node, "sudo sshd -T | grep -i -E 'allowtcpforwarding|permitopen|permitlisten'")
    said = ""
    try:
        tunnel = await connection.tunnel()
        for _ in range(ROUNDS):
            ports = await connection.ports(count, node.ports)
            trying = _try_tunnel(commands, tunnel, ports)
            through, said = await within(trying, TIMEOUT)
            if through:
                return ok(f"{count} ports through tunnels, both ways, in {said} ms")
    except asyncio.TimeoutError:
        said = f"no answer within {TIMEOUT:g} s"
    except NodeError as error:
        said = error.text
        if node.ports and said.startswith("no "):
            return fail(f"{said}: give a wider range of `ports`"[:300])
    return fail(f"tunnels: {said}"[:300], allow)


async def _try_tunnel(commands: Commands, tunnel: Tunnel, ports: Sequence[int]) -> tuple[bool, str]:
    """Have the node connect to us by these ports, and then us to the node.

    Returns whether all got through, and in how many milliseconds at most or why not.
    """
    try:
        forth = await _from_node(commands, tunnel, ports)
        back = await _to_node(commands, tunnel, ports)
    except (OSError, PortTakenError) as error:
        return False, str(error)
    for place, (state, said) in forth.items():  # a node may say anything
        if state == "yes" and not re.fullmatch(r"\d{1,7}(\.\d+)?", said, re.ASCII):
            return False, f"{place}: expected milliseconds, got {said!r:.40}"
    wrong = [
        f"{place}: {said}" for place, (state, said) in (forth | back).items() if state != "yes"
    ]
    if wrong:
        return False, wrong[0]
    return True, max((said for _, said in forth.values()), key=float)


async def _from_node(
    commands: Commands, tunnel: Tunnel, ports: Sequence[int]
) -> dict[str, tuple[str, str]]:
    """Listen here, offer the ports on the node, and have it connect to each."""
    async with AsyncExitStack() as open_now:
        for port in ports:
            server = await asyncio.start_server(_greet, LOOPBACK, port)
            open_now.push_async_callback(_close, server)
            open_now.push_async_callback(_close, await tunnel.offer(port))
        places = [f"{LOOPBACK}:{port}" for port in ports]
        found = await reach(commands, places)
    return {f"from it {place}": found.get(place, ("no", "no answer")) for place in places}


async def _to_node(
    commands: Commands, tunnel: Tunnel, ports: Sequence[int]
) -> dict[str, tuple[str, str]]:
    """Have the node listen, bring the ports here, and connect to each."""
    async with AsyncExitStack() as open_now:
        await open_now.enter_async_context(_listening(commands, LOOPBACK, ports))
        for port in ports:
            open_now.push_async_callback(_close, await tunnel.bring(port))
        places = [f"{LOOPBACK}:{port}" for port in ports]
        answers = await asyncio.gather(*map(_answers, places))
    named = dict(zip(places, answers, strict=True))
    return {f"to it {place}": ("yes", "") if came else ("no", "") for place, came in named.items()}


@asynccontextmanager
async def _listening(commands: Commands, host: str, ports: Sequence[int]) -> AsyncIterator[None]:
    """Have a node listen on these ports of an address of its own. Raises OSError if it can't."""
    listens = asyncio.Event()

    def hear(line: str) -> None:
        if line == "listening":
            listens.set()

    python = commands.connection.address.python
    argv = [python, "-ISuc", LISTEN, host, *map(str, ports)]
    job = asyncio.ensure_future(commands.run(argv, timeout=LISTEN_SECONDS, on_line=hear))
    waiting = asyncio.ensure_future(listens.wait())
    try:
        await asyncio.wait({job, waiting}, timeout=TIMEOUT, return_when=asyncio.FIRST_COMPLETED)
        if job.done():
            raise OSError(f"it can't listen on its ports: {job.result().error}")
        if not listens.is_set():
            raise OSError("it does not listen on its ports in time")
        yield
    finally:
        for each in (job, waiting):
            each.cancel()
        await asyncio.gather(job, waiting, return_exceptions=True)


async def _close(listener: _Listener) -> None:
    listener.close()
    await listener.wait_closed()


async def _greet(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(b"hello")
    await writer.drain()
    writer.close()


async def reach(commands: Commands, places: Sequence[str]) -> dict[str, tuple[str, str]]:
    """Have a node connect to HOST:PORT places; gives (yes, mute or no; milliseconds or why)."""
    python = commands.connection.address.python
    argv = [python, "-ISc", REACH, *places]
    outcome = await commands.run(argv, timeout=2 * TIMEOUT)
    rows = re.findall(r"^(\S+) (yes|mute|no) (.*)$", outcome.output, re.MULTILINE)
    return {place: (state, said) for place, state, said in rows}


async def check_direct(nodes: dict[str, tuple[Node, Commands]], count: int) -> dict[str, Finding]:
    """Have every node listen as tasks would, and all others and this machine connect to it."""
    count = max(1, min(count, MOST_PLACES // max(1, len(nodes))))
    listening: dict[str, list[str]] = {}
    found: dict[str, Finding] = {}
    async with AsyncExitStack() as open_now:

        async def listen(node: Node, commands: Commands) -> None:
            try:
                _, host = commands.connection.ends()
                ports = await commands.connection.ports(count, node.ports)
                await open_now.enter_async_context(_listening(commands, host, ports))
                listening[node.name] = [f"{host}:{port}" for port in ports]
            except NodeError as error:
                found[node.name] = fail(f"direct: {error.text}"[:300])
            except OSError as error:
                found[node.name] = fail(f"direct: {error}"[:300], _open_fire(node))

        await asyncio.gather(*(listen(*each) for each in nodes.values()))
        able = [each for name, each in nodes.items() if name in listening]
        judged = await asyncio.gather(*(_judge(each, listening) for each in able))
    return found | {node.name: finding for (node, _), finding in zip(able, judged, strict=True)}


def _open_fire(node: Node) -> str:
    return there(node, "sudo nft list ruleset; sudo ufw status", terminal=True)


async def _judge(one: tuple[Node, Commands], listening: dict[str, list[str]]) -> Finding:
    """Judge one node; a loss of it is its own failure, not that of the others."""
    try:
        return await _try_others(*one, listening)
    except NodeError as error:
        return fail(f"direct: {error.text}"[:300])


async def _try_others(node: Node, commands: Commands, listening: dict[str, list[str]]) -> Finding:
    others = {
        place: name for name, places in listening.items() if name != node.name for place in places
    }
    own = listening[node.name]
    ours = asyncio.gather(*map(_answers, own))
    found = await reach(commands, list(others)) if others else {}
    wrong = [
        f"{name} by {place} ({found.get(place, ('', 'no answer'))[1]})"
        for place, name in others.items()
        if found.get(place, ("", ""))[0] != "yes"
    ]
    mute = [place for place, came in zip(own, await ours, strict=True) if not came]
    if mute:
        text = f"direct: this machine can't reach {', '.join(mute)}"
        return fail(text[:300], _open_fire(node))
    if wrong:
        return fail(f"direct: it can't reach {', '.join(wrong)}"[:300], _open_fire(node))
    count = len(set(others.values()))
    said = f"direct: reaches {count} nodes, and this machine reaches it, by {len(own)} ports each"
    return ok(said)


async def _answers(place: str) -> bool:
    """Say whether this machine gets the word from there."""
    host, _, port = place.rpartition(":")
    try:
        return await within(_ask(host, int(port)), CONNECT_SECONDS)
    except (OSError, asyncio.TimeoutError, asyncio.IncompleteReadError):
        return False


async def _ask(host: str, port: int) -> bool:
    reader, writer = await asyncio.open_connection(host, port)
    try:
        return await reader.readexactly(5) == b"hello"
    finally:
        writer.transport.abort()
