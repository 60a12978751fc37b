"""One SSH connection to a node, with the agent on it."""

from __future__ import annotations

import asyncio
import itertools
import secrets
import shlex
from collections.abc import Callable, Coroutine, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, TypeAlias, TypeVar

import asyncssh

from edgead.agents import messages
from edgead.agents.address import NodeAddress
from edgead.agents.agent import LOWEST_PORT
from edgead.agents.errors import TEXT_LIMIT, AgentFailed, NodeError, NodeUnreachable
from edgead.agents.hearing import pieces
from edgead.agents.login import log_in
from edgead.agents.messages import Facts, Hello, Message
from edgead.agents.program import Program
from edgead.agents.protocol import VERSION, ProtocolError, decode, encode, printable, split
from edgead.agents.sending import send_file
from edgead.agents.staging import Progress, Staged, stage
from edgead.agents.tunnel import Tunnel
from edgead.agents.waiting import within

HEARTBEAT = 2.0  # seconds between signs of life
DEAD_AFTER = 6.0  # seconds of silence after which the agent ends everything
ANSWER_SECONDS = 15.0  # for an answer; an agent that lives may still be one that never answers
_AGENT = Path(__file__).with_name("agent.py").read_bytes()

_Process: TypeAlias = "asyncssh.SSHClientProcess[bytes]"
_AnyAnswer = TypeVar("_AnyAnswer", bound=Message)


async def connect(
    address: NodeAddress,
    *,
    timeout: float = 10.0,
    on_event: Callable[[Message], None],
    marker: str | None = None,
    sweep: Sequence[str] = (),
) -> NodeConnection:
    """Connect to a node and start the agent there.

    Args:
        address: the node.
        timeout: seconds for all of it.
        on_event: called for every Line, Exit, TelemetryLine, Error and Ended, in order.
        marker: EDGEAD_AGENT in the environment of all tasks; None makes a random one.
        sweep: markers of agents that were lost; what they left running is killed.

    Raises:
        NodeError: in one of its kinds, which say what is wrong.
    """
    connection = NodeConnection(address, on_event, marker or secrets.token_hex(16))
    try:
        await within(connection.open(sweep), timeout)
    except asyncio.TimeoutError:
        connection.drop("connecting took too long")
        text = f"no answer from {address} within {timeout:g} s"
        raise NodeUnreachable(address.name, text) from None
    except BaseException:  # cancelled too: nothing may stay behind
        connection.drop("connecting failed")
        raise
    return connection


class NodeConnection:
    """A node that answers: starts and ends tasks, streams what they say.

    Attributes:
        address: the node.
        hello: the agent's first word.
        marker: EDGEAD_AGENT in the environment of all its tasks.
        closed: resolves with the reason when the link or the agent is gone.
    """

    hello: Hello

    def __init__(
        self, address: NodeAddress, on_event: Callable[[Message], None], marker: str
    ) -> None:
        self.address = address
        self.marker = marker
        self.closed: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        self._on_event = on_event
        self._ssh: asyncssh.SSHClientConnection | None = None
        self._process: _Process | None = None
        self._tunnel: asyncio.Future[Tunnel] | None = None
        self._numbers = itertools.count(1)
        # The agent greets before it is asked anything: hello answers number 0.
        self._answers: dict[int, asyncio.Future[Message]] = {}
        self._running: set[str] = set()
        self._unanswered = 0
        self._last_word: messages.Ended | None = None
        self._errors = b""
        self._closing = False
        self._jobs: set[asyncio.Task[None]] = set()

    async def open(self, sweep: Sequence[str]) -> None:
        """Log in, start the agent and configure it; `connect` is the way to call this."""
        self._ssh = await log_in(self.address)
        stub = f"import sys;exec(compile(sys.stdin.buffer.read({len(_AGENT)}),'agent','exec'))"
        # -I and -S: neither files in the node's home nor its site-packages get in the way.
        command = f"exec {shlex.quote(self.address.python)} -ISuc {shlex.quote(stub)}"
        try:
            self._process = process = await self._ssh.create_process(
                command, encoding=None, request_pty=False
            )
            process.stdin.write(_AGENT)
        except (OSError, asyncssh.Error) as error:
            raise AgentFailed(self.address.name, f"no session for the agent: {error}") from None
        greeting = self._answers[0] = asyncio.get_running_loop().create_future()
        errors = self._run(self._read_errors(process))
        self._run(self._read(process, errors))
        hello = await greeting
        if not isinstance(hello, Hello) or hello.version != VERSION:
            raise AgentFailed(
                self.address.name, f"not a greeting in version {VERSION}: {hello!r:.200}"
            )
        self.hello = hello
        configure = messages.Configure(next(self._numbers), DEAD_AFTER, self.marker, tuple(sweep))
        await self._ask(configure, messages.Done)
        self._run(self._beat())

    async def start_task(
        self,
        task: str,
        argv: Sequence[str],
        env: Mapping[str, str],
        stdin: str = "",
        cwd: str | None = None,
    ) -> int:
        """Start a process and return its pid; cancelling this ends it.

        Args:
            task: its name in every message; no other of that name may run on this node.
            argv: the command.
            env: what its environment adds to the agent's.
            stdin: its standard input, which then ends.
            cwd: its folder; None is the login's home.

        Raises:
            AgentFailed: it can't be started, or the agent is gone.
        """
        if task in self._running:
            raise AgentFailed(self.address.name, f"task {task} runs already")
        self._running.add(task)
        number = next(self._numbers)
        try:
            request = messages.Start(number, task, tuple(argv), dict(env), stdin, cwd)
            return (await self._ask(request, messages.Started)).pid
        except AgentFailed:
            self._running.discard(task)
            self._stop_unheard(task)  # should it have started, and the word of it be lost
            raise
        except asyncio.CancelledError:
            self._stop_unheard(task)
            raise

    async def stop_task(self, task: str, grace: float = 2.0) -> None:
        """End a task with all it started; returns when that is gone, or was; AgentFailed.

        SIGTERM comes first, SIGKILL after `grace` seconds.
        """
        request = messages.Stop(next(self._numbers), task, grace)
        await self._ask(request, messages.Stopped, grace + ANSWER_SECONDS)

    async def ports(self, count: int, among: tuple[int, int] | None = None) -> list[int]:
        """Return `count` free ports of the node, all different; raises AgentFailed.

        `among` is the first and the last that will do.
        """
        first, last = among or (0, 0)
        request = messages.GetPorts(next(self._numbers), count, first, last)
        answer = (await self._ask(request, messages.Ports)).ports
        low, high = among or (LOWEST_PORT, 65535)
        # Tunnels listen there on this machine: a node must not choose whose port it takes.
        if len(set(answer)) != count or not all(low <= port <= high for port in answer):
            wanted = f"{count} ports from {low} to {high}"
            raise AgentFailed(self.address.name, f"asked for {wanted}, got {answer!r:.200}")
        return list(answer)

    async def facts(self) -> Facts:
        """Return what the node is; raises AgentFailed."""
        return await self._ask(messages.GetFacts(next(self._numbers)), Facts)

    async def telemetry(self, interval: float = 1.0) -> None:
        """Start telemetry: one TelemetryLine every `interval` seconds goes to on_event."""
        n, milliseconds = next(self._numbers), round(interval * 1000)
        await self._ask(messages.Watch(n, milliseconds), messages.Done)

    async def stage(self, path: Path, progress: Progress, *, verify: bool = False) -> Staged:
        """Have a shard, a file named by its sha256, in the node's cache; raises AgentFailed.

        `verify` reads one that is there already.
        """
        if self._ssh is None or self.closed.done():
            raise AgentFailed(self.address.name, "not connected")
        there = self._ssh, self.address.name, self.address.python
        return await stage(*there, path, progress, verify=verify)

    async def open_program(
        self, file: str, module: str, env: Mapping[str, str], interpreter: Sequence[str] = ()
    ) -> Program:
        """Run a module out of a staged zip, over a channel of its own; raises AgentFailed.

        `interpreter` is the command of another Python than the node's own.
        """
        if self._ssh is None or self.closed.done():
            raise AgentFailed(self.address.name, "not connected")
        python = interpreter or (self.address.python,)
        return await Program.start(self._ssh, self.address.name, python, file, module, env)

    async def tunnel(self) -> Tunnel:
        """Return the connection for tunnels, made when it is first asked for; raises NodeError.

        When it is lost, so is the node.
        """
        if self._tunnel is None:
            self._tunnel = asyncio.ensure_future(Tunnel.open(self.address))
            self._run(self._watch_tunnel(self._tunnel))
        return await asyncio.shield(self._tunnel)

    def servers(self) -> list[int]:
        """Return the processes of sshd that hold this node's connections there."""
        found = [self.hello.parent]
        if self._tunnel is not None and self._tunnel.done() and not self._tunnel.cancelled():
            found += [] if self._tunnel.exception() else [self._tunnel.result().server]
        return [pid for pid in found if pid > 1]

    def ends(self) -> tuple[str, str]:
        """Return this connection's two IP addresses: ours, the node's."""
        assert self._ssh is not None
        ours, theirs = (self._ssh.get_extra_info(f"{end}name")[0] for end in ("sock", "peer"))
        return str(ours), str(theirs)

    async def send(
        self, argv: Sequence[str], path: Path, progress: Callable[[int, int], None]
    ) -> tuple[int, str]:
        """Run a command with a file as its input: exit code and output; AgentFailed, OSError."""
        if self._ssh is None or self.closed.done():
            raise AgentFailed(self.address.name, "not connected")
        return await send_file(self._ssh, self.address.name, argv, path, progress)

    async def close(self) -> None:
        """End every task, the agent and the link; takes six seconds at most."""
        self._closing = True
        try:
            with suppress(AgentFailed):
                self._send(messages.End(next(self._numbers)))
                await asyncio.wait({self.closed}, timeout=DEAD_AFTER)
        finally:
            self.drop("closed")
        if self._ssh is not None:
            await self._ssh.wait_closed()
        await asyncio.gather(*self._jobs, return_exceptions=True)

    def drop(self, reason: str) -> None:
        """Cut the link at once; the agent ends its tasks when it notices."""
        if self.closed.done():
            return
        reason = "closed" if self._closing else printable(reason)[:TEXT_LIMIT]
        self.closed.set_result(reason)
        for answer in self._answers.values():
            if not answer.done():
                answer.set_exception(AgentFailed(self.address.name, reason))
        for job in self._jobs - {asyncio.current_task()}:
            job.cancel()
        if self._ssh is not None:
            self._ssh.abort()

    async def _watch_tunnel(self, opening: asyncio.Future[Tunnel]) -> None:
        try:
            tunnel = await opening
        except NodeError:  # whoever asked for it hears
            return
        except asyncio.CancelledError:
            opening.cancel()
            raise
        try:
            await asyncio.shield(tunnel.lost)
            self.drop("the connection for tunnels is lost")
        finally:
            tunnel.abort()

    def _run(self, job: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        task = asyncio.get_running_loop().create_task(job)
        self._jobs.add(task)
        task.add_done_callback(self._jobs.discard)
        return task

    # -- asking

    def _send(self, request: messages.Request) -> None:
        if self._process is None or self.closed.done():
            reason = self.closed.result() if self.closed.done() else "not connected"
            raise AgentFailed(self.address.name, reason)
        try:
            self._process.stdin.write(encode(request))
        except (OSError, ProtocolError) as error:
            raise AgentFailed(self.address.name, f"{request.op} can't be sent: {error}") from None

    async def _ask(
        self, request: messages.Request, kind: type[_AnyAnswer], seconds: float = ANSWER_SECONDS
    ) -> _AnyAnswer:
        """Send a request and return its answer, which must be of that kind and come in time."""
        answer = self._answers[request.n] = asyncio.get_running_loop().create_future()
        try:
            self._send(request)
            found = await within(answer, seconds)
        except asyncio.TimeoutError:
            text = f"{request.op}: no answer within {seconds:g} s"
            raise AgentFailed(self.address.name, text) from None
        finally:
            self._answers.pop(request.n, None)
        if isinstance(found, kind):
            return found
        said = f"a wrong answer: {found!r:.200}"
        text = found.reason if isinstance(found, messages.Failed) else said
        raise AgentFailed(self.address.name, text)

    def _stop_unheard(self, task: str) -> None:
        """End a task without waiting for the word of it."""
        with suppress(AgentFailed):
            self._send(messages.Stop(next(self._numbers), task, 0))

    async def _beat(self) -> None:
        """Tell the agent that we live; give it up when it no longer answers."""
        with suppress(AgentFailed):
            while self._unanswered * HEARTBEAT < DEAD_AFTER:
                await asyncio.sleep(HEARTBEAT)
                self._send(messages.Ping(next(self._numbers)))
                self._unanswered += 1
        self.drop(f"the agent has not answered for {DEAD_AFTER:g} s")

    # -- hearing

    async def _read(self, process: _Process, errors: asyncio.Task[None]) -> None:
        """Receive messages until there are no more, then say why."""
        buffer = bytearray()
        reason = "an event could not be handled"
        try:
            async for data in pieces(process.stdout):
                self._unanswered = 0
                for line in split(buffer, data):
                    self._receive(line)
            await asyncio.wait({errors}, timeout=HEARTBEAT)
            reason = await self._how_it_ended(process)
        except ProtocolError as error:
            reason = f"what the agent says is not the protocol: {error}"
        except (OSError, asyncssh.Error) as error:
            reason = f"the link is lost: {error}"
        finally:
            self.drop(reason)

    def _receive(self, line: bytes) -> None:
        greeted = 0 not in self._answers or self._answers[0].done()
        try:
            message = decode(line)
        except ProtocolError:
            if greeted:
                raise
            return  # what the login's own start files print
        n = 0 if isinstance(message, Hello) else getattr(message, "n", None)
        if isinstance(message, messages.Exit | messages.Stopped):
            self._running.discard(message.task)
        if isinstance(message, messages.Ended):
            self._last_word = message
        if n is None:
            self._on_event(message)
        elif (answer := self._answers.get(n)) is not None and not answer.done():
            answer.set_result(message)

    async def _read_errors(self, process: _Process) -> None:
        """Keep the end of what the shell and the interpreter complain about."""
        with suppress(OSError, asyncssh.Error):
            async for data in pieces(process.stderr):
                self._errors = (self._errors + data)[-4096:]

    async def _how_it_ended(self, process: _Process) -> str:
        if self._last_word is not None:
            return f"the agent ended: {self._last_word.reason}"
        with suppress(asyncio.TimeoutError):
            await within(process.wait_closed(), HEARTBEAT)
        if process.exit_signal is not None:
            how = f"signal {printable(process.exit_signal[0])}"
        elif process.exit_status is not None:
            how = f"exit code {process.exit_status}"
        else:  # asyncssh tells a lost link by neither
            return "the link is lost"
        said = printable(self._errors.decode("utf-8", "replace").strip().split("\n")[-1])
        return f"the agent ended with {how}" + (f": {said}" if said else "")
