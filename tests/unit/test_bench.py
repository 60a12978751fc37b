"""The bench's figures are medians over pairs."""

import pytest

from edgead.console.bench import Pair, figures


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


def test_ratios_are_taken_pair_by_pair():
    pairs = [
        Pair(result(2.0, 1.0, 0.5, 4.0), result(1.0, 0.5, 0.25, 1.0)),
        Pair(result(2.0, 1.0, 0.5, 4.0), result(8.0, 3.5, 0.5, 2.0)),
        Pair(result(1.0, 1.0, 0.5, 4.0), result(2.0, 1.5, 0.5, 8.0)),
    ]
    found = {figure.name: figure for figure in figures(pairs)}
    total = found["train_total_vs_central"]
    assert (total.value, total.low, total.high, total.unit) == (2.0, 0.5, 4.0, "×")
    assert found["first_epoch_vs_central_total"].value == 2.0
    assert found["chief_cpu_vs_central"].value == 0.5
    assert found["later_epoch"].value == 0.5
    assert found["validation_accuracy"].value == pytest.approx(0.95)
