"""A trial's state is the fold of its events."""

from hypothesis import given
from hypothesis import strategies as st

from edgead.console.events import KINDS, Event, event, read_line, read_lines
from edgead.console.narration import LINE_LIMIT, narrate, printable
from edgead.console.runs.result import result_of
from edgead.console.runs.state import apply, fold
from edgead.models.spec import read_spec

SPEC = read_spec({"preset": "paper-kdd99", "seed": 4}).to_mapping()


def trial():
    yield event("started", run="T-001", spec=SPEC, tasks=[{"role": "ps", "index": 0, "node": "a"}])
    yield event("node", node="a", state="up")
    yield event("task", role="ps", index=0, node="a", state="ready")
    rows = {"train": 10, "validation": 4, "test": 5}
    yield event("dataset", name="kdd99", synthetic=False, rows=rows, features=[], digest="")
    yield event("phase", phase="connect", state="begin")
    yield event("phase", phase="connect", state="end", seconds=0.5)
    yield event("step", epoch=1, step=2, steps=4, loss=3.0)
    yield event("epoch", epoch=1, epochs=10, loss=2.0, seconds=1.5)
    yield event("epoch", epoch=2, epochs=10, loss=1.0, seconds=0.5)
    yield event("phase", phase="train", state="end", seconds=2.25)
    yield event("trained", cpu_seconds=2.25)
    yield event("threshold", value=0.25, rule="mean+std", seconds=0.1, mean=0.2, std=0.05)
    yield event(
        "score", split="test", rows=5, visited=5, accuracy=0.9, precision=0.9, recall=0.7, f1=0.8
    )


def test_fold():
    state = fold(trial())
    assert state.run == "T-001"
    assert state.spec.seed == 4
    assert state.tasks["ps 0"].state == "ready"
    assert state.nodes == {"a": "up"}
    assert state.steps == [(0.5, 3.0)]
    assert [epoch.loss for epoch in state.epochs] == [2.0, 1.0]
    assert state.seconds_left == 8 * 0.5
    assert state.scores["test"]["accuracy"] == 0.9
    assert not state.over


def test_folding_in_two_parts_is_folding_at_once():
    events = list(trial())
    assert fold(events[5:], fold(events[:5])) == fold(events)


def test_result_sums_connecting_and_training():
    result = result_of(fold(trial()), "finished")
    assert result["seconds"]["total"] == 0.5 + 2.25
    assert result["seconds"]["epochs"] == [1.5, 0.5]
    assert result["chief_cpu_seconds"] == 2.25
    assert result["workers"] == 3
    assert result["validation"] is None
    assert (result["state"], result["loss"]) == ("finished", [2.0, 1.0])


def test_result_ends_the_trial():
    state = fold([*trial(), event("result", state="failed")])
    assert state.over
    assert state.state == "failed"


def test_lines_round_trip_and_a_cut_one_is_left_out():
    events = list(trial())
    lines = [one.to_line() for one in events]
    assert list(read_lines([*lines, lines[0][:20]])) == events


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)
fields = st.sampled_from(
    ["run", "spec", "tasks", "role", "index", "node", "state", "epoch", "step", "loss", "seconds"]
)


@given(st.sampled_from(sorted(KINDS)), st.dictionaries(fields, json_values))
def test_no_event_breaks_the_fold_or_the_narration(kind, data):
    happened = Event("2026-01-01T00:00:00Z", kind, data)
    apply(fold(trial()), happened)
    said = narrate(happened)
    if said is not None:
        assert said.text.isprintable()
        assert len(said.text) <= LINE_LIMIT


@given(st.binary() | st.text())
def test_any_line_is_an_event_or_none(line):
    found = read_line(line)
    assert found is None or isinstance(found.kind, str)


def test_a_terminal_escape_does_not_reach_the_screen():
    assert printable("a\x1b[2Jb\nc") == "a·[2Jb·c"


def test_staging_shows_how_far_it_is():
    state = fold([event("stage", node="n", file="f", done=25, total=100)])
    assert state.phase == "stage 25%"
    fold([event("stage", node="n", file="f", sent=0, seconds=0.1)], state)
    assert state.warnings == 0


def test_steps_are_thinned_before_they_are_too_many():
    from edgead.console.runs.state import MOST_STEPS, TrialState, apply

    state = TrialState()
    for step in range(3 * MOST_STEPS):
        apply(state, Event("", "step", {"epoch": 1, "step": step, "steps": 1, "loss": step}))
    assert MOST_STEPS / 2 <= len(state.steps) <= MOST_STEPS
    assert state.steps[0] == (0.0, 0.0) and state.steps[-1][1] > 2.9 * MOST_STEPS


def test_a_trial_that_is_resumed_takes_back_what_was_lost():
    state = fold(trial())
    for number in (1, 2, 3):
        apply(state, event("step", epoch=number, step=1, steps=1, loss=1.0))
        apply(state, event("epoch", epoch=number, epochs=3, loss=float(number), seconds=2.0))
    done = len(state.epochs)
    apply(state, event("resumed", epoch=done - 1))
    assert len(state.epochs) == done - 1
    assert all(at <= done - 1 for at, _ in state.steps)
    assert state.kept_seconds == sum(epoch.seconds for epoch in state.epochs)


def test_a_trial_that_starts_over_has_no_epoch_twice():
    state = fold([event("started", run="T-001", spec={}, tasks=[])])
    for number in (1, 2, 3, 1, 2):
        loss = float(10 + number)
        apply(state, event("step", epoch=number, step=1, steps=2, loss=loss))
        apply(state, event("step", epoch=number, step=2, steps=2, loss=loss))
        apply(state, event("epoch", epoch=number, epochs=3, loss=loss, seconds=2.0))
    assert [epoch.number for epoch in state.epochs] == [1, 2]
    assert [at for at, _ in state.steps] == [0.5, 1.0, 1.5, 2.0]
    assert [span.name for span in state.measures.epochs] == ["1", "2"]


def test_a_flag_is_updated_and_a_run_that_was_over_goes_on():
    state = fold(trial())
    before = len(state.flags)
    told = {"node": "n", "task": "worker 1", "cause": "it ended", "evidence": ["a"]}
    apply(state, event("flag", number=7, name="ended", action="again", suggestion="look", **told))
    apply(state, event("flag_update", number=7, evidence=["b"]))
    apply(state, event("flag_update", number=7, action="it serves", seconds=4.5))
    apply(state, event("flag_update", number=8, action="nobody's"))
    (flag,) = state.flags[before:]
    assert (flag.evidence, flag.action, flag.recovered) == (("a", "b"), "it serves", 4.5)
    apply(state, event("result", state="failed"))
    assert state.over
    apply(state, event("started", run="T-001", spec=state.spec.to_mapping(), resumed=True))
    assert not state.over and state.result is None and state.flags[before:] == [flag]
