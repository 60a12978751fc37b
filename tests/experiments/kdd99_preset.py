"""How the preset kdd99 was chosen: codings and threshold rules over seeds, on validation only.

Run from the project's root: `.venv/bin/python -P tests/experiments/kdd99_preset.py FOLDER`, where
FOLDER holds the real kdd99/. It prints the tables of docs/kdd99-preset.md. Scores of the test
file are printed last, for the paper's coding and the chosen one alone.
"""

import argparse
import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

os.environ["TF_USE_LEGACY_KERAS"] = "1"

import numpy as np
import tensorflow as tf

from edgead.datasets import Dataset, Split, coding, load
from edgead.datasets.cache import cached_table
from edgead.datasets.dataset import Floats
from edgead.datasets.kdd99 import Table
from edgead.datasets.kdd99_columns import CATEGORIES, NUMBERS
from edgead.datasets.loading import split
from edgead.datasets.sources import find
from edgead.models.autoencoder import build
from edgead.models.detector import fit_threshold, row_errors, score

SEEDS = range(1, 6)
MORE_SEEDS = range(6, 21)  # for the candidates that stay level over SEEDS
EPOCHS = (8, 10, 12)
RULES = ("mean+std", *(f"quantile:{q}" for q in (0.9, 0.95, 0.97, 0.98, 0.985, 0.99)))
LEVEL = ("41, surprisals", "`full`: 41, one-hot by surprisal")
CHOSEN = ("full", "quantile:0.98")
BATCH, RATE = 2048, 0.001
HEAD = f"| coding | epochs | {' | '.join(RULES)} |\n|---|---|{'---|' * len(RULES)}"
STALENESS = 2  # with three workers, two updates of others come between a read and its update

Candidate = Callable[[Table, coding.Rows], coding.Coder]


def first_appearance(train: Table, _normal: coding.Rows) -> coding.Coder:
    """The six features, all three names by first appearance."""
    names = {name: coding.first_appearance(train, name) for name in CATEGORIES}
    numbers = {name: coding.Number(name) for name in coding.PAPER_FEATURES if name in NUMBERS}
    return coding.Coder({**names, **numbers})


def first_appearance_ranged(train: Table, normal: coding.Rows) -> coding.Coder:
    """The six features by first appearance, each to 0..1 on the normal training rows."""
    plain = first_appearance(train, normal).features  # the numbers are 0 or 1 already
    codes = {name: coding.first_appearance(train, name) for name in CATEGORIES}
    unit = {name: within_unit(code, train, normal) for name, code in codes.items()}
    return coding.Coder({**plain, **unit})


def within_unit(code: coding.Name, train: Table, normal: coding.Rows) -> coding.Name:
    """Map a category's codes to 0..1 by their range over the normal training rows."""
    top = float(code(train, normal).max())
    values = {name: value / top for name, value in code.values.items()}
    return replace(code, values=values, unseen=code.unseen / top)


def numbers_only(train: Table, normal: coding.Rows) -> coding.Coder:
    """The 38 numbers as in `full`, without names."""
    features = coding.full(train, normal).features
    return coding.Coder({name: features[name] for name in NUMBERS})


def plain_one_hot(train: Table, normal: coding.Rows) -> coding.Coder:
    """All 41: numbers to 0..1, through log1p unless rates; names one-hot and an unseen flag."""
    features: dict[str, coding.Feature] = {
        name: coding.ranged(train, normal, name, not name.endswith("rate")) for name in NUMBERS
    }
    for name in CATEGORIES:
        ones = coding.Name(name, dict.fromkeys(train.names[name], 1.0), 1.0)
        features.update(coding.one_hot(ones))
    return coding.Coder(features)


def surprisals(train: Table, normal: coding.Rows) -> coding.Coder:
    """All 41: numbers as in `full`, each category one feature, its surprisal."""
    names = {name: coding.surprisal(train, normal, name) for name in CATEGORIES}
    return coding.Coder({**numbers_only(train, normal).features, **names})


CANDIDATES: dict[str, Candidate] = {
    "six, as the paper": coding.paper,
    "six, first appearance": first_appearance,
    "six, first appearance, 0..1": first_appearance_ranged,
    "38 numbers": numbers_only,
    "41, log1p, one-hot": plain_one_hot,
    "41, surprisals": surprisals,
    "`full`: 41, one-hot by surprisal": coding.full,
}


def trained(x: Floats, seed: int, stops: Sequence[int] = EPOCHS) -> Iterator[tf.keras.Model]:
    """Train by Keras fit, yielding the one model after each number of epochs."""
    tf.keras.utils.set_random_seed(seed)
    model = build("dense-autoencoder", x.shape[1], RATE)
    for before, epochs in zip((0, *stops), stops, strict=False):
        model.fit(x, x, batch_size=BATCH, epochs=epochs - before, verbose=0)
        yield model


def trained_stale(x: Floats, seed: int) -> tf.keras.Model:
    """Train with gradients taken at weights STALENESS updates old, as asynchronous workers do."""
    tf.keras.utils.set_random_seed(seed)
    model = build("dense-autoencoder", x.shape[1], RATE)
    past = [[tf.identity(v) for v in model.trainable_variables]] * (STALENESS + 1)

    @tf.function(reduce_retracing=True)  # type: ignore[untyped-decorator]
    def gradients(rows: tf.Tensor) -> list[tf.Tensor]:
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean(tf.abs(model(rows) - rows))
        steps: list[tf.Tensor] = tape.gradient(loss, model.trainable_variables)
        return steps

    for _ in range(10):
        order = np.random.permutation(len(x))[: len(x) // BATCH * BATCH]
        for rows in order.reshape(-1, BATCH):
            now = [tf.identity(v) for v in model.trainable_variables]
            past = [*past[1:], now]
            _assign(model, past[0])
            step = gradients(tf.constant(x[rows]))
            _assign(model, now)
            model.optimizer.apply_gradients(zip(step, model.trainable_variables, strict=True))
    return model


def _assign(model: tf.keras.Model, values: Sequence[tf.Tensor]) -> None:
    for variable, value in zip(model.trainable_variables, values, strict=True):
        variable.assign(value)


def errors(model: tf.keras.Model, x: Floats) -> Floats:
    """Mean absolute error of each row: [rows, features] to [rows]."""
    return row_errors(x, model.predict(x, batch_size=65_536, verbose=0))


def accuracies(model: tf.keras.Model, x: Floats, held: Split) -> list[float]:
    """Accuracy on held-out rows for each of RULES."""
    train, other = errors(model, x), errors(model, held.x)
    return [score(other, held.y, fit_threshold(train, rule).value).accuracy for rule in RULES]


def row(name: str, how: str, values: Sequence[Sequence[float]]) -> str:
    """One table row: mean ± standard deviation over seeds (lowest), in percent, for each rule."""
    table = 100 * np.array(values)
    cells = (
        f"{mean:.2f} ± {std:.2f} ({low:.2f})"
        for mean, std, low in zip(table.mean(0), table.std(0, ddof=1), table.min(0), strict=True)
    )
    return f"| {name} | {how} | " + " | ".join(cells) + " |"


def coded(train: Table, candidate: Candidate) -> tuple[Floats, Split]:
    """Code the training rows and the validation rows as a candidate does."""
    parts = split(train)
    coder = candidate(train, parts.train)
    held = Split(coder.code(train, parts.validation), train.attack[parts.validation])
    return coder.code(train, parts.train), held


def compare(train: Table) -> None:
    """Print the table of all candidates on validation rows."""
    print(HEAD)
    for name, candidate in CANDIDATES.items():
        normal, held = coded(train, candidate)
        by_epochs: dict[int, list[list[float]]] = {epochs: [] for epochs in EPOCHS}
        for seed in SEEDS:
            for epochs, model in zip(EPOCHS, trained(normal, seed), strict=True):
                by_epochs[epochs].append(accuracies(model, normal, held))
        for epochs, values in by_epochs.items():
            print(row(name, str(epochs), values), flush=True)
        stale = [accuracies(trained_stale(normal, seed), normal, held) for seed in SEEDS]
        print(row(name, "10, stale", stale), flush=True)


def confirm(train: Table) -> None:
    """Print the candidates that stayed level once more, over other seeds."""
    print(f"\nSeeds {MORE_SEEDS[0]} to {MORE_SEEDS[-1]}\n\n{HEAD}")
    for name in LEVEL:
        normal, held = coded(train, CANDIDATES[name])
        models = (next(trained(normal, seed, (10,))) for seed in MORE_SEEDS)
        print(row(name, "10", [accuracies(model, normal, held) for model in models]), flush=True)


def finish(data: Dataset, rule: str) -> None:
    """Print validation and test scores of one preset for each seed."""
    print(f"\n{len(data.features)} features, {rule}\n")
    print("| seed | split | accuracy | precision | recall |")
    print("|---|---|---|---|---|")
    for seed in SEEDS:
        model = next(trained(data.train, seed, (10,)))
        threshold = fit_threshold(errors(model, data.train), rule).value
        for name, held in (("validation", data.validation), ("test", data.test)):
            got = score(errors(model, held.x), held.y, threshold)
            print(
                f"| {seed} | {name} | {got.accuracy:.4f} | {got.precision:.4f} | {got.recall:.4f} |"
            )


def main() -> None:
    """Compare on validation, then show the test figures of the two presets."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--part", choices=("compare", "confirm", "finish"), help="only this part")
    options = parser.parse_args()
    files = find("kdd99", options.folder)
    if files is None:
        parser.error(f"no KDD99 files in {options.folder}")
    train = cached_table(files.train, None)
    for part in (compare, confirm):
        if options.part in (None, part.__name__):
            part(train)
    if options.part in (None, "finish"):
        finish_both(options.folder)


def finish_both(folder: Path) -> None:
    """Print the scores of the paper's preset and the chosen one."""
    for name, rule in (("paper", "mean+std"), CHOSEN):
        finish(load("kdd99", name, folder, None), rule)


if __name__ == "__main__":
    main()
