"""The check of ports: can the tasks of a trial reach each other as the cluster file wants it?"""

from __future__ import annotations

import asyncio
import re
import socket
from collections.abc import Sequence
from contextlib import closing

from edgead.agents.agent import loopback
from edgead.agents.commands import Commands
from edgead.agents.errors import NodeError
from edgead.agents.tunnel import LOOPBACK, PortTakenError, Tunnel
from edgead.console.health.check import Finding, fail, ok, there
from edgead.console.inventory import Node

NAME = "ports"
TIMEOUT = 10.0
LISTEN_SECONDS = 30.0
PORTS_TRIED = 3  # another program may take one between the asking and the using
# Listens on a port of its own choice or of a range, tells it, and takes connections for a while.
LISTEN = """
import socket, sys
listening = socket.socket()
for port in range(int(sys.argv[1]), int(sys.argv[2]) + 1):
    try:
        listening.bind((sys.argv[3], port))
        break
    except OSError:
        pass
else:
    sys.exit("no free port from %s to %s" % (sys.argv[1], sys.argv[2]))
listening.listen(16)
listening.settimeout(30)
print("port", listening.getsockname()[1], flush=True)
while True:
    listening.accept()[0].sendall(b"hello")
"""
REACH = """
import socket, sys, threading, time
def reach(place):
    host, _, port = place.rpartition(":")
    began = time.time()
    try:
        with socket.create_connection((host, int(port)), 5) as link:
            link.settimeout(5)
            said = link.recv(5)
        print(place, "yes" if said == b"hello" else "mute", round(1000 * (time.time() - began), 1))
    except OSError as error:
        print(place, "no", error)
tries = [threading.Thread(target=reach, args=(place,)) for place in sys.argv[1:]]
for each in tries:
    each.start()
for each in tries:
    each.join()
"""


async def check_tunnel(node: Node, commands: Commands) -> Finding:
    """Send a word through a tunnel each way: from a port of the node to us, and back."""
    connection = commands.connection
    if connection.hello.loopback == loopback():
        return ok("shares this machine's loopback, needs no tunnel")
    allow = there(node, "sudo sshd -T | grep -i -E 'allowtcpforwarding|permitopen|permitlisten'")
    said = ""
    try:
        tunnel = await connection.tunnel()
        for port in await connection.ports(PORTS_TRIED):
            through, said = await asyncio.wait_for(_try_port(commands, tunnel, port), TIMEOUT)
            if through:
                return ok(f"through a tunnel in {said} ms")
    except asyncio.TimeoutError:
        said = f"no answer within {TIMEOUT:g} s"
    except NodeError as error:
        said = error.text
    return fail(f"tunnels: {said}"[:300], allow)


async def _try_port(commands: Commands, tunnel: Tunnel, port: int) -> tuple[bool, str]:
    """Listen here, offer that port on the node, and have the node connect to it.

    Returns whether it got through, and in how many milliseconds or why not.
    """
    place = f"{LOOPBACK}:{port}"
    try:
        async with await asyncio.start_server(_greet, LOOPBACK, port):
            listener = await tunnel.offer(port)
            try:
                state, said = (await reach(commands, [place])).get(place, ("no", "no answer"))
            finally:
                listener.close()
    except (OSError, PortTakenError) as error:
        return False, str(error)
    return state == "yes", said


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


async def check_direct(nodes: dict[str, tuple[Node, Commands]]) -> dict[str, Finding]:
    """Have every node listen as a task would, and all others and this machine connect to it."""
    listening: dict[str, str] = {}
    jobs = [asyncio.ensure_future(_listen(*each, listening)) for each in nodes.values()]
    try:
        for _ in range(50):
            if len(listening) == len(nodes) or all(job.done() for job in jobs):
                break
            await asyncio.sleep(0.1)
        found = await asyncio.gather(*(_judge(each, listening) for each in nodes.values()))
        return dict(zip(nodes, found, strict=True))
    finally:
        for job in jobs:
            job.cancel()
        await asyncio.gather(*jobs, return_exceptions=True)


async def _listen(node: Node, commands: Commands, listening: dict[str, str]) -> None:
    first, last = node.ports or (0, 0)
    _, host = commands.connection.ends()

    def hear(line: str) -> None:
        if found := re.fullmatch(r"port (\d{1,5})", line):
            listening[node.name] = f"{host}:{found[1]}"

    argv = [commands.connection.address.python, "-ISuc", LISTEN, str(first), str(last), host]
    await commands.run(argv, timeout=LISTEN_SECONDS, on_line=hear)


async def _judge(one: tuple[Node, Commands], listening: dict[str, str]) -> Finding:
    """Judge one node; a loss of it is its own failure, not that of the others."""
    try:
        return await _try_others(*one, listening)
    except NodeError as error:
        return fail(f"direct: {error.text}"[:300])


async def _try_others(node: Node, commands: Commands, listening: dict[str, str]) -> Finding:
    open_fire = there(node, "sudo nft list ruleset; sudo ufw status", terminal=True)
    if node.name not in listening:
        return fail("direct: it can't listen on a port", open_fire)
    others = {place: name for name, place in listening.items() if name != node.name}
    ours = asyncio.ensure_future(asyncio.to_thread(_answers, listening[node.name]))
    found = await reach(commands, list(others)) if others else {}
    wrong = [
        f"{name} ({found.get(place, ('', 'no answer'))[1]})"
        for place, name in others.items()
        if found.get(place, ("", ""))[0] != "yes"
    ]
    if not await ours:
        return fail("direct: this machine can't reach its ports", open_fire)
    if wrong:
        return fail(f"direct: it can't reach {', '.join(wrong)}"[:300], open_fire)
    return ok(f"direct: reaches {len(others)} nodes, and this machine reaches it")


def _answers(place: str) -> bool:
    host, _, port = place.rpartition(":")
    try:
        with closing(socket.create_connection((host, int(port)), 5)) as link:
            link.settimeout(5)
            return link.recv(5) == b"hello"
    except OSError:
        return False
