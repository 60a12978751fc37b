"""nodes watch: the nodes' telemetry, as a table that stays up to date, or as lines for scripts."""

from __future__ import annotations

import argparse
import asyncio
import shutil
import sys
from collections.abc import Sequence

from edgead.agents.tegrastats import summary
from edgead.agents.telemetry import to_json
from edgead.console import output
from edgead.console.commands.nodes import chosen_cluster
from edgead.console.errors import DONE, UNREACHABLE, UsageError
from edgead.console.interrupt import run_until_signal
from edgead.console.nodes.fleet import Fleet, NodeStatus
from edgead.console.nodes.node_watch import watch_fleet
from edgead.console.nodes.on_nodes import chosen

FASTEST, SLOWEST = 0.1, 3600.0  # seconds between samples
REDRAW_SECONDS = 0.5


def watch(args: argparse.Namespace) -> int:
    """Print samples until Ctrl-C, or until each node has given so many."""
    if not FASTEST <= args.interval <= SLOWEST:
        raise UsageError(f"--interval: expected {FASTEST} to {SLOWEST:g} s, got {args.interval:g}")
    if args.count is not None and args.count < 1:
        raise UsageError(f"--count: expected 1 or more, got {args.count}")
    cluster = chosen_cluster(args)
    fleet = Fleet.of(cluster.name, chosen(cluster, args.names), embedded=cluster.embedded)
    return run_until_signal(_watch(args, fleet))


async def _watch(args: argparse.Namespace, fleet: Fleet) -> int:
    drawn = not args.json and sys.stdout.isatty()
    teller: _Teller = _Table(fleet) if drawn else _Lines(fleet, as_json=args.json)
    finished = asyncio.Event()

    left = False

    def changed() -> None:
        nonlocal left
        try:
            teller.take()
        except BrokenPipeError:  # whoever read us has enough
            left = True
            finished.set()
        if args.count is not None and teller.count() >= args.count:
            finished.set()

    watching = asyncio.ensure_future(watch_fleet(fleet, changed, interval=args.interval))
    waiting = asyncio.ensure_future(finished.wait())
    try:
        await asyncio.wait({watching, waiting}, return_when=asyncio.FIRST_COMPLETED)
    except asyncio.CancelledError:
        if drawn:
            print()  # after the ^C that a terminal shows
        raise
    finally:
        for job in (watching, waiting):
            job.cancel()
        await asyncio.gather(watching, waiting, return_exceptions=True)
    if left:
        raise BrokenPipeError
    teller.close()
    return DONE if all(status.samples for status in fleet.statuses.values()) else UNREACHABLE


class _Teller:
    """Tells of a fleet whenever it has changed."""

    def __init__(self, fleet: Fleet) -> None:
        self._statuses = list(fleet.statuses.values())

    def count(self) -> int:
        """Count the samples of the node that has given fewest; a lost node is not waited for."""
        there = [each.samples for each in self._statuses if each.state != "lost"]
        return min(there, default=sys.maxsize)

    def take(self) -> None:
        """Tell what is new."""

    def close(self) -> None:
        """Tell what was held back."""


class _Lines(_Teller):
    """A line for each sample and each change of state."""

    def __init__(self, fleet: Fleet, *, as_json: bool) -> None:
        super().__init__(fleet)
        self._as_json = as_json
        self._told: dict[str, tuple[str, int]] = {}

    def take(self) -> None:
        for status in self._statuses:
            state, samples = self._told.get(status.node.name, ("waiting", 0))
            if status.state != state:
                self._tell_state(status)
            if status.samples != samples and status.telemetry is not None:
                self._tell_sample(status)
            self._told[status.node.name] = status.state, status.samples

    def _tell_state(self, status: NodeStatus) -> None:
        if self._as_json:
            fields = {"node": status.node.name, "state": status.state}
            output.print_object("node", {**fields, "evidence": status.error or None})
        else:
            print(f"{status.node.name}: {status.state} {status.error}".rstrip(), flush=True)

    def _tell_sample(self, status: NodeStatus) -> None:
        assert status.telemetry is not None
        if self._as_json:
            fields = to_json(status.telemetry)
            del fields["kind"]
            board_time = fields.pop("time")
            given = {"node": status.node.name, "source": status.source, "board_time": board_time}
            output.print_object("telemetry", {**given, **fields})
        else:
            print(f"{status.node.name}: {summary(status.telemetry)}", flush=True)


class _Table(_Teller):
    """A table that is drawn anew in its place."""

    def __init__(self, fleet: Fleet) -> None:
        super().__init__(fleet)
        self._height = 0
        self._timer: asyncio.TimerHandle | None = None

    def take(self) -> None:
        if self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(REDRAW_SECONDS, self._draw)

    def close(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._draw()

    def _draw(self) -> None:
        self._timer = None
        rows: list[Sequence[str]] = [("NODE", "STATE", "TELEMETRY")]
        rows += [_row(status) for status in self._statuses]
        up = f"\x1b[{self._height}A" if self._height else ""
        lines = output.columns(rows)
        width = shutil.get_terminal_size().columns
        print(up + "".join(f"\r{line[:width]}\x1b[K\n" for line in lines), end="", flush=True)
        self._height = len(lines)


def _row(status: NodeStatus) -> tuple[str, str, str]:
    said = summary(status.telemetry) if status.telemetry is not None else status.error or "-"
    return status.node.name, status.state, said
