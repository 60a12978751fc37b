"""The connections to a trial's nodes: made, made ready, watched, and made again when lost."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import replace
from typing import Any

from edgead.agents.commands import Commands
from edgead.agents.connection import NodeConnection, connect
from edgead.agents.errors import AuthenticationFailed, HostKeyChanged, HostKeyUnknown, NodeError
from edgead.agents.messages import Message
from edgead.agents.waiting import within
from edgead.console.errors import UNREACHABLE
from edgead.console.nodes.drift import describe
from edgead.console.nodes.inventory import Cluster, Node
from edgead.console.nodes.power import PowerChange
from edgead.console.running.failure import Failure
from edgead.console.running.readying import give_back, ready_node
from edgead.console.running.recovery.causes import Cause
from edgead.console.running.recovery.evidence import MEMORY, Memory, read_memory

CONNECT_SECONDS = 10.0
# What a node never saw the end of holds its ports for a quarter of an hour.
HANG_UP = """
for pid; do
  case "$(cat /proc/$pid/comm 2>/dev/null)" in sshd*) kill "$pid" ;; esac
done
"""
GIVE_BACK_SECONDS = 60.0  # for a node's power mode and clocks, when it is left
ASK_SECONDS = 5.0  # for what the kernel has counted
LOAD_SECONDS = 1.0  # between two samples of telemetry
REFUSALS = (HostKeyChanged, HostKeyUnknown, AuthenticationFailed)

Record = Callable[..., None]  # kind, then the event's fields


class NodeLinks:
    """Connections by the node's name, each with its agent.

    `hear` gets what the agents say, `lost` a node's name and the reason when its connection ends.
    """

    def __init__(
        self,
        cluster: Cluster,
        record: Record,
        hear: Callable[[str, Message], None],
        lost: Callable[[str, str], None],
    ) -> None:
        self._cluster, self._record, self._hear, self._lost = cluster, record, hear, lost
        self.up: dict[str, NodeConnection] = {}
        self.boards: dict[str, dict[str, Any]] = {}  # what each is
        self._commands: dict[str, Commands] = {}
        self._power: dict[str, PowerChange] = {}  # what was changed
        self._memory: dict[str, Memory] = {}  # what each kernel had counted before
        self._before: dict[str, NodeConnection] = {}  # the latest, up or lost
        self._closing = False

    async def connect(self, name: str, seconds: float = CONNECT_SECONDS) -> None:
        """Connect to a node, by its name anew, and make it ready; raises Failure."""
        node = self._cluster.node(name)
        self._record("node", node=name, state="connecting")
        before = self._before.get(name)
        try:
            link = await connect(
                node,
                timeout=seconds,
                on_event=lambda message: self._take(name, message),
                sweep=[before.marker] if before else [],
            )
        except NodeError as error:
            self._record("node", node=name, state="lost", evidence=error.text)
            refused = isinstance(error, REFUSALS)
            kind = Cause.REFUSED if refused else Cause.UNREACHABLE
            raise Failure(name, "", error.text, exit_code=UNREACHABLE, kind=kind) from None
        self.up[name], self._before[name] = link, link
        commands = self._commands[name] = Commands()
        commands.use(link)
        link.closed.add_done_callback(lambda closed: self._end(name, link, closed.result()))
        self._record("node", node=name, state="up", evidence=f"Python {link.hello.python}")
        try:
            await self._hang_up(before, link, commands)
            await self._make_ready(node, commands)
            await self._watch_load(name, link)
        except NodeError as error:
            kind = Cause.UNFIT if name in self.up else Cause.NODE_LOST
            await self.leave(name)
            raise Failure(name, "", error.text, kind=kind) from None
        except Failure:
            await self.leave(name)
            raise

    async def leave(self, name: str) -> None:
        """Leave a node, with all that runs there ended: it is of no use as it is."""
        link = self.up.pop(name, None)
        if link is not None:
            self._record("node", node=name, state="lost", evidence="it is left alone for now")
            await link.close()

    async def _hang_up(
        self, before: NodeConnection | None, link: NodeConnection, commands: Commands
    ) -> None:
        """End what holds the connection before this one on the node, if that has not restarted."""
        if before is not None and before.hello.loopback == link.hello.loopback:
            pids = [str(pid) for pid in before.servers()]
            await commands.run(["sh", "-c", HANG_UP, "sh", *pids], timeout=ASK_SECONDS)

    async def _make_ready(self, node: Node, commands: Commands) -> None:
        def say(level: str, text: str) -> None:
            self._record("note", level=level, node=node.name, text=text)

        change = await ready_node(node, commands, say)
        if change is not None:
            self._power.setdefault(node.name, change)
        if not self._cluster.embedded:
            self.boards[node.name] = await describe(node, commands)
            self._record("board", node=node.name, **self.boards[node.name])
        self._memory[node.name] = await self.memory(node.name)

    async def _watch_load(self, name: str, link: NodeConnection) -> None:
        """Have telemetry of the node; a trial goes on without."""
        try:
            await link.telemetry(LOAD_SECONDS)
        except NodeError as error:
            self._record("note", level="warn", node=name, text=f"no telemetry: {error.text}")

    async def make_ready_again(self, name: str) -> None:
        """Start a node's container, should that be what has ended; raises Failure."""
        node, commands = self._cluster.node(name), self.commands(name)
        if node.container and commands is not None:
            try:
                await ready_node(replace(node, power_mode=""), commands, lambda level, text: None)
            except NodeError as error:
                kind = Cause.UNFIT if name in self.up else Cause.NODE_LOST
                raise Failure(name, "", error.text, kind=kind) from None

    def _take(self, name: str, message: Message) -> None:
        if name in self._commands:
            self._commands[name].hear(message)
        self._hear(name, message)

    def _end(self, name: str, link: NodeConnection, reason: str) -> None:
        known = self.up.get(name) is link
        if known:
            del self.up[name]
        if known and not self._closing:
            self._record("node", node=name, state="lost", evidence=reason)
            self._lost(name, reason)

    def commands(self, name: str) -> Commands | None:
        """Give what runs commands on a node that is up."""
        return self._commands[name] if name in self.up else None

    async def memory(self, name: str) -> Memory:
        """Ask a node's kernel how often it has killed for memory; nothing where it does not say."""
        commands = self.commands(name)
        if commands is not None:
            with suppress(NodeError):
                asked = await commands.run(["sh", "-c", MEMORY], timeout=ASK_SECONDS)
                return read_memory(asked.output)
        return Memory(0, ())

    def memory_before(self, name: str) -> Memory:
        """Give what a kernel had counted when its node was connected to."""
        return self._memory.get(name, Memory(0, ()))

    async def connect_all(self, names: Iterable[str], seconds: float) -> dict[str, Failure]:
        """Connect to those that are not up, side by side; gives what keeps some from it."""
        missing = [name for name in dict.fromkeys(names) if name not in self.up]
        connecting = (self.connect(name, seconds) for name in missing)
        found = await asyncio.gather(*connecting, return_exceptions=True)
        failures: dict[str, Failure] = {}
        for name, result in zip(missing, found, strict=True):
            if isinstance(result, Failure):
                failures[name] = result
            elif isinstance(result, BaseException):
                raise result
        return failures

    async def aclose(self) -> None:
        """Give back what was changed, end what runs, and leave."""
        self._closing = True
        if self._cluster.restore_power:
            power = [each for each in self._power.items() if each[0] in self.up]
            await asyncio.gather(*(self._give_back(*each) for each in power))
        await asyncio.gather(*(link.close() for link in list(self.up.values())))

    async def _give_back(self, node: str, was: PowerChange) -> None:
        giving = give_back(was, self._commands[node])
        try:
            wrong = await within(giving, GIVE_BACK_SECONDS)
        except asyncio.TimeoutError:
            wrong = f"it took more than {GIVE_BACK_SECONDS:g} s"
        if wrong:
            text = f"power mode {was.before or 'and clocks'} not given back: {wrong}"
            self._record("note", level="warn", node=node, text=text)
