"""The thesis's figures (Holdren, UCF 2022): what every comparison stands beside."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from statistics import fmean

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


@dataclass(frozen=True)
class Published:
    """What the thesis says of one data set: the tables' titles, scores by split, seconds."""

    detection: str
    run_time: str
    scores: Mapping[str, Mapping[str, float]]
    training: float | None
    first_epoch_range: tuple[float, float]
    later_epoch: float
    prediction: Mapping[str, Mapping[str, tuple[float, float]]]  # split, where: the range

    @property
    def first_epoch(self) -> float:
        """The middle of the first epoch's range."""
        return fmean(self.first_epoch_range)


PUBLISHED = {
    "kdd99": Published(
        "Table 4.1  Detection, KDD99 dense autoencoder",
        "Section 4.1.2  Run time (s)",
        TABLE_4_1,
        TRAINING_SECONDS,
        FIRST_EPOCH_SECONDS,
        LATER_EPOCH_SECONDS,
        {
            "test": {
                "host": (PREDICTION_SECONDS_HOST, PREDICTION_SECONDS_HOST),
                "workers": PREDICTION_SECONDS_CLUSTER,
            }
        },
    ),
    # The LSTM autoencoder, its chief on a board too; one accuracy is all it gives.
    "swat": Published(
        "Detection, SWaT LSTM autoencoder",
        "Run time (s)",
        {"test": {"accuracy": 0.9665}},
        None,
        (275.0, 275.0),
        10.0,
        {},
    ),
}
