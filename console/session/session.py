"""Session: the one thing the app looks at and can ask for."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from edgead.console.narration import Sentence
from edgead.console.nodes.fleet import Fleet
from edgead.console.runs.state import TrialState
from edgead.models.spec import TrialSpec

if TYPE_CHECKING:
    from edgead.agents.host_keys import OfferedKey
    from edgead.console.nodes.discovery import Found, Wanted
    from edgead.console.reports.describe import Section
    from edgead.console.running.plan import Plan
    from edgead.console.runs.run_lines import RunLine


class Session(Protocol):
    """What the app looks at and can ask for; the app owns no trial and no connection.

    What is asked for answers in one line, or raises ConsoleError. A session that is `read_only`
    refuses whatever would change something.
    """

    @property
    def read_only(self) -> bool:
        """Whether nothing may be changed."""

    @property
    def fleet(self) -> Fleet:
        """The nodes and the latest known of each."""

    @property
    def trial(self) -> TrialState | None:
        """The trial on the plots: the running one, the latest, or one that was chosen."""

    @property
    def reference(self) -> TrialState | None:
        """A second trial to lay beside it, such as the centralised one."""

    @property
    def sentences(self) -> Sequence[Sentence]:
        """The events so far as sentences, newest last, bounded."""

    @property
    def message(self) -> str:
        """What the session is doing, such as "starting three nodes…"; empty when idle."""

    @property
    def nodes(self) -> Nodes:
        """What can be asked of the nodes."""

    @property
    def trials(self) -> Trials:
        """What can be asked of the trials."""

    @property
    def history(self) -> History:
        """Which trial is on the plots, and replays."""

    @property
    def logs(self) -> Logs:
        """What programs have written."""

    async def run(self, changed: Callable[[], None], fleet_changed: Callable[[], None]) -> None:
        """Live as long as the app; call one of these, on the event loop, after any change.

        `fleet_changed` is for what the nodes say of themselves, a hundred times a second.
        """

    def running(self) -> bool:
        """Whether a trial is running, or about to be."""

    async def close(self, *, stop: bool) -> None:
        """Take leave: end the running trial, or leave it running."""


class Search(Protocol):
    """A search for nodes; cancelling what runs ends it at once, and keeps what was found."""

    tried: int
    total: int
    offers: dict[tuple[str, int], OfferedKey]

    @property
    def found(self) -> list[Found]:
        """Who was found so far."""

    async def run(self) -> None:
        """Search all of it. Raises UnreachableError."""

    async def identify_again(self, chosen: Sequence[Found]) -> None:
        """Log in once more, such as after a host key was accepted."""


class Nodes(Protocol):
    """What can be asked of the nodes. Without names, every node is meant."""

    @property
    def cluster(self) -> Path | None:
        """The cluster file in use; None where nodes are yet to be chosen."""

    @property
    def undecided(self) -> bool:
        """Whether there is no cluster file and nobody has said what to do about it."""

    @property
    def checking(self) -> bool:
        """Whether health checks are running."""

    async def use(self, cluster: Path | None) -> str:
        """Watch the nodes of another cluster file; those of this machine with None."""

    async def check(self, names: Sequence[str] = ()) -> str:
        """Run every health check."""

    async def mend(self, names: Sequence[str] = ()) -> str:
        """Run the safe remedies and check again."""

    async def power(self, names: Sequence[str], mode: str) -> str:
        """Set a power mode by name."""

    async def container(self, verb: str, names: Sequence[str]) -> str:
        """Have containers start, stop, restart, list or prune."""

    async def container_log(self, name: str) -> list[str]:
        """Give the last lines of a node's container."""

    def shell(self, name: str) -> list[str]:
        """Give the command that opens a shell on a node."""

    def search(self, wanted: Wanted, changed: Callable[[], None]) -> Search:
        """Make a search for nodes; it begins when its `run` is awaited."""

    async def accept(self, offer: OfferedKey) -> None:
        """Keep a new host key that a person has accepted."""

    async def add(self, found: Sequence[Found], wanted: Wanted, file: Path) -> str:
        """Put found nodes into a cluster file, a new one where it is not there, and watch them."""

    def mistakes(self, text: str, file: Path) -> list[str]:
        """Give a line for each mistake in the text of a cluster file."""

    async def write(self, text: str, file: Path) -> str:
        """Write a cluster file, and watch its nodes."""


class Trials(Protocol):
    """What can be asked of the trials."""

    @property
    def lines(self) -> Sequence[RunLine]:
        """The stored runs, newest first, those that wait to be started among them."""

    async def states(self, names: Sequence[str]) -> list[TrialState]:
        """Read these runs, in this order; those that are gone are left out."""

    def plan(self, spec: TrialSpec) -> Plan:
        """Say what would happen if this were started."""

    def describe(self, name: str) -> list[Section]:
        """Say everything known of a run."""

    async def start(self, specs: Sequence[TrialSpec], *, stand_in: bool = False) -> str:
        """Put trials at the end of the queue; the first starts as soon as none is running."""

    async def rerun(self, names: Sequence[str]) -> str:
        """Queue the same trials again."""

    async def stop(self, name: str = "") -> str:
        """Stop a running trial, else the one that runs, and hold back what waits after it."""

    async def rename(self, name: str, label: str) -> str:
        """Give a run a name of one's own."""

    async def annotate(self, name: str, note: str) -> str:
        """Put a note on a run."""

    async def delete(self, names: Sequence[str]) -> str:
        """Delete runs, with everything in their folders."""


@dataclass(frozen=True)
class Playing:
    """A replay: seconds into it, of how many, at what speed (0 is at once), and if it pauses."""

    at: float
    of: float
    speed: float
    paused: bool


class History(Protocol):
    """Which trial is on the plots, and how: live, as it ended, or replayed from its log."""

    @property
    def playing(self) -> Playing | None:
        """The replay that is on, None where what is shown is live or finished."""

    async def show(self, name: str) -> str:
        """Put a run on the plots; one that runs is followed. Ends a replay."""

    async def lay_beside(self, name: str) -> str:
        """Lay a run beside the one on the plots; none with an empty name."""

    async def replay(self, name: str, speed: float) -> str:
        """Play a run's log from its start, so many times as fast as it was."""

    def pace(self, speed: float) -> None:
        """Change a replay's speed."""

    def pause(self) -> None:
        """Hold a replay, or let it go on."""

    def step(self, by: int) -> None:
        """Go some events on, or back, in a replay."""


@dataclass(frozen=True)
class LogSource:
    """A log there is: its key, and the name a person knows it by."""

    key: str
    title: str


class Logs(Protocol):
    """What programs have written; lines are bounded and printable."""

    def sources(self) -> Sequence[LogSource]:
        """Give the logs there are now."""

    async def read(self, key: str) -> list[str]:
        """Read a log's latest lines; one that can't be read says why in an error."""
