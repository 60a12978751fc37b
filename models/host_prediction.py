"""Times prediction on this machine in the variants of the paper's Tables 4.2 and 4.3.

Started as `python -m edgead.models.host_prediction`: stdin is one JSON object {model, dataset,
coding, synthetic, data, cache}; stdout has one a line, {variant, split, seconds}. Every variant
ends with each row's error, and is run on a few rows first, so that no graph is built on the clock.
"""

from __future__ import annotations

import json
import os
import sys
import time
from pathlib import Path
from typing import Any, Callable, Dict

import numpy as np

from edgead.datasets import load
from edgead.models.report import claim_stdout
from edgead.models.uncollected import uncollected

WARM_ROWS = 100
BATCHES = (4096, 65_536)


def variants(model: Any) -> Dict[str, Callable[[Any], Any]]:
    """Give the ways to run a model over rows [rows, features], by name."""
    import tensorflow as tf

    whole = tf.function(lambda rows: model(rows, training=False), reduce_retracing=True)

    def pipeline(rows: Any) -> Any:
        data = tf.data.Dataset.from_tensor_slices(rows).batch(BATCHES[0])
        return model.predict(data.prefetch(2), verbose=0)

    def batched(size: int) -> Callable[[Any], Any]:
        return lambda rows: model.predict(rows, batch_size=size, verbose=0)

    return {
        **{f"batch {size:,}": batched(size) for size in BATCHES},
        "no batching": lambda rows: whole(tf.constant(rows)).numpy(),
        "Keras predict": lambda rows: model.predict(rows, verbose=0),
        "tf.data": pipeline,
    }


def main() -> None:
    """Time every variant over the validation and the test rows."""
    out = claim_stdout()
    job = json.loads(sys.stdin.readline())
    os.environ.setdefault("TF_USE_LEGACY_KERAS", "1")
    with uncollected():
        import tensorflow as tf

    data = load(
        job["dataset"],
        job["coding"],
        Path(job["data"]),
        Path(job["cache"]),
        synthetic=job["synthetic"],
    )
    model = tf.keras.models.load_model(job["model"], compile=False)
    for name, run in variants(model).items():
        run(data.test.x[:WARM_ROWS])
        for split in ("validation", "test"):
            rows = getattr(data, split).x
            start = time.monotonic()
            np.abs(run(rows) - rows).mean(axis=1)
            seconds = time.monotonic() - start
            out.write(json.dumps({"variant": name, "split": split, "seconds": seconds}) + "\n")
            out.flush()


if __name__ == "__main__":
    main()
