"""Session: the one thing the app looks at and can ask for."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol

from edgead.console.fleet import Fleet
from edgead.console.library import RunLibrary
from edgead.console.narration import Sentence
from edgead.console.state import TrialState


class Session(Protocol):
    """What the app looks at and can ask for; the app owns no trial and no connection."""

    @property
    def fleet(self) -> Fleet:
        """The nodes and the latest known of each."""

    @property
    def trial(self) -> TrialState | None:
        """The trial on the main plots: the running one, or the latest."""

    @property
    def reference(self) -> TrialState | None:
        """A second trial to lay beside it, such as the centralised one."""

    @property
    def sentences(self) -> Sequence[Sentence]:
        """The events so far as sentences, newest last, bounded."""

    @property
    def message(self) -> str:
        """What the session is doing, such as "starting three nodes…"; empty when idle."""

    async def run(self, changed: Callable[[], None], fleet_changed: Callable[[], None]) -> None:
        """Live as long as the app; call one of these, on the event loop, after any change.

        `fleet_changed` is for what the nodes say of themselves, a hundred times a second.
        """

    async def start_trial(self) -> str:
        """Start a trial; answer in one line. Raises ConsoleError."""

    async def stop_trial(self) -> str:
        """Stop the running trial; answer in one line. Raises ConsoleError."""

    @property
    def library(self) -> RunLibrary:
        """The stored runs, for the compare screen to choose from."""

    @property
    def checking(self) -> bool:
        """Whether health checks are running."""

    async def check_nodes(self) -> str:
        """Run every health check; answer in one line. Raises ConsoleError."""

    async def mend_nodes(self) -> str:
        """Run the safe remedies and check again; answer in one line. Raises ConsoleError."""

    def running(self) -> bool:
        """Whether a trial is running."""

    async def close(self, *, stop: bool) -> None:
        """Take leave: end the running trial, or leave it running."""
