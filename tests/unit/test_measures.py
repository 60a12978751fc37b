"""What the plots draw besides the loss, folded from events."""

from __future__ import annotations

import pytest

from edgead.console.events import Event
from edgead.console.runs.measures import MOST_POINTS, Span
from edgead.console.runs.result import result_of
from edgead.console.runs.state import TrialState, fold
from edgead.console.tui.widgets.loss import worker_curves
from edgead.console.tui.widgets.pace import paces_of
from edgead.console.tui.widgets.phases import first_epoch, whole_trial


def at(second: float, kind: str, **data: object) -> Event:
    minutes, seconds = divmod(second, 60)
    return Event(f"2026-01-01T00:{int(minutes):02d}:{seconds:06.3f}Z", kind, data)


def trial() -> TrialState:
    tasks = [{"role": "worker", "index": n, "node": f"node-{n}"} for n in (0, 1)]
    return fold(
        [
            at(0, "started", run="T-001", spec={"preset": "kdd99", "workers": 2}, tasks=tasks),
            at(1, "phase", phase="prepare", state="begin"),
            at(2, "phase", phase="prepare", state="end", seconds=1.0),
            at(4, "stage", node="node-0", file="a", sent=10, seconds=1.5),
            at(5, "phase", phase="connect", state="begin"),
            at(5.5, "phase", phase="connect", state="end", seconds=0.5),
            at(5.5, "phase", phase="train", state="begin"),
            at(6, "phase", phase="ship", state="end", seconds=0.25),
            at(7, "round", epoch=1, step=5, steps=10, parts=[
                {"worker": 1, "rows": 1000, "seconds": 0.5, "loss": 2.0},
                {"worker": 0, "rows": 1000, "seconds": 0.25, "loss": 1.0},
            ]),
            at(8, "epoch", epoch=1, epochs=2, loss=1.5, seconds=2.5),
            at(9, "epoch", epoch=2, epochs=2, loss=1.0, seconds=1.0),
            at(8, "telemetry", node="node-0", source="tegrastats", power_mw=5000, celsius=40.0),
            at(9, "telemetry", node="node-0", source="tegrastats", power_mw=7000, celsius=42.0),
            at(10, "phase", phase="test", state="begin"),
            at(12, "scoring", split="test", done=500, rows=1000),
        ]
    )  # fmt: skip


def test_the_first_epoch_is_trace_connect_ship_and_step():
    spans = trial().measures.first_epoch()
    assert spans == [
        Span("prepare", 1.0, 2.0),
        Span("connect", 5.0, 5.5),
        Span("ship", 5.75, 6.0),
        Span("step", 6.0, 8.0),
    ]
    trace, connect, *_ = first_epoch(trial().measures)
    assert (trace.name, trace.spans) == ("trace", ())
    assert "while the tasks started" in trace.note
    assert connect.spans == (Span("connect", 5.0, 5.5),)


def test_the_whole_trial_has_a_lane_a_phase_in_order():
    bars = whole_trial(trial().measures)
    names = [bar.name for bar in bars]
    assert names == ["prepare", "stage", "connect", "train", "epochs", "ship", "test"]
    assert bars[3].spans[0].end is None  # still going on
    assert [span.name for span in bars[4].spans] == ["1", "2"]


def test_rows_a_second_slowest_first_by_node():
    paces = paces_of(trial())
    assert [(pace.name, pace.recent) for pace in paces] == [("node-1", 2000.0), ("node-0", 4000.0)]


def test_a_trial_without_rounds_has_one_pace():
    state = trial()
    state.measures.parts.clear()
    state.rows = {"train": 500}
    (pace,) = paces_of(state)
    assert (pace.name, pace.values) == ("all workers", (200.0, 500.0))


def test_workers_have_curves_by_node_and_many_a_range():
    state = trial()
    assert [curve.name for curve in worker_curves(state)] == ["node-0", "node-1"]
    point = state.measures.parts[0][0]
    state.measures.parts.update({n: [point] for n in range(100)})
    assert [curve.name for curve in worker_curves(state)] == ["lowest", "highest"]


def test_a_lost_workers_curve_says_so():
    state = fold([at(11, "node", node="node-1", state="lost")], trial())
    assert [curve.gone for curve in worker_curves(state)] == [False, True]
    assert worker_curves(state)[1].label(10).startswith("✖node-1")


def test_a_worker_that_is_back_is_not_gone_and_one_left_out_is():
    flag = at(11, "flag", number=1, node="node-1", task="worker 1", cause="it ended")
    state = fold([flag], trial())
    assert [curve.gone for curve in worker_curves(state)] == [False, True]
    fold([at(12, "flag_update", number=1, seconds=4.0)], state)
    assert [curve.gone for curve in worker_curves(state)] == [False, False]
    assert state.flags[0].done == "whole again after 4.0 s"
    left = at(13, "task", role="worker", index=0, node="node-0", state="quarantined")
    assert [curve.gone for curve in worker_curves(fold([left], state))] == [True, False]


def test_what_is_done_again_is_forgotten():
    state = fold([at(30, "resumed", epoch=0)], trial())
    assert not state.measures.epochs
    assert not any(state.measures.parts.values())


def test_energy_is_in_the_result():
    energy = result_of(trial(), "finished")["energy"]
    assert energy == {
        "joules": 6.0,
        "nodes": {"node-0": {"joules": 6.0, "seconds": 1.0, "watts": 6.0}},
    }
    assert result_of(fold([]), "failed")["energy"] is None


def test_scoring_knows_its_pace():
    scoring = trial().measures.scoring["test"]
    assert (scoring.done, scoring.rows, scoring.rows_per_second) == (500, 1000, 250.0)


def test_points_are_bounded_and_the_latest_kept():
    state = trial()
    for second in range(3 * MOST_POINTS):
        fold([at(second % 3000, "telemetry", node="n", power_mw=second)], state)
    points = state.measures.load["n"]
    assert len(points) <= MOST_POINTS
    assert points[-1].watts == pytest.approx((3 * MOST_POINTS - 1) / 1000)
