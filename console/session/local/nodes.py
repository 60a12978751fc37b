"""LocalNodes: the nodes of one cluster file, watched, checked and asked from this machine."""

from __future__ import annotations

import asyncio
import subprocess
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from edgead.console import paths
from edgead.console.errors import ConsoleError, UnreachableError, UsageError
from edgead.console.nodes.fleet import Fleet
from edgead.console.nodes.inventory import Cluster, cluster_of, read_cluster
from edgead.console.output import counted
from edgead.console.session.local.guard import refuse
from edgead.console.session.session import Search
from edgead.console.toml import parse_toml

if TYPE_CHECKING:
    from edgead.agents.host_keys import OfferedKey
    from edgead.console.nodes.discovery import Found, Wanted
    from edgead.console.nodes.health_watch import HealthWatch

Changed = Callable[[], None]


class LocalNodes:
    """Watches the nodes of `cluster`, and of another one when told to.

    What speaks SSH is imported where it is first needed: the app paints before.

    Without a cluster file it waits until somebody decides. `say` tells what is going on; `busy`
    says whether a trial trains, which checks would slow.
    """

    def __init__(
        self,
        cluster: Path | None,
        say: Callable[[str], None],
        busy: Callable[[], bool],
        *,
        read_only: bool = False,
    ) -> None:
        self.fleet = Fleet("no nodes yet")
        self.cluster = cluster
        self.undecided = cluster is None
        self.ready = asyncio.Event()  # the nodes are known, or why they can't be: `failed`
        self.failed: ConsoleError | None = None
        self._say, self._busy, self._read_only = say, busy, read_only
        self._changed: Changed = lambda: None
        self._decided = asyncio.Event()
        self._health: HealthWatch | None = None
        self._process: subprocess.Popen[bytes] | None = None
        if cluster is not None:
            self._decided.set()

    @property
    def checking(self) -> bool:
        """Whether health checks are running."""
        return self._health is not None and self._health.busy

    # -- which nodes

    async def run(self, changed: Changed) -> None:
        """Watch the nodes until cancelled; other ones as soon as others are chosen."""
        self._changed = changed
        while True:
            await self._decided.wait()
            self._decided.clear()
            watching = asyncio.ensure_future(self._watch())
            other = asyncio.ensure_future(self._decided.wait())
            try:
                await asyncio.wait({watching, other}, return_when=asyncio.FIRST_COMPLETED)
                if watching.done():
                    watching.result()  # raises what nobody foresaw
                    await other
            finally:
                watching.cancel()
                other.cancel()
                await asyncio.gather(watching, other, return_exceptions=True)

    def decide(self, cluster: Path | None) -> None:
        """Watch the nodes of this file, or with None those embedded in this machine."""
        self.cluster, self.undecided, self.failed = cluster, False, None
        self.ready.clear()
        self._decided.set()

    async def use(self, cluster: Path | None) -> str:
        """Watch the nodes of another cluster file; those of this machine with None."""
        if cluster is None:
            refuse(self._read_only)
            self.decide(None)
            return "starting three nodes on this machine"
        self._change()
        count = len(read_cluster(cluster).nodes)
        self.decide(cluster)
        return f"{cluster}: {counted(count, 'node')}"

    def _change(self) -> None:
        """Raise UsageError where the nodes may not become others now."""
        refuse(self._read_only)
        if self._busy():
            raise UsageError("a trial is running: its nodes stay until it is over")

    async def _watch(self) -> None:
        from edgead.console.nodes.health_watch import HealthWatch
        from edgead.console.nodes.node_watch import watch_fleet
        from edgead.console.session import detached

        try:
            if self.cluster is None:
                self._say("starting three nodes on this machine…")
                folder = paths.embedded_folder()
                self.cluster, process = await detached.start_embedded_nodes(folder)
                if self._process is None or self._process.poll() is not None:
                    self._process = process  # else ours serves the folder already
            cluster = read_cluster(self.cluster)
        except ConsoleError as error:
            self.failed = error
            self.ready.set()
            self._say(f"{error} · + adds nodes")
            return
        fleet = Fleet.of(cluster.name, cluster.nodes, embedded=cluster.embedded)
        for name, status in self.fleet.statuses.items():  # who stays keeps its verdicts
            if name in fleet.statuses and fleet.statuses[name].node == status.node:
                fleet.statuses[name].checks = status.checks
        self.fleet = fleet
        self.ready.set()
        self._say("")
        self._health = HealthWatch(cluster, fleet, self._changed)
        watching = [watch_fleet(fleet, self._changed)]
        if not cluster.embedded:
            watching.append(self._health.run(self._busy))
        await asyncio.gather(*watching)

    async def close(self) -> None:
        """End the nodes that were started in this machine."""
        if self._process is not None:
            self._process.terminate()
            await asyncio.to_thread(self._process.wait)

    # -- what can be asked of them

    async def check(self, names: Sequence[str] = ()) -> str:
        """Run every health check."""
        return await self._checked().check(names, self_test=True)

    async def mend(self, names: Sequence[str] = ()) -> str:
        """Run the safe remedies and check again."""
        refuse(self._read_only)
        return await self._checked().mend(names)

    async def power(self, names: Sequence[str], mode: str) -> str:
        """Set a power mode by name."""
        from edgead.console.nodes.on_nodes import chosen, on_nodes
        from edgead.console.nodes.power import PowerChange, set_power

        refuse(self._read_only)
        nodes = chosen(self._cluster(), names)

        def said(done: PowerChange) -> str:
            if done.state == "failed":
                raise UsageError(done.text)
            return f"{done.before or '?'} → {done.after}" if done.state == "set" else done.after

        results = await on_nodes(nodes, lambda _, it: set_power(it, mode, clocks=None))
        return _together([node.name for node in nodes], results, said)

    async def container(self, verb: str, names: Sequence[str]) -> str:
        """Have containers start, stop, restart, list or prune."""
        from edgead.console.nodes import containers
        from edgead.console.nodes.on_nodes import chosen, on_nodes

        verbs = {
            "start": containers.start,
            "stop": containers.stop,
            "restart": containers.restart,
            "prune": containers.prune,
            "list": containers.show,
        }
        if verb != "list":
            refuse(self._read_only)
        nodes = chosen(self._cluster(), names)

        def said(done: containers.Done) -> str:
            if not done.ok:
                raise UsageError(done.text)
            return done.text

        return _together([n.name for n in nodes], await on_nodes(nodes, verbs[verb]), said)

    async def container_log(self, name: str) -> list[str]:
        """Give the last lines of a node's container."""
        from edgead.agents.errors import NodeError
        from edgead.console.nodes import containers
        from edgead.console.nodes.on_nodes import on_nodes

        (done,) = await on_nodes([self._cluster().node(name)], containers.logs)
        if isinstance(done, NodeError):
            raise UnreachableError(f"{name}: {done.text}")
        if not done.ok:
            raise UsageError(f"{name}: {done.text}")
        return done.text.splitlines()

    def shell(self, name: str) -> list[str]:
        """Give the command that opens a shell on a node."""
        from edgead.console.nodes.shell import shell_argv

        refuse(self._read_only)
        cluster = self._cluster()
        if cluster.embedded:
            raise UsageError(f"{name} is in this machine: there is no shell to log in to")
        return shell_argv(cluster.node(name))

    # -- finding and adding more

    def search(self, wanted: Wanted, changed: Changed) -> Search:
        """Make a search for nodes; it begins when its `run` is awaited."""
        from edgead.console.nodes.discovery import Discovery

        return Discovery(wanted, changed)

    async def accept(self, offer: OfferedKey) -> None:
        """Keep a new host key that a person has accepted."""
        from edgead.agents.host_keys import accept

        refuse(self._read_only)
        try:
            accept(offer)
        except (OSError, ValueError) as error:
            text = f"the host key of {offer.target} can't be kept: {error}"
            raise UsageError(text) from None

    async def add(self, found: Sequence[Found], wanted: Wanted, file: Path) -> str:
        """Put found nodes into a cluster file, a new one where it is not there, and watch them."""
        from edgead.console.nodes.inventory_file import as_toml, with_more

        self._change()
        try:
            text = file.read_text(encoding="utf-8")
        except FileNotFoundError:
            text = ""
        except (OSError, ValueError) as error:
            raise UsageError(f"{file}: can't be read: {error}") from None
        if text:
            known = read_cluster(file).nodes
            return await self.write(with_more(text, found, known, wanted), file)
        name = file.absolute().parent.name if file.stem == "cluster" else file.stem
        return await self.write(as_toml(name, found, wanted), file)

    def mistakes(self, text: str, file: Path) -> list[str]:
        """Give a line for each mistake in the text of a cluster file."""
        try:
            cluster_of(parse_toml(text, file), file)
        except UsageError as error:
            return list(error.lines)
        return []

    async def write(self, text: str, file: Path) -> str:
        """Write a cluster file, and watch its nodes."""
        from edgead.console.nodes.inventory_file import write_new

        self._change()
        if wrong := self.mistakes(text, file):
            raise UsageError(*wrong)
        write_new(file, text, force=True)
        return await self.use(file)

    def _cluster(self) -> Cluster:
        if self.cluster is None:
            raise UsageError("there are no nodes yet: + adds some")
        return read_cluster(self.cluster)

    def _checked(self) -> HealthWatch:
        if self._health is None:
            raise UsageError("there are no nodes yet: + adds some")
        return self._health


def _together(names: Sequence[str], results: Sequence[object], said: Callable[..., str]) -> str:
    """Join what became of it on each node into one line. Raises UsageError where some failed."""
    told = [_outcome(result, said) for result in results]
    lines = [f"{name}: {text}" for name, (_, text) in zip(names, told, strict=True)]
    if not all(well for well, _ in told):
        raise UsageError("; ".join(lines))
    return "; ".join(lines)


def _outcome(result: object, said: Callable[..., str]) -> tuple[bool, str]:
    """Say what became of it on one node, and whether it went well."""
    from edgead.agents.errors import NodeError

    if isinstance(result, NodeError):
        return False, result.text
    try:
        return True, said(result)
    except UsageError as error:
        return False, str(error)
