"""TrialSpec: what one trial trains, how and where, as plain validated data."""

from __future__ import annotations

import re
from dataclasses import asdict, dataclass, fields
from typing import Any, Callable, Dict, Mapping, Tuple

from edgead.models.presets import PRESETS

STRATEGIES = ("central", "parameter-server")
ENGINES = ("fast", "paper")
DATASETS = ("kdd99", "swat")
MODELS = ("dense-autoencoder", "lstm-autoencoder")
WINDOWED_MODELS = ("lstm-autoencoder",)
WINDOWED_DATASETS = ("swat",)
CODINGS = ("paper", "full")
NODE_NAME = r"[A-Za-z0-9][A-Za-z0-9._-]{0,62}"  # what a shell takes as it is
MOST_WORKERS = 64


class SpecError(ValueError):
    """A spec that cannot be run: one line with the key, what was expected and what was given."""


@dataclass(frozen=True)
class TrialSpec:
    """One trial, before it runs.

    `batch` is the global batch in rows; an epoch is floor(training rows / batch) steps, as in
    section 3.3.2 of the paper. `chief_node`, `ps_node` and `worker_nodes` name nodes of the
    cluster file; left empty, the chief is on the host and placement fills the others in, in the
    file's order. `rows` are the training rows to take, the first ones or all over and over; 0
    takes each once. `engine` is how a distributed trial trains: `fast`, or `paper` as the
    baseline it is held against.

    The last six say what is done about failures. A task is started again `retries` times, as is
    the whole from its last checkpoint; what goes well starts the count anew. With fewer than
    `minimum_workers` the trial ends. Deadlines, in seconds: a task has `ready_seconds` to start;
    one that gives no sign of life for `silence_seconds` is frozen; a part that takes
    `stall_seconds` (five times that for the first, or ten times the longest so far where that is
    more) is stalled; a node that is lost is waited for for `rejoin_seconds`.
    """

    preset: str = ""
    dataset: str = "kdd99"
    synthetic: bool = False
    rows: int = 0
    coding: str = "paper"
    model: str = "dense-autoencoder"
    strategy: str = "parameter-server"
    engine: str = "fast"
    workers: int = 3
    epochs: int = 10
    batch: int = 2048
    learning_rate: float = 0.001
    threshold: str = "mean+std"
    seed: int = 1
    chief_node: str = ""
    ps_node: str = ""
    worker_nodes: Tuple[str, ...] = ()
    retries: int = 3
    minimum_workers: int = 1
    ready_seconds: float = 180.0
    silence_seconds: float = 15.0
    stall_seconds: float = 120.0
    rejoin_seconds: float = 600.0

    def to_mapping(self) -> Dict[str, Any]:
        """Give the spec as plain data, ready for TOML or JSON."""
        return {**asdict(self), "worker_nodes": list(self.worker_nodes)}

    @property
    def distributed(self) -> bool:
        """Whether the trial needs nodes."""
        return self.strategy == "parameter-server"


def one_of(*choices: str) -> Callable[[Any], str]:
    """Accept one of a few names."""

    def read(value: Any) -> str:
        if value not in choices:
            raise ValueError("one of " + ", ".join(choices))
        return str(value)

    return read


def whole(low: int, high: int) -> Callable[[Any], int]:
    """Accept a whole number from low to high."""

    def read(value: Any) -> int:
        if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
            raise ValueError(f"a whole number from {low} to {high}")
        return value

    return read


def real(low: float, high: float) -> Callable[[Any], float]:
    """Accept a number above low and up to high."""

    def read(value: Any) -> float:
        if (
            isinstance(value, bool)
            or not isinstance(value, (int, float))
            or not low < value <= high
        ):
            raise ValueError(f"a number above {low:g}, up to {high:g}")
        return float(value)

    return read


def flag(value: Any) -> bool:
    """Accept true or false."""
    if not isinstance(value, bool):
        raise ValueError("true or false")
    return value


def name(value: Any) -> str:
    """Accept a node's name, or none."""
    if not isinstance(value, str) or not re.fullmatch(f"(?:{NODE_NAME})?", value):
        raise ValueError("a node's name")
    return value


def names(value: Any) -> Tuple[str, ...]:
    """Accept a list of node names."""
    if not isinstance(value, (list, tuple)) or len(value) > MOST_WORKERS:
        raise ValueError(f"a list of node names, at most {MOST_WORKERS}")
    if not all(isinstance(each, str) and re.fullmatch(NODE_NAME, each) for each in value):
        raise ValueError("a list of node names")
    return tuple(value)


def threshold_rule(value: Any) -> str:
    """Accept a threshold rule: mean+std, or quantile:Q with Q above 0 and below 1."""
    expected = "mean+std, or quantile:Q with 0 < Q < 1 such as quantile:0.99"
    if value == "mean+std":
        return "mean+std"
    head, _, quantile = str(value).partition(":")
    try:
        fits = head == "quantile" and 0.0 < float(quantile) < 1.0
    except ValueError:
        fits = False
    if not fits:
        raise ValueError(expected)
    return str(value)


READERS: Dict[str, Callable[[Any], Any]] = {
    "preset": one_of("", *PRESETS),
    "dataset": one_of(*DATASETS),
    "synthetic": flag,
    "rows": whole(0, 100_000_000),
    "coding": one_of(*CODINGS),
    "model": one_of(*MODELS),
    "strategy": one_of(*STRATEGIES),
    "engine": one_of(*ENGINES),
    "workers": whole(1, MOST_WORKERS),
    "epochs": whole(1, 100_000),
    "batch": whole(1, 1_000_000),
    "learning_rate": real(0.0, 10.0),
    "threshold": threshold_rule,
    "seed": whole(0, 2**31 - 1),
    "chief_node": name,
    "ps_node": name,
    "worker_nodes": names,
    "retries": whole(0, 1000),
    "minimum_workers": whole(1, 64),
    "ready_seconds": real(0.0, 86_400.0),
    "silence_seconds": real(4.0, 86_400.0),
    "stall_seconds": real(0.0, 86_400.0),
    "rejoin_seconds": real(0.0, 86_400.0),
}
assert set(READERS) == {field.name for field in fields(TrialSpec)}


def read_spec(values: Any, where: str = "trial") -> TrialSpec:
    """Turn plain data, a mapping, into a TrialSpec: the preset's values, the given ones over them.

    Raises SpecError naming `where` (a file, say), the key, what was expected and what was given.
    """
    if not isinstance(values, Mapping):
        raise SpecError(f"{where}: expected a table [trial]")
    unknown = sorted(set(values) - set(READERS))
    if unknown:
        known = ", ".join(READERS)
        raise SpecError(f"{where}: {unknown[0]:.80}: no such key; the keys are {known}")
    preset = _read(where, "preset", values.get("preset", ""))
    merged = {**PRESETS.get(preset, {}), **values}
    spec = TrialSpec(**{key: _read(where, key, value) for key, value in merged.items()})
    if spec.worker_nodes and "workers" not in values:
        spec = TrialSpec(**{**asdict(spec), "workers": len(spec.worker_nodes)})
    if spec.worker_nodes and len(spec.worker_nodes) != spec.workers:
        raise SpecError(
            f"{where}: worker_nodes: expected {spec.workers} names, one for each of workers, "
            f"got {len(spec.worker_nodes)}"
        )
    if spec.minimum_workers > spec.workers:
        raise SpecError(
            f"{where}: minimum_workers: expected {spec.workers} at most, the number of workers, "
            f"got {spec.minimum_workers}"
        )
    _check_match(spec, where)
    if spec.chief_node and not spec.distributed:
        raise SpecError(f"{where}: chief_node: only a distributed trial has its chief on a node")
    if spec.distributed and spec.batch < spec.workers:
        raise SpecError(
            f"{where}: batch: expected {spec.workers} or more, a row for each of workers, "
            f"got {spec.batch}"
        )
    return spec


def _check_match(spec: TrialSpec, where: str) -> None:
    """Raise SpecError unless the model and the coding are for this dataset."""
    windowed = spec.dataset in WINDOWED_DATASETS
    if windowed != (spec.model in WINDOWED_MODELS):
        takes = "rows one by one" if windowed else "windows of a series"
        kind = "series" if windowed else "set of rows"
        fits = [model for model in MODELS if (model in WINDOWED_MODELS) == windowed]
        raise SpecError(
            f"{where}: model: {spec.model} takes {takes}, and {spec.dataset} is a {kind}; "
            f"expected {', '.join(fits)}"
        )
    if windowed and spec.coding != "paper":
        raise SpecError(f"{where}: coding: {spec.dataset} has one, paper; got {spec.coding}")


def _read(where: str, key: str, value: Any) -> Any:
    try:
        return READERS[key](value)
    except ValueError as expected:
        raise SpecError(f"{where}: {key}: expected {expected}, got {value!r:.80}") from None
