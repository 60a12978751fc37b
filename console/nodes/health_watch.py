"""The nodes' health in the app: checked now and then, and when asked; kept with each node."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence

from edgead.console.errors import UsageError
from edgead.console.nodes.fleet import Fleet
from edgead.console.nodes.health.check import HealthCheck, with_cluster
from edgead.console.nodes.health.fix import fix, safe
from edgead.console.nodes.health.run import check_nodes
from edgead.console.nodes.inventory import Cluster
from edgead.console.nodes.on_nodes import chosen

EVERY_SECONDS = 600.0
SELF_TEST = "self-test"


class HealthWatch:
    """Checks the nodes of a cluster and writes what it finds into the fleet."""

    def __init__(self, cluster: Cluster, fleet: Fleet, changed: Callable[[], None]) -> None:
        self._cluster, self._fleet, self._changed = cluster, fleet, changed
        self.busy = False

    async def run(self, training: Callable[[], bool]) -> None:
        """Check now and then, until cancelled; not while a trial trains, which would be slowed.

        The self-test takes a board half a minute: it comes only when it is asked for.
        """
        while True:
            if not self.busy and not training():
                await self.check(self_test=False)
            await asyncio.sleep(EVERY_SECONDS)

    async def check(self, names: Sequence[str] = (), *, self_test: bool) -> str:
        """Run all checks, of these nodes or of every one; answers in one line.

        Raises UsageError while others run, or for a name that is none.
        """
        nodes = chosen(self._cluster, names)
        self._begin()
        try:
            leave_out = [] if self_test else [SELF_TEST]
            found = await check_nodes(self._cluster, nodes, self._keep, leave_out=leave_out)
        finally:
            self._end()
        counts = {each: sum(check.verdict == each for check in found) for each in ("warn", "fail")}
        return f"{len(found)} checks: {counts['fail']} fail, {counts['warn']} warn"

    async def mend(self, names: Sequence[str] = ()) -> str:
        """Run the safe remedies of what was found; answers in one line."""
        nodes = [self._fleet.statuses[node.name] for node in chosen(self._cluster, names)]
        known = [check for each in nodes for check in each.checks.values()]
        if not safe(known):
            return "nothing that can be mended safely"
        self._begin()
        try:
            done = await fix(self._cluster, known)
        finally:
            self._end()
        await self.check(names, self_test=False)
        failed = [f"{each.node} {each.name}: {each.text}" for each in done if not each.ok]
        return "; ".join(failed) or f"mended: {', '.join(f'{e.node} {e.name}' for e in done)}"

    def _keep(self, check: HealthCheck) -> None:
        checks = self._fleet.statuses[check.node].checks
        if check.name == "reach":
            checks.clear()  # what comes after is new
        checks[check.name] = with_cluster(check, self._cluster.path)
        if check.name == "power" and check.verdict != "fail":
            # Its evidence begins with the mode's name.
            self._fleet.statuses[check.node].mode = check.evidence.partition(",")[0]
        self._changed()

    def _begin(self) -> None:
        if self.busy:
            raise UsageError("checks are running: wait for them")
        self.busy = True
        self._changed()

    def _end(self) -> None:
        self.busy = False
        self._changed()
