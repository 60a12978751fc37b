"""A TrialSpec is read from plain data, with one clear line for each mistake."""

import pytest

from edgead.models.presets import PRESETS
from edgead.models.spec import SpecError, read_spec


def test_preset_gives_the_papers_values():
    spec = read_spec({"preset": "paper-kdd99"})
    assert (spec.epochs, spec.batch, spec.learning_rate) == (10, 2048, 0.001)
    assert spec.threshold == "mean+std"
    assert spec.coding == "paper"


def test_given_values_win_over_the_preset():
    assert read_spec({"preset": "paper-kdd99", "epochs": 3}).epochs == 3


def test_mapping_and_back():
    spec = read_spec({"preset": "kdd99", "seed": 7, "worker_nodes": ["a", "b"]})
    assert read_spec(spec.to_mapping()) == spec


def test_worker_nodes_set_the_number_of_workers():
    assert read_spec({"worker_nodes": ["a", "b"]}).workers == 2


@pytest.mark.parametrize("name", PRESETS)
def test_every_preset_is_valid(name):
    assert read_spec({"preset": name}).preset == name


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"epoch": 3}, "epoch: no such key"),
        ({"epochs": "ten"}, "epochs: expected a whole number from 1 to 100000, got 'ten'"),
        ({"epochs": True}, "epochs: expected a whole number"),
        ({"epochs": 0}, "epochs: expected a whole number"),
        ({"learning_rate": float("nan")}, "learning_rate: expected a number above 0"),
        ({"learning_rate": float("inf")}, "learning_rate: expected a number above 0"),
        ({"strategy": "mirror"}, "strategy: expected one of central, parameter-server"),
        ({"preset": "kdd98"}, "preset: expected one of"),
        ({"threshold": "quantile:2"}, "threshold: expected mean+std, or quantile:Q"),
        ({"threshold": "quantile:x"}, "threshold: expected mean+std, or quantile:Q"),
        ({"worker_nodes": "a"}, "worker_nodes: expected a list of node names"),
        ({"workers": 3, "worker_nodes": ["a"]}, "worker_nodes: expected 3 names"),
        ({"synthetic": "yes"}, "synthetic: expected true or false"),
    ],
)
def test_mistakes_are_told_in_one_line(values, said):
    with pytest.raises(SpecError) as caught:
        read_spec(values, "trial.toml")
    assert str(caught.value).startswith("trial.toml: " + said)
    assert "\n" not in str(caught.value)


def test_a_model_that_takes_windows_needs_a_series():
    with pytest.raises(SpecError, match="trial: model: lstm-autoencoder takes windows"):
        read_spec({"model": "lstm-autoencoder"})
    with pytest.raises(SpecError, match="dense-autoencoder takes rows one by one, and swat is a s"):
        read_spec({"dataset": "swat"})
    with pytest.raises(SpecError, match="coding: swat has one, paper; got full"):
        read_spec({"preset": "paper-swat", "coding": "full"})


def test_a_step_has_a_row_for_every_worker():
    with pytest.raises(SpecError, match="trial: batch: expected 3 or more"):
        read_spec({"batch": 2})
    assert read_spec({"batch": 2, "strategy": "central"}).batch == 2
