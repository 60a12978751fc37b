"""Keras autoencoders by name; the dense one is that of the paper's section 3.3."""

from __future__ import annotations

from typing import Any, Callable, Dict

import tensorflow as tf

keras = tf.keras


def dense_autoencoder(features: int) -> Any:
    """Build 32-16-8 / 8-16-32 ReLU layers and a linear output: [rows, features] to the same.

    Section 3.3 of the paper, which names the layers but not their initial values: Keras' own.
    """
    layers = [keras.layers.Dense(units, activation="relu") for units in (32, 16, 8, 8, 16, 32)]
    return keras.Sequential([keras.Input((features,)), *layers, keras.layers.Dense(features)])


MODELS: Dict[str, Callable[[int], Any]] = {"dense-autoencoder": dense_autoencoder}


def build(name: str, features: int, learning_rate: Any) -> Any:
    """Build and compile a model by name: Adam, mean absolute error (section 3.3).

    `learning_rate` is a number or a Keras schedule.

    It is the Adam that TensorFlow 2.5 had: one operation a variable, run where the variable
    lives. The newer one reads and writes a parameter server many times a step.
    """
    model = MODELS[name](features)
    model.compile(optimizer=keras.optimizers.legacy.Adam(learning_rate), loss="mae")
    return model
