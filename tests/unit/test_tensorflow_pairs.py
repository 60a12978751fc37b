"""What is said of a pair of TensorFlow versions."""

import pytest

from edgead.agents.tensorflow_pairs import verdict
from edgead.agents.tensorflow_tried import TRIED


def test_what_was_tried_is_told():
    assert verdict("2.21.0", "2.21.0")[0] == "ok"
    assert verdict("2.21.0", "2.12.1") == ("ok", "works with a chief of 2.21: fast, lstm, paper")
    judged, said = verdict("2.21.1", "2.5.0")
    assert judged == "ok" and said.endswith("fast, lstm, but not paper")


@pytest.mark.parametrize(
    ("chief", "task"), [("2.21.0", "2.4.1"), ("9.1.0", "9.1.0"), ("9.1.0", "2.12.0")]
)
def test_a_pair_that_was_not_tried_is_a_warning(chief, task):
    judged, said = verdict(chief, task)
    assert judged == "warn" and "not tried" in said


def test_a_pair_that_failed_is_one(monkeypatch):
    monkeypatch.setitem(TRIED, ("2.21", "1.15"), ((), {"fast": "no such op"}))
    assert verdict("2.21.0", "1.15.5") == (
        "fail",
        "does not work with a chief of 2.21: no such op",
    )
