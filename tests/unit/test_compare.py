"""The paper's tables beside measured runs, and their four formats."""

import csv
import io
import json
from dataclasses import replace

import pytest

from edgead.console.errors import UsageError
from edgead.console.files import write_whole
from edgead.console.reports.compare import compare, quality_verdict
from edgead.console.reports.exports import exported, file_name
from edgead.console.reports.formats import FORMATS, as_csv, as_json, as_text
from edgead.console.reports.latex import as_latex
from edgead.console.runs.state import Epoch, TrialState
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
    quality, times, *_ = compare([state("T-001"), state("T-002", "parameter-server")]).tables
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


def seeds(*accuracies):
    """Runs that differ in nothing but the seed."""
    states = [state(f"T-00{n}", accuracy=each) for n, each in enumerate(accuracies, 1)]
    return [replace(s, spec=replace(s.spec, seed=n)) for n, s in enumerate(states)]


def test_runs_that_differ_in_seed_are_meant_with_their_spread():
    quality, *_ = compare([*seeds(0.94, 0.95, 0.96), state("T-009", "parameter-server")]).tables
    assert quality.columns[3:] == ("mean±σ central n=3", "T-009 fast·3")
    accuracy = row(quality, "test accuracy")
    assert round(accuracy.measured[3], 6) == 0.95
    assert [spread and round(spread, 6) for spread in accuracy.spreads] == [None] * 3 + [0.01, None]
    assert "seeds 0, 1, 2" in quality.note


def test_means_may_stand_for_their_runs():
    quality, *_ = compare(seeds(0.94, 0.96), means_only=True).tables
    assert quality.columns == ("mean±σ central n=2",)
    assert row(quality, "test accuracy").verdict == "better"
    assert "0.9500 ±0.0141" in as_text(compare(seeds(0.94, 0.96), means_only=True))


def test_tables_4_2_and_4_3_place_runs_where_they_scored():
    central, spread = state("T-001"), state("T-002", "parameter-server")
    for each, where in ((central, "host"), (spread, "workers")):
        for split in ("validation", "test"):
            scores = {**each.scores[split], "where": where, "seconds": {"predict": 0.5}}
            each.scores[split] = scores
    tables = {t.title[:9]: t for t in compare([central, spread]).tables}
    host, workers = tables["Table 4.3"].rows
    assert (host.paper, host.measured, workers.measured) == (0.29, (0.5, None), (None, 0.5))
    assert (workers.paper, workers.verdict) == (14.0, "better")
    assert [r.paper for r in tables["Table 4.2"].rows] == [None, None]


def test_latex_is_escaped_and_has_booktabs_rules():
    text = as_latex(compare([replace(s, run=f"T_{s.run}&%") for s in seeds(0.94, 0.96)]))
    assert text.count(r"\toprule") == text.count(r"\bottomrule") == text.count(r"\end{table}")
    assert r"T\_T-001\&\%" in text and r"$0.9500 \pm 0.0141$" in text
    assert text.isascii()


@pytest.mark.parametrize("form", [*FORMATS, "svg", "png"])
def test_every_format_exports_to_a_file(form, tmp_path):
    content = exported(seeds(0.94, 0.96), form)
    path = tmp_path / file_name(seeds(0.94), form)
    write_whole(path, content)
    assert path.read_bytes() == content and len(content) > 500
    assert path.name.startswith("comparison-T-001.")


def test_a_folder_that_is_not_there_is_one_line(tmp_path):
    with pytest.raises(UsageError, match=r"x\.md: cannot be written: No such file"):
        write_whole(tmp_path / "no" / "x.md", b"")
