"""Run the checks: all nodes and all checks of a node side by side, each with a deadline."""

from __future__ import annotations

import asyncio
import shlex
import time
from collections.abc import Callable, Iterable, Sequence

from edgead.agents.commands import Commands, commands_on
from edgead.agents.errors import (
    AuthenticationFailed,
    HostKeyChanged,
    HostKeyUnknown,
    NodeError,
)
from edgead.agents.protocol import one_line
from edgead.console.nodes.health import docker, jetson, machine, ports, tensorflow
from edgead.console.nodes.health.check import (
    TEXT_LIMIT,
    Board,
    Check,
    Finding,
    HealthCheck,
    fail,
    ok,
    ours,
    send_key,
    there,
    warn,
)
from edgead.console.nodes.inventory import Cluster, Node

REACH, LINK = "reach", "link"
CHECKS: tuple[Check, ...] = (
    *jetson.CHECKS,
    *machine.CHECKS,
    *docker.CHECKS,
    *tensorflow.CHECKS,
)
NAMES = (REACH, LINK, *(check.name for check in CHECKS), ports.NAME)
LOGIN_SECONDS = 10.0
PINGS = 5
SLOW_PING = 0.02  # seconds

Tell = Callable[[HealthCheck], None]
Begin = Callable[[str, str], None]  # node, name


async def check_nodes(
    cluster: Cluster,
    nodes: Sequence[Node],
    tell: Tell,
    *,
    leave_out: Iterable[str] = (),
    begin: Begin = lambda node, name: None,
) -> list[HealthCheck]:
    """Check nodes; `begin` hears of each check that begins, `tell` when it is done; gives them all.

    A node that can't be reached has one check, `reach`, and delays no other.
    """
    found: list[HealthCheck] = []

    def keep(check: HealthCheck) -> None:
        found.append(check)
        tell(check)

    wanted = [check for check in CHECKS if check.name not in set(leave_out)]
    meeting = _Meeting(len(nodes), cluster.transport)
    await asyncio.gather(*(_check_node(node, wanted, keep, meeting, begin) for node in nodes))
    return found


class _Meeting:
    """Where connected nodes wait for each other, for the check that needs all at once."""

    def __init__(self, expected: int, transport: str) -> None:
        self.transport = transport
        self._expected, self._here = expected, 0
        self._nodes: dict[str, tuple[Node, Commands]] = {}
        self._all: asyncio.Event = asyncio.Event()
        self._job: asyncio.Future[dict[str, Finding]] | None = None

    def come(self, node: Node, commands: Commands | None) -> None:
        """Say that a node is there, or that it won't be."""
        self._here += 1
        if commands is not None:
            self._nodes[node.name] = (node, commands)
        if self._here == self._expected:
            self._all.set()

    async def ports(self, node: Node, commands: Commands) -> Finding:
        """Check the ports of one of them."""
        count = ports.count_of(self._expected)
        if self.transport == "tunnel":
            return await ports.check_tunnel(node, commands, count)
        await self._all.wait()
        if self._job is None:
            self._job = asyncio.ensure_future(ports.check_direct(self._nodes, count))
        return (await asyncio.shield(self._job))[node.name]


async def _check_node(
    node: Node, checks: Sequence[Check], tell: Tell, meeting: _Meeting, begin: Begin
) -> None:
    began = time.monotonic()
    begin(node.name, REACH)
    came = False
    try:
        async with commands_on(node, timeout=LOGIN_SECONDS) as commands:
            seconds = time.monotonic() - began
            tell(_of(node, REACH, ok(f"SSH login and agent in {seconds:.2f} s")))
            meeting.come(node, commands)
            came = True
            board = Board(node, await commands.connection.facts())
            checks = [check for check in checks if check.wanted(board)]
            for name in (LINK, *(check.name for check in checks), ports.NAME):
                begin(node.name, name)
            jobs = [_run(check, board, commands, tell) for check in checks]
            await asyncio.gather(_link(node, commands, tell), *jobs)
            tell(_of(node, ports.NAME, await meeting.ports(node, commands)))
    except NodeError as error:
        tell(_of(node, REACH, fail(error.text, _login_remedy(node, error))))
    finally:
        if not came:
            meeting.come(node, None)


async def _run(check: Check, board: Board, commands: Commands, tell: Tell) -> None:
    argv, stdin = check.command(board)
    outcome = await commands.run(argv, stdin=stdin, timeout=check.timeout)
    if outcome.late:
        said = outcome.last
        text = f"no answer within {check.timeout:g} s" + (f"; it said: {said}" if said else "")
        finding = fail(text, there(board.node, "uptime; dmesg | tail"))
    else:
        finding = check.judge(board, outcome)
    tell(_of(board.node, check.name, finding))


async def _link(node: Node, commands: Commands, tell: Tell) -> None:
    times = []
    for _ in range(PINGS):
        began = time.monotonic()
        await commands.connection.facts()
        times.append(time.monotonic() - began)
    best = min(times)
    said = f"{1000 * best:.1f} ms there and back"
    slow = warn(said, shlex.join(["ping", "-c", "10", node.host]))
    tell(_of(node, LINK, ok(said) if best < SLOW_PING else slow))


def _login_remedy(node: Node, error: NodeError) -> str:
    if isinstance(error, HostKeyUnknown):
        return ours("nodes", "trust", node.name)
    if isinstance(error, HostKeyChanged):
        return ""  # no command is safe to copy here; the evidence says what to compare
    if isinstance(error, AuthenticationFailed):
        return send_key(node)
    return shlex.join(["ping", "-c", "3", node.host])


def _of(node: Node, name: str, finding: Finding) -> HealthCheck:
    evidence = one_line(finding.evidence)[:TEXT_LIMIT]
    return HealthCheck(node.name, name, finding.verdict, evidence, finding.remedy)


def worst(checks: Iterable[HealthCheck]) -> str:
    """Return the worst verdict among them: fail, warn or ok."""
    verdicts = {check.verdict for check in checks}
    return next((each for each in ("fail", "warn") if each in verdicts), "ok")
