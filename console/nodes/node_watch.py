"""Watching the nodes: a connection to each, its telemetry into the fleet, again when it is lost."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable

from edgead.agents.connection import NodeConnection, connect
from edgead.agents.errors import NodeError
from edgead.agents.messages import Message, TelemetryLine
from edgead.agents.tegrastats import TegrastatsError, parse
from edgead.console.nodes.fleet import STALE_SECONDS, Fleet, NodeStatus

FIRST_RETRY, LAST_RETRY = 1.0, 15.0  # seconds between tries, doubling
MOST_AT_ONCE = 10  # samples that may come late and together


async def watch_fleet(fleet: Fleet, changed: Callable[[], None], *, interval: float = 1.0) -> None:
    """Keep every node's status up to date until cancelled; calls `changed` after each change.

    A sample comes every `interval` seconds.
    """
    statuses = fleet.statuses.values()
    await asyncio.gather(*(_watch(status, changed, interval) for status in statuses))


async def _watch(status: NodeStatus, changed: Callable[[], None], interval: float) -> None:
    wait = FIRST_RETRY
    while True:
        status.state = "connecting" if status.state == "waiting" else status.state
        changed()
        try:
            pace = _Pace(interval)
            connection = await connect(
                status.node,
                on_event=lambda message, pace=pace: _hear(status, message, changed, pace),  # type: ignore[misc]
            )
        except NodeError as error:
            _set_lost(status, error.text)
        else:
            wait = FIRST_RETRY
            await _stay(status, connection, changed, interval)
        changed()
        await asyncio.sleep(wait)
        wait = min(2 * wait, LAST_RETRY)


async def _stay(
    status: NodeStatus, connection: NodeConnection, changed: Callable[[], None], interval: float
) -> None:
    """Show a connected node until it is lost."""
    try:
        facts = await connection.facts()
        status.model = facts.model or f"{facts.machine}, {facts.cores} cores"
        status.state, status.error = "up", ""
        changed()
        await connection.telemetry(interval)
        while not connection.closed.done():
            await asyncio.wait({connection.closed}, timeout=STALE_SECONDS)
            _drop_stale(status, max(STALE_SECONDS, 3 * interval), changed)
        _set_lost(status, connection.closed.result())
    except NodeError as error:
        _set_lost(status, error.text)
    finally:
        await connection.close()


class _Pace:
    """Lets pass twice as many samples as were asked for: a node may not flood the screen."""

    def __init__(self, interval: float) -> None:
        self._rate = 2 / interval
        self._room, self._counted = float(MOST_AT_ONCE), time.monotonic()

    def passes(self) -> bool:
        now = time.monotonic()
        self._room = min(MOST_AT_ONCE, self._room + (now - self._counted) * self._rate)
        self._counted = now
        if self._room < 1:
            return False
        self._room -= 1
        return True


def _hear(status: NodeStatus, message: Message, changed: Callable[[], None], pace: _Pace) -> None:
    if not isinstance(message, TelemetryLine) or not pace.passes():
        return
    try:
        status.telemetry = parse(message.line)
    except TegrastatsError:
        return
    status.samples += 1
    status.heard = time.monotonic()
    status.history.append(status.telemetry)
    status.source = message.source
    changed()


def _drop_stale(status: NodeStatus, seconds: float, changed: Callable[[], None]) -> None:
    """A node that is up but has said nothing for a while shows no figures either."""
    if status.telemetry is not None and time.monotonic() - status.heard > seconds:
        status.telemetry = None
        status.history.clear()
        changed()


def _set_lost(status: NodeStatus, why: str) -> None:
    """A lost node shows no figures: they would be stale."""
    if status.state != "lost":
        status.since = time.monotonic()
    status.state, status.error, status.telemetry = "lost", why, None
    status.history.clear()
