"""Scoring new rows: verdicts, windows, detector.json, and what is said."""

import json
from typing import NamedTuple

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numbered_lines import in_pieces, numbered

from edgead.console.cli import main
from edgead.console.events import event
from edgead.console.paths import runs_folder
from edgead.console.reports.detection import as_json, as_text, fault_lines, sum_up
from edgead.console.runs.store import Store
from edgead.datasets import Window
from edgead.datasets.diagnosis import Fault
from edgead.models import detector
from edgead.models.detect import Detection
from edgead.models.spec import read_spec

# -- scoring


class PlainRow(NamedTuple):
    value: float
    attack: bool | None


class Plain:
    """A format whose rows are one number; with a label after a blank."""

    features = ("x",)

    def parse(self, text):
        if text == "bad":
            return Fault("expected a number")
        value, _, label = text.partition(" ")
        return PlainRow(float(value), {"": None, "n": False, "a": True}[label])

    def code(self, rows):
        return np.array([row.value for row in rows], np.float32).reshape(-1, 1)


def detection(window=None, threshold=2.0):
    found = detector.Detector("kdd99", threshold, ("x",), window, {})
    return Detection(found, Plain(), lambda x: np.abs(x).mean(axis=tuple(range(1, x.ndim))))


def test_verdicts_counts_and_labels():
    scoring = detection()
    batch = scoring.add(numbered(["1 n", "3 a", "bad", "5 n", "1 a", "9"]))
    assert batch["rows"] == [1, 2, 4, 5, 6]
    assert batch["scores"] == [1, 3, 5, 1, 9]
    assert batch["attacks"] == [False, True, True, False, True]
    assert batch["faults"] == [{"row": 3, "column": None, "text": "expected a number"}]
    summary = scoring.summary()
    assert (summary["rows"], summary["scored"], summary["attacks"]) == (5, 5, 3)
    assert summary["skipped"] == 1
    labelled = summary["labelled"]
    assert labelled["rows"] == 4
    assert (labelled["accuracy"], labelled["precision"], labelled["recall"]) == (0.5, 0.5, 0.5)


def test_without_labels_nothing_is_said_of_accuracy():
    scoring = detection()
    scoring.add(numbered(["1", "3"]))
    assert scoring.summary()["labelled"] is None


@given(
    st.lists(st.integers(0, 9), max_size=40),
    st.lists(st.integers(1, 9), max_size=40),
    st.integers(1, 4),
    st.integers(1, 4),
)
def test_windows_are_the_same_however_rows_come(values, sizes, steps, stride):
    window = Window(steps, stride)
    lines = numbered([str(value) for value in values])
    scoring, found, early = detection(window), {}, []
    for some in in_pieces(lines, sizes):
        batch = scoring.add(some)
        found |= dict(zip(batch["rows"], batch["scores"], strict=True))
        early += batch["early"]
    naive = {
        last + 1: np.mean([values[last - back * stride] for back in range(steps)])
        for last in range(window.lookback - 1, len(values))
    }
    assert found == pytest.approx(naive)
    assert early == [row for row in range(1, len(values) + 1) if row not in naive]


def test_an_error_that_is_no_number_is_an_attack():
    assert detector.flag(np.array([np.nan, np.inf, 1], np.float32), 2.0).tolist() == [1, 1, 0]


# -- detector.json


def saved(tmp_path, **changes):
    path = tmp_path / "detector.json"
    extra = {"dataset": "kdd99", "features": ["x"], "window": None, "coder": {"kind": "k"}}
    detector.save(path, detector.Threshold(1.5, "mean+std", 1.0, 0.5), {**extra, **changes})
    return path


def test_a_detector_reads_back(tmp_path):
    found = detector.read(saved(tmp_path, window={"steps": 26, "stride": 20}))
    assert found == detector.Detector("kdd99", 1.5, ("x",), Window(26, 20), {"kind": "k"})


@pytest.mark.parametrize(
    ("key", "value", "said"),
    [
        ("dataset", 7, "dataset: expected a name"),
        ("value", float("nan"), "value: expected the threshold"),
        ("features", "x", "features: expected a list of names"),
        ("window", {"steps": 0, "stride": 1}, "window: expected null, or steps and stride"),
        ("window", [26, 20], "window: expected null"),
        ("coder", {}, "coder: expected how raw columns become features"),
    ],
)
def test_a_wrong_detector_names_file_and_key(tmp_path, key, value, said):
    path = saved(tmp_path, **{key: value})
    with pytest.raises(ValueError, match="expected") as told:
        detector.read(path)
    assert str(told.value).startswith(f"{path}: {said}")


def test_what_is_no_json_names_the_file(tmp_path):
    path = tmp_path / "detector.json"
    path.write_text("{")
    with pytest.raises(ValueError, match=r"detector\.json: "):
        detector.read(path)


# -- what is said

BATCH = event(
    "batch",
    rows=[4, 1200],
    scores=[0.25, float("inf")],
    attacks=[False, True],
    threshold=1.5,
    early=[1, 2],
    faults=[{"row": 3, "column": "flag", "text": "expected a name, got '\x1b'"}],
)


def test_verdicts_as_aligned_text():
    assert as_text(BATCH, every=False).splitlines() == [
        "        4        0.250000  normal",
        "     1200             inf  ATTACK",
    ]
    assert [line.split() for line in as_text(BATCH, every=True).splitlines()] == [
        ["1", "-", "too", "early"],
        ["2", "-", "too", "early"],
        ["3", "-", "unreadable"],
        ["4", "0.250000", "normal"],
        ["1200", "inf", "ATTACK"],
    ]


def test_verdicts_as_json_lines():
    first, second = map(json.loads, as_json(BATCH, every=False).splitlines())
    assert first == {
        "time": BATCH.time, "kind": "verdict", "row": 4, "score": 0.25, "attack": False,
        "threshold": 1.5,
    }  # fmt: skip
    assert (second["score"], second["attack"]) == (None, True)
    every = [json.loads(line) for line in as_json(BATCH, every=True).splitlines()]
    assert [item["row"] for item in every] == [1, 2, 3, 4, 1200]
    assert (every[2]["score"], every[2]["attack"]) == (None, None)


def test_a_fault_is_one_line_without_what_a_terminal_would_obey():
    said = fault_lines("new.csv", BATCH)
    assert said == "new.csv, row 3, column flag: expected a name, got '·'; skipped\n"


def test_the_sum():
    fields = {"rows": 2000, "scored": 1500, "attacks": 30, "skipped": 2, "window": 501}
    labelled = {"rows": 1500, "accuracy": 0.5, "precision": 0.25, "recall": 1.0}
    assert sum_up("stdin", event("summary", **fields, labelled=labelled)) == (
        "stdin: 2,000 rows; 1,500 windows of 501 rows; 30 attacks (2.00%); 2 bad rows skipped; "
        "against 1,500 labels: accuracy 0.5000, precision 0.2500, recall 1.0000"
    )
    nothing = {"rows": 0, "scored": 0, "attacks": 0, "skipped": 0, "window": None}
    said = sum_up("stdin", event("summary", **nothing, labelled=None))
    assert said == "stdin: 0 rows; 0 attacks"


# -- wrong use


def test_a_run_that_is_not_finished_has_no_detector(home, capsys):
    Store(runs_folder()).create(read_spec({}))
    assert main(["detect", "T-001"]) == 2
    assert capsys.readouterr().err == (
        "edgead-console: T-001: waiting; only a finished run has a detector\n"
    )


def test_an_unknown_run(home, capsys):
    assert main(["detect", "T-009"]) == 2
    assert "T-009: no such run" in capsys.readouterr().err
