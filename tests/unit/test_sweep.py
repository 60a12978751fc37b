"""Seeds, the runs that make a sweep, and their mean and spread."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgead.console.errors import UsageError
from edgead.console.runs.about import About
from edgead.console.runs.run_lines import RunLine
from edgead.console.runs.sweep import parse_seeds, spreads, sweep_of, with_seeds
from edgead.models.spec import TrialSpec

SPEC = TrialSpec(preset="kdd99")


@pytest.mark.parametrize(
    ("text", "seeds"),
    [("1..5", (1, 2, 3, 4, 5)), ("7", (7,)), ("1,3, 3,7", (1, 3, 7)), ("2..3,10", (2, 3, 10))],
)
def test_seeds_are_read(text, seeds):
    assert parse_seeds(text) == seeds


@pytest.mark.parametrize("text", ["", "a", "5..1", "1..", "-1", "1...3", "0..100", "9999999999"])
def test_wrong_seeds_are_told_in_one_line(text):
    with pytest.raises(UsageError, match=r"^--seeds .*: (expected|at most)"):
        parse_seeds(text)


@given(st.text(max_size=20))
def test_any_text_is_seeds_or_a_usage_error(text):
    with suppress(UsageError):
        assert all(0 <= seed < 2**31 for seed in parse_seeds(text))


def line(number: int, seed: int, accuracy: float | None, state: str = "finished") -> RunLine:
    return RunLine(f"T-{number:03d}", replace(SPEC, seed=seed), About(), state,
                   test_accuracy=accuracy)  # fmt: skip


def test_a_sweep_is_what_differs_in_the_seed_alone_and_the_later_run_counts():
    runs = [line(1, 1, 0.5), line(2, 2, 0.9), line(3, 1, 0.7), line(4, 3, None, "failed")]
    runs.append(RunLine("T-005", replace(SPEC, seed=4, epochs=3), state="finished"))
    runs.append(RunLine("T-006", replace(SPEC, seed=5), state="finished", synthetic=True))
    found = sweep_of(runs[0], list(reversed(runs)))
    assert [each.run for each in found] == ["T-003", "T-002"]
    (spread,) = spreads(found)
    assert (spread.name, spread.runs) == ("test accuracy", 2)
    assert spread.mean == pytest.approx(0.8)
    assert spread.deviation == pytest.approx(0.1414, abs=1e-4)
    assert str(spread) == "0.8000 ± 0.1414  (0.7000 to 0.9000)"


def test_one_run_has_no_deviation():
    (spread,) = spreads([line(1, 1, 0.5)])
    assert spread.deviation is None and str(spread) == "0.5000  (0.5000 to 0.5000)"


def test_seeds_change_nothing_else():
    assert [spec.seed for spec in with_seeds(SPEC, (3, 4))] == [3, 4]
    assert {replace(spec, seed=1) for spec in with_seeds(SPEC, (3, 4))} == {SPEC}
