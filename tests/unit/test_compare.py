"""The paper's tables beside measured runs, and their four formats."""

import csv
import io
import json

from edgead.console.compare import compare, quality_verdict
from edgead.console.formats import FORMATS, as_csv, as_json, as_text
from edgead.console.state import Epoch, TrialState
from edgead.models.spec import read_spec


def state(run, strategy="central", accuracy=0.95, synthetic=False):
    score = {"accuracy": accuracy, "precision": 0.9, "recall": 0.9, "f1": 0.9}
    return TrialState(
        run=run,
        spec=read_spec({"preset": "paper-kdd99", "strategy": strategy}),
        scores={"test": score, "validation": score},
        epochs=[Epoch(1, 2.0, 3.0), Epoch(2, 1.0, 0.5), Epoch(3, 1.0, 0.7)],
        phase_seconds={"connect": 0.25, "train": 4.5},
        synthetic=synthetic,
    )


def row(table, label):
    return next(row for row in table.rows if row.label == label)


def test_the_papers_table_4_1():
    quality, times = compare([state("T-001"), state("T-002", "parameter-server")]).tables
    accuracy = row(quality, "validation accuracy")
    assert (accuracy.paper, accuracy.measured) == (0.9560, (0.95, 0.95))
    assert accuracy.verdict == "within"
    assert round(accuracy.difference, 4) == -0.006
    assert row(quality, "test accuracy").paper == 0.9234
    assert quality.columns == ("T-001 central", "T-002 fast·3")
    assert row(times, "training, all epochs").measured == (4.75, 4.75)
    assert row(times, "later epochs, mean").measured == (0.6, 0.6)


def test_verdicts():
    assert quality_verdict(0.95, 0.955) == "within"
    assert quality_verdict(0.95, 0.935) == "close"
    assert quality_verdict(0.95, 0.90) == "off"
    assert quality_verdict(0.95, 0.98) == "better"
    assert quality_verdict(None, 0.98) == quality_verdict(0.9, None) == "new"


def test_synthetic_data_is_said_in_every_format():
    comparison = compare([state("T-001", synthetic=True)])
    for text in (write(comparison) for write in FORMATS.values()):
        assert "synthetic" in text


def test_a_trial_without_scores_compares_as_dashes():
    text = as_text(compare([TrialState(run="T-001")]))
    assert "—" in text


def test_csv_holds_every_figure():
    comparison = compare([state("T-001")])
    rows = list(csv.DictReader(io.StringIO(as_csv(comparison))))
    mine = [row for row in rows if row["source"] == "T-001 central"]
    assert {row["figure"] for row in mine} >= {"validation accuracy", "test f1", "first epoch"}
    assert float(mine[0]["value"]) == 0.95


def test_json_has_time_and_kind():
    for line in as_json(compare([state("T-001")])).splitlines():
        assert json.loads(line)["kind"] == "comparison"
        assert json.loads(line)["time"].endswith("Z")
