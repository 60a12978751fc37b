"""Keras autoencoders by name: those of the paper's sections 3.3 (dense) and 3.4 (LSTM)."""

from __future__ import annotations

from typing import Any, Callable, Dict, Optional, Tuple

import tensorflow as tf

from edgead.datasets import Window

keras = tf.keras
Shape = Tuple[int, ...]


def dense_autoencoder(shape: Shape) -> Any:
    """Build 32-16-8 / 8-16-32 ReLU layers and a linear output: [rows, features] to the same.

    Section 3.3 of the paper, which names the layers but not their initial values: Keras' own.
    """
    layers = [keras.layers.Dense(units, activation="relu") for units in (32, 16, 8, 8, 16, 32)]
    return keras.Sequential([keras.Input(shape), *layers, keras.layers.Dense(shape[-1])])


def lstm_autoencoder(shape: Shape) -> Any:
    """Build an LSTM encoder and decoder with four time-distributed dense layers.

    Windows [windows, steps, features] to the same. Section 3.4 of the paper names the layers; the
    units, 32 in the LSTMs and 32-16-32 before the linear output, are ours.
    """
    steps, features = shape
    dense = [keras.layers.Dense(units, activation="relu") for units in (32, 16, 32)]
    return keras.Sequential(
        [
            keras.Input(shape),
            keras.layers.LSTM(32),
            keras.layers.RepeatVector(steps),
            keras.layers.LSTM(32, return_sequences=True),
            *map(keras.layers.TimeDistributed, [*dense, keras.layers.Dense(features)]),
        ]
    )


MODELS: Dict[str, Callable[[Shape], Any]] = {
    "dense-autoencoder": dense_autoencoder,
    "lstm-autoencoder": lstm_autoencoder,
}


def input_shape(window: Optional[Window], features: int) -> Shape:
    """Give the shape of what a model takes at once: a row, or a window of rows."""
    return (features,) if window is None else (window.steps, features)


def build(name: str, shape: Shape, learning_rate: Any) -> Any:
    """Build and compile a model by name: Adam, mean absolute error (section 3.3).

    `learning_rate` is a number or a Keras schedule.

    It is the Adam that TensorFlow 2.5 had: one operation a variable, run where the variable
    lives. The newer one reads and writes a parameter server many times a step.
    """
    model = MODELS[name](shape)
    model.compile(optimizer=keras.optimizers.legacy.Adam(learning_rate), loss="mae")
    return model
