"""The new-trial form without a screen: its fields, what they say, and the same as a command."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from edgead.console.errors import UsageError
from edgead.console.runs.sweep import parse_seeds, with_seeds
from edgead.console.toml import read_value
from edgead.models.presets import DEFAULT_PRESET, PRESETS
from edgead.models.spec import (
    CODINGS,
    DATASETS,
    ENGINES,
    MODELS,
    STRATEGIES,
    SpecError,
    TrialSpec,
    read_spec,
)


@dataclass(frozen=True)
class Field:
    """A field: the spec's key, what it is called, its choices where it has some, and help."""

    key: str
    label: str
    help: str
    choices: tuple[str, ...] = ()


SEEDS, NODES = "seed", "worker_nodes"
FIELDS = (
    Field("preset", "preset", "where the other values come from", tuple(PRESETS)),
    Field("strategy", "strategy", "central is this machine alone", STRATEGIES),
    Field("engine", "engine", "fast, or paper as the thesis trains", ENGINES),
    Field("workers", "workers", "1 to 64"),
    Field("epochs", "epochs", "1 to 100000"),
    Field(SEEDS, "seeds", "one, or a sweep: 1..5 or 1,3,7"),
    Field("batch", "batch", "rows of a step, over all workers"),
    Field("learning_rate", "learning rate", "above 0"),
    Field("threshold", "threshold", "mean+std, or quantile:0.98"),
    Field("dataset", "data set", "", DATASETS),
    Field("synthetic", "synthetic", "a labelled stand-in", ("false", "true")),
    Field("rows", "rows", "to train on; 0 is all"),
    Field("coding", "coding", "", CODINGS),
    Field("model", "model", "", MODELS),
    Field("chief_node", "chief on", "a node; empty is this machine"),
    Field("ps_node", "server on", "a node; empty is the first that may"),
    Field(NODES, "workers on", "nodes, with commas; empty is in turn"),
)
NUMBERS = ("workers", "epochs", "batch", "learning_rate", "rows", "synthetic")


class FormError(UsageError):
    """A field that can't be as it is; `key` says which."""

    def __init__(self, key: str, text: str) -> None:
        super().__init__(text)
        self.key = key


def defaults(preset: str = DEFAULT_PRESET) -> dict[str, str]:
    """Give every field's text as a preset has it."""
    return texts_of(read_spec({"preset": preset}))


def texts_of(spec: TrialSpec) -> dict[str, str]:
    """Give every field's text for a spec."""
    values = spec.to_mapping()
    return {field.key: _text(values[field.key]) for field in FIELDS}


def read_form(texts: Mapping[str, str]) -> tuple[TrialSpec, ...]:
    """Read the fields: one spec for each seed. Raises FormError naming the field."""
    try:
        seeds = parse_seeds(texts[SEEDS])
    except UsageError as error:
        raise FormError(SEEDS, str(error).replace("--seeds ", "")) from None
    try:
        spec = read_spec({**_changed(texts), "seed": seeds[0]}, "")
    except SpecError as error:
        key, _, text = str(error).removeprefix(": ").partition(": ")
        raise FormError(key, f"{key}: {text}") from None
    return with_seeds(spec, seeds)


def words_of(texts: Mapping[str, str]) -> list[str]:
    """Give the command line that starts the same, after `edgead-console`."""
    changed = _changed(texts)
    preset = changed.pop("preset")
    words = ["trial", "run", str(preset)]
    for key, value in changed.items():
        words += ["--set", f"{key}={_toml(value)}"]
    seeds = texts[SEEDS].strip()
    if not seeds.isdecimal():
        return [*words, "--seeds", seeds]
    return words if seeds == defaults(str(preset))[SEEDS] else [*words, "--set", f"seed={seeds}"]


def _changed(texts: Mapping[str, str]) -> dict[str, Any]:
    """Give preset and what differs from it, as values; the seeds are left to others."""
    preset = texts["preset"]
    usual = defaults(preset if preset in PRESETS else DEFAULT_PRESET)
    values: dict[str, Any] = {"preset": preset}
    for field in FIELDS[1:]:
        text = texts[field.key].strip()
        if field.key != SEEDS and text != usual[field.key]:
            values[field.key] = _value(field.key, text)
    return values


def _value(key: str, text: str) -> Any:
    if key == NODES:
        return [name.strip() for name in text.split(",") if name.strip()]
    return read_value(text) if key in NUMBERS else text


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, Sequence) and not isinstance(value, str):
        return ", ".join(map(str, value))
    return str(value)


def _toml(value: Any) -> str:
    if isinstance(value, list):
        return "[" + ", ".join(f'"{name}"' for name in value) + "]"
    return _text(value)
