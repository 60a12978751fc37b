"""The thesis's figures (Holdren, UCF 2022): what every comparison stands beside."""

from __future__ import annotations

# Table 4.1: KDD99 dense autoencoder, distributed over three boards.
TABLE_4_1: dict[str, dict[str, float]] = {
    "validation": {"accuracy": 0.9560, "precision": 0.958, "recall": 0.989},
    "test": {"accuracy": 0.9234, "precision": 0.944, "recall": 0.962},
}

# Section 4.1.2, the dense autoencoder's run time on the cluster, in seconds.
TRAINING_SECONDS = 32.0
FIRST_EPOCH_SECONDS = (20.0, 25.0)
LATER_EPOCH_SECONDS = 1.0
PREDICTION_SECONDS_HOST = 0.29
PREDICTION_SECONDS_CLUSTER = (14.0, 25.0)
