"""The medic over nodes that are none: nothing that fails is lost, every count comes to an end."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest

from edgead.console.events import Event
from edgead.console.running.failure import Failure
from edgead.console.running.placement import Task
from edgead.console.running.recorder import Recorder
from edgead.console.running.recovery import medic as medics
from edgead.console.running.recovery.causes import Cause
from edgead.console.running.recovery.medic import Medic, Setback
from edgead.models.spec import TrialSpec

TASKS = (
    Task("chief", 0, "host"),
    Task("ps", 0, "a"),
    Task("worker", 0, "a"),
    Task("worker", 1, "b"),
)

LONG = medics.STEADY_SECONDS


class Log:
    """Keeps nothing."""

    def append(self, happened: Event) -> None:
        pass


class Nodes:
    """What is asked of the nodes; `fails` are what the next restarts end with, None for well."""

    def __init__(self) -> None:
        self.serving = list(TASKS[1:])
        self.fails: list[Failure | None] = []
        self.restarted: list[str] = []
        self.left_out: list[str] = []
        self.brought_back: list[str] = []
        self.watching: Any = self
        self.links: Any = self
        self.troubles: asyncio.Queue[Failure] = asyncio.Queue()

    def commands(self, node: str) -> None:
        return None

    async def restart(self, task: Task) -> None:
        self.restarted.append(task.name)
        failed = self.fails.pop(0) if self.fails else None
        if failed is not None:
            raise failed

    async def bring_back(self, node: str, tasks: list[Task]) -> None:
        self.brought_back += [task.name for task in tasks]

    def on_node(self, node: str, text: str, kind: Cause) -> Failure:
        names = ", ".join(task.name for task in self.serving if task.node == node)
        return Failure(node, names, text, kind=kind)

    def leave_out(self, task: Task) -> None:
        self.left_out.append(task.name)


@pytest.fixture
async def treated(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[tuple[Medic, Any, list[Event]]]:
    monkeypatch.setattr(medics.asyncio, "sleep", _at_once(asyncio.sleep))
    told: list[Event] = []
    log: Any = Log()
    medic = Medic(TrialSpec(workers=2, retries=2), TASKS, Recorder(log, told.append))
    medic.trains()
    yield medic, Nodes(), told
    await medic.aclose()


def _at_once(sleep: Any) -> Any:
    async def pause(seconds: float) -> None:
        await (asyncio.Event().wait() if seconds >= LONG else sleep(0))

    return pause


def ended(cause: str = "it ended") -> Failure:
    return Failure("b", "worker 1", cause, kind=Cause.ENDED)


async def test_what_keeps_a_worker_from_starting_is_tried_again(treated: Any) -> None:
    medic, nodes, told = treated
    nodes.fails = [
        Failure("b", "worker 1", "its container does not start: x", kind=Cause.UNFIT),
        None,
    ]
    await medic._treat(nodes, ended())
    assert nodes.restarted == ["worker 1", "worker 1"] and nodes.left_out == []
    causes = [each["cause"] for each in told if each.kind == "flag"]
    assert causes == ["it ended", "its container does not start: x"]


async def test_a_failure_of_no_task_is_not_taken_for_one_that_is_known(treated: Any) -> None:
    medic, nodes, _ = treated
    with pytest.raises(Setback):
        await medic._treat(nodes, Failure("b", "", "odd"))


async def test_a_node_lost_while_its_worker_starts_is_waited_for(treated: Any) -> None:
    medic, nodes, told = treated
    nodes.fails = [nodes.on_node("b", "no keepalive", Cause.NODE_LOST)]
    await medic._treat(nodes, ended())
    assert nodes.brought_back == ["worker 1"] and not medic.state.away
    assert [each["name"] for each in told if each.kind == "flag"] == ["ended", "node lost"]


async def test_with_the_parameter_server_on_it_the_trial_is_resumed(treated: Any) -> None:
    medic, nodes, told = treated
    nodes.fails = [Failure("a", "worker 0", "no keepalive", kind=Cause.NODE_LOST)]
    with pytest.raises(Setback) as setback:
        await medic._treat(nodes, Failure("a", "worker 0", "it ended", kind=Cause.ENDED))
    assert setback.value.failure.tasks == ("ps 0", "worker 0") and not setback.value.final
    assert [each["node"] for each in told if each.kind == "flag"] == ["a", "a"]


async def test_a_worker_that_fails_over_and_over_is_left_out(treated: Any) -> None:
    medic, nodes, _ = treated
    for _ in range(3):
        await medic._treat(nodes, ended())
    assert nodes.left_out == ["worker 1"]
    assert nodes.restarted == ["worker 1"] * 2


async def test_only_who_does_well_for_long_enough_counts_anew(
    treated: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    medic, nodes, _ = treated
    await medic._treat(nodes, ended())
    first = medic._settling["worker 1"]
    await medic._treat(nodes, ended())
    await asyncio.wait({first})
    assert first.cancelled() and medic.state.tries == {"worker 1": 2}  # its time begins again
    monkeypatch.setattr(medics, "STEADY_SECONDS", 0.0)
    medic._settling.pop("worker 1").cancel()
    medic.trains()  # another start: who had failed may settle
    await asyncio.wait({medic._settling["worker 1"]})
    assert medic.state.tries == {} and medic._settling == {}


async def test_who_is_away_does_not_do_well(treated: Any) -> None:
    medic, nodes, _ = treated
    await medic._treat(nodes, ended())
    medic.take(nodes.on_node("b", "no keepalive", Cause.NODE_LOST))
    medic.trains()  # a start without it
    assert medic._settling == {} and medic.state.tries == {"worker 1": 1}


async def test_what_is_done_again_is_no_gain(treated: Any) -> None:
    medic, _, _ = treated
    medic.got_on((0, 5))
    for _ in range(2):
        with pytest.raises(Setback) as setback:
            medic.setback(Failure("host", "chief 0", "x", kind=Cause.ENDED))
        assert not setback.value.final
        medic.got_on((0, 1))  # from the start again
        medic.got_on((0, 5))
    with pytest.raises(Setback) as setback:
        medic.setback(Failure("host", "chief 0", "x", kind=Cause.ENDED))
    assert setback.value.final
    medic.got_on((1, 0))  # a phase more
    assert medic.state.resumes == 0


async def test_an_error_is_forgotten_once_the_trial_got_on(treated: Any) -> None:
    medic, _, _ = treated
    error = Failure("b", "worker 1", "NotFoundError: x", kind=Cause.STEP_ERROR)
    assert medic._doubted(error).node == "b"
    assert medic._doubted(error.of("worker 0")).node == "host"  # it is nobody's
    medic.got_on((0, 6))
    assert medic._doubted(error.of("worker 0")).node == "b"
