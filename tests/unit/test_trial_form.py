"""The form's fields read back as specs, and as the command line that starts the same."""

from __future__ import annotations

import argparse

import pytest

from edgead.console.cli import build_parser
from edgead.console.commands.trial import specs_of
from edgead.console.session.trial_form import FormError, defaults, read_form, texts_of, words_of
from edgead.models.presets import PRESETS
from edgead.models.spec import read_spec


@pytest.mark.parametrize("preset", PRESETS)
def test_a_preset_as_it_is(preset):
    (spec,) = read_form(defaults(preset))
    assert spec == read_spec({"preset": preset})
    assert words_of(defaults(preset)) == ["trial", "run", preset]


def test_the_command_starts_what_the_form_says():
    texts = {
        **defaults("paper-kdd99"),
        "engine": "paper",
        "epochs": "3",
        "learning_rate": "0.01",
        "seed": "1..3",
        "threshold": "quantile:0.9",
        "synthetic": "true",
        "worker_nodes": "x-1, x-2,x-3",
        "chief_node": "x-1",
    }
    args: argparse.Namespace = build_parser().parse_args(words_of(texts))
    assert specs_of(args, args.spec) == read_form(texts)
    assert [spec.seed for spec in read_form(texts)] == [1, 2, 3]


def test_a_spec_gives_the_texts_that_give_it_back():
    spec = read_spec({"preset": "kdd99", "workers": 2, "worker_nodes": ["a", "b"], "seed": 9})
    assert read_form(texts_of(spec)) == (spec,)


@pytest.mark.parametrize(
    ("key", "text"),
    [("epochs", "0"), ("epochs", "many"), ("workers", "65"), ("seed", "x"), ("batch", "1.5"),
     ("learning_rate", "-1"), ("threshold", "half"), ("synthetic", "yes"), ("rows", "[")],
)  # fmt: skip
def test_a_wrong_field_is_named(key, text):
    with pytest.raises(FormError) as caught:
        read_form({**defaults(), key: text})
    assert caught.value.key == key
