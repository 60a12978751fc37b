"""The detector: threshold rules, metrics with known answers, collapse."""

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from edgead.models import detector


def floats(*values):
    return np.array(values, np.float32)


def test_row_errors_are_means_over_features():
    rows, output = floats(0, 0, 2, 4).reshape(2, 2), floats(1, 3, 2, 2).reshape(2, 2)
    assert detector.row_errors(rows, output).tolist() == [2.0, 1.0]


def test_mean_and_standard_deviation():
    found = detector.fit_threshold(floats(1, 2, 3, 6), "mean+std")
    assert (found.mean, found.std) == (3.0, pytest.approx(np.sqrt(3.5)))
    assert found.value == found.mean + found.std


def test_quantile():
    errors = np.arange(101, dtype=np.float32)
    assert detector.fit_threshold(errors, "quantile:0.99").value == 99.0


def test_metrics_with_known_answers():
    # 3 attacks, 2 of them found; 3 normal rows, 1 of them flagged.
    errors = floats(9, 9, 0, 9, 0, 0)
    attacks = np.array([True, True, True, False, False, False])
    found = detector.score(errors, attacks, 1.0)
    assert (found.rows, found.visited) == (6, 6)
    assert found.accuracy == pytest.approx(4 / 6)
    assert found.precision == pytest.approx(2 / 3)
    assert found.recall == pytest.approx(2 / 3)
    assert found.f1 == pytest.approx(2 / 3)


def test_a_row_without_a_number_is_not_visited_and_wrong():
    found = detector.score(floats(np.nan, 0), np.array([False, False]), 1.0)
    assert (found.visited, found.accuracy) == (1, 0.5)


def test_nothing_flagged_divides_by_nothing():
    found = detector.score(floats(0, 0), np.array([True, False]), 1.0)
    assert (found.precision, found.recall, found.f1) == (0.0, 0.0, 0.0)


@given(
    arrays(np.float32, 20, elements=st.floats(0, 10, width=32)),
    arrays(np.bool_, 20),
    st.floats(0, 10),
)
def test_metrics_are_shares(errors, attacks, threshold):
    found = detector.score(errors, attacks, threshold)
    for value in (found.accuracy, found.precision, found.recall, found.f1):
        assert 0.0 <= value <= 1.0


def test_the_same_output_for_every_row_is_seen():
    rows = np.random.default_rng(1).normal(size=(100, 6)).astype(np.float32)
    flat = np.tile(rows.mean(axis=0), (100, 1))
    assert detector.constant(rows, flat)
    assert detector.constant(rows, np.full_like(rows, np.nan))
    assert not detector.constant(rows, rows * 0.5)


def test_a_detector_that_guessing_would_beat_is_worthless():
    attacks = np.array([True] * 8 + [False] * 2)
    none_found = detector.score(np.zeros(10, np.float32), attacks, 1.0)
    most_found = detector.score(floats(*[9] * 9, 0), attacks, 1.0)
    assert detector.worthless(none_found, attacks)
    assert not detector.worthless(most_found, attacks)


def test_saved_whole(tmp_path):
    path = tmp_path / "detector.json"
    detector.save(path, detector.Threshold(1.0, "mean+std", 0.5, 0.5), {"dataset": "kdd99"})
    assert json.loads(path.read_text())["value"] == 1.0
    assert list(tmp_path.iterdir()) == [path]
