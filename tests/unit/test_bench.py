"""The bench's figures are medians over rounds."""

import pytest

from edgead.console.reports.bench import UNBATCHED, Round, figures, mean_gaps, prediction_tables
from edgead.console.reports.bench_report import as_report
from edgead.console.reports.compare import ComparisonTable
from edgead.console.reports.scale import Cost, cost_of, plot, points, table

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
        "prepare_cpu_seconds": 0.5,
        "validation": score,
        "test": score,
    }


CENTRAL, PAPER = result(2.0, 1.0, 0.5, 4.0), result(16.0, 9.0, 0.9, 8.0)
LSTM = result(9.0, 4.0, 4.0, 9.0), result(6.0, 2.5, 3.0, 1.0)


def bench_round(central, fast, start=0.2):
    return Round(central, PAPER, fast, fast, start, HOST, *LSTM)


ROUNDS = [
    bench_round(CENTRAL, result(1.0, 0.5, 0.25, 1.0, 0.94)),
    bench_round(CENTRAL, result(8.0, 3.5, 0.5, 2.0, 0.97), 0.1),
    bench_round(result(1.0, 1.0, 0.5, 4.0), result(2.0, 1.5, 0.5, 8.0)),
]
COSTS = [
    Cost("rows", 100, 1.0, 0.5, 2e6, 0.4, 700_000_000, 600_000_000),
    Cost("rows", 400, 2.0, 1.0, 2e6, 0.4, 700_000_000, 600_000_000),
    Cost("workers", 1, 1.0, 0.5, 1e6, 0.4, 700_000_000, 600_000_000),
    Cost("workers", 3, 1.0, 0.25, 3e6, 0.4, 700_000_000, 600_000_000),
]


def test_ratios_are_taken_round_by_round():
    found = {figure.name: figure for figure in figures(ROUNDS)}
    total = found["train_total_vs_central"]
    assert (total.value, total.low, total.high, total.unit) == (2.0, 0.5, 4.0, "×")
    assert found["train_total_vs_paper"].value == 0.125
    assert found["first_epoch_vs_central_total"].value == 2.0
    assert found["chief_cpu_vs_central"].value == 0.5
    assert found["chief_cpu_with_preparing_vs_central"].value == 0.625
    assert found["later_epoch"].value == 0.5
    assert found["predict_vs_host"].value == pytest.approx(2.0)
    assert found["lstm_first_epoch_vs_later"].value == 1.0
    assert found["lstm_later_vs_central"].value == 0.75
    assert found["warm_start"].value == 0.2
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
    page = as_report(tables, figures(ROUNDS), mean_gaps(ROUNDS), COSTS, len(ROUNDS))
    assert "3 rounds" in page
    assert "cores" in page
    assert "Table 4.3" in page
    assert "| train_total_vs_central | 2.000 | × | 0.500 | 4.000 |" in page
    assert "| test_gap_to_central |" in page
    assert "| rows | 400 | 2.00 | 1.000 | 2.00 | 2000 | 0.40 | 700 | 600 |" in page


def test_every_point_grows_one_thing():
    found = points("paper-kdd99", 77_695, synthetic_swat=True)
    assert [(point.grows, point.size) for point in found] == [
        *(("rows", n * 77_695) for n in (1, 4, 16)),
        *(("workers", n) for n in (1, 2, 3, 6)),
        *(("windows", n) for n in (25_000, 100_000, 400_000)),
    ]
    for point in found:
        if point.grows == "windows":
            assert point.spec.rows - 500 == point.size
        else:
            assert getattr(point.spec, point.grows) == point.size


def test_a_cost_is_read_from_a_result():
    usage = {
        "ps 0": {"rss": 1, "peak": 7, "sent": 300},
        "worker 0": {"rss": 1, "peak": 5, "sent": 30},
        "worker 1": {"rss": 1, "peak": 9, "sent": 0},
    }
    found = cost_of(points("kdd99", 77_695, synthetic_swat=True)[0], {**CENTRAL, "usage": usage})
    assert (found.first_epoch, found.later_epoch, found.sent_per_epoch) == (1.5, 0.5, 110.0)
    assert (found.worker_memory, found.ps_memory, found.chief_cpu) == (9, 7, 4.0)


def test_the_plot_has_a_bar_for_each_point():
    head, *bars = plot(COSTS).splitlines()
    assert "later epoch" in head
    assert [bar.split()[:2] for bar in bars] == [
        ["rows", "×1"], ["rows", "×4"], ["workers", "×1"], ["workers", "×3"]
    ]  # fmt: skip
    assert [bar.split()[-1] for bar in bars] == ["1.00", "2.00", "1.00", "0.50"]
    assert [bar.count("█") for bar in bars] == [25, 50, 25, 12]
    assert table(COSTS)[2][4] == "2.00"
