"""The bench's figures are medians over rounds."""

import pytest

from edgead.console.bench import UNBATCHED, Round, figures, mean_gaps, prediction_tables
from edgead.console.bench_report import as_report
from edgead.console.compare import ComparisonTable

HOST = {UNBATCHED: {"validation": 0.02, "test": 0.05}, "tf.data": {"validation": 0.4, "test": 1.0}}


def result(total, first, later, cpu, accuracy=0.95):
    score = {"accuracy": accuracy, "seconds": {"predict": 0.1}}
    return {
        "seconds": {
            "total": total,
            "connect": 0.5,
            "first_epoch": first,
            "epochs": [first, later, later],
        },
        "chief_cpu_seconds": cpu,
        "validation": score,
        "test": score,
    }


CENTRAL, PAPER = result(2.0, 1.0, 0.5, 4.0), result(16.0, 9.0, 0.9, 8.0)
ROUNDS = [
    Round(CENTRAL, PAPER, result(1.0, 0.5, 0.25, 1.0, 0.94), HOST),
    Round(CENTRAL, PAPER, result(8.0, 3.5, 0.5, 2.0, 0.97), HOST),
    Round(result(1.0, 1.0, 0.5, 4.0), PAPER, result(2.0, 1.5, 0.5, 8.0), HOST),
]


def test_ratios_are_taken_round_by_round():
    found = {figure.name: figure for figure in figures(ROUNDS)}
    total = found["train_total_vs_central"]
    assert (total.value, total.low, total.high, total.unit) == (2.0, 0.5, 4.0, "×")
    assert found["train_total_vs_paper"].value == 0.125
    assert found["first_epoch_vs_central_total"].value == 2.0
    assert found["chief_cpu_vs_central"].value == 0.5
    assert found["later_epoch"].value == 0.5
    assert found["predict_vs_host"].value == pytest.approx(2.0)
    assert found["validation_accuracy"].value == pytest.approx(0.95)


def test_the_gap_is_of_the_means_not_the_medians():
    gaps = {figure.name: figure for figure in mean_gaps(ROUNDS)}
    assert gaps["test_gap_to_central"].value == pytest.approx(100 * (-0.01 + 0.02 + 0.0) / 3)
    assert gaps["test_gap_to_central"].low == pytest.approx(-1.0)


def test_tables_4_2_and_4_3_have_a_row_for_every_variant():
    validation, test = prediction_tables(ROUNDS)
    assert [row.label for row in test.rows] == [
        "host, no batching", "host, tf.data", "workers, by row ranges"
    ]  # fmt: skip
    assert [row.measured[0] for row in validation.rows] == [0.02, 0.4, 0.1]
    assert test.rows[-1].paper == 14.0


def test_the_report_names_the_machine_and_every_figure():
    tables = ComparisonTable(prediction_tables(ROUNDS))
    page = as_report(tables, figures(ROUNDS), mean_gaps(ROUNDS), len(ROUNDS))
    assert "3 rounds" in page
    assert "cores" in page
    assert "Table 4.3" in page
    assert "| train_total_vs_central | 2.000 | × | 0.500 | 4.000 |" in page
    assert "| test_gap_to_central |" in page
