"""A dataset as files and plain data: described where it was loaded, restored where they lie."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Dict, Mapping, Tuple

import numpy as np

from edgead.datasets.dataset import Dataset, Floats, Split, Window
from edgead.datasets.prepared import Prepared, Shard, write_shard, write_shards


def describe(data: Dataset, folder: Path) -> Dict[str, Any]:
    """Have a dataset in a folder, labels too, and say as plain data what it is made of."""
    prepared = write_shards(data, folder)
    labels = {}
    for split in ("validation", "test"):
        y = getattr(data, split).y.astype(np.float32)[:, np.newaxis]
        labels[split] = Shard(write_shard(y, folder), *y.shape)
    return {
        **{key: getattr(data, key) for key in ("name", "synthetic", "digest", "coder")},
        "prepared": prepared._asdict(),
        "labels": labels,
        "files": [*prepared.files, *(shard.file for shard in labels.values())],
    }


def restore(described: Mapping[str, Any], folder: Path) -> Tuple[Dataset, Prepared]:
    """Read back, from the files in a folder, what `describe` gave. Raises OSError, ValueError."""
    features, window, *others = (described["prepared"][key] for key in Prepared._fields)
    shards = [Shard(*other) for other in others]
    prepared = Prepared(tuple(features), window and Window(*window), *shards)
    labels = [Shard(*described["labels"][split]) for split in ("validation", "test")]
    train, *rows = (_mapped(shard, folder) for shard in shards)
    validation, test = (Split(x, _mapped(y, folder)[:, 0] > 0) for x, y in zip(rows, labels))
    data = Dataset(
        name=described["name"],
        synthetic=described["synthetic"],
        features=prepared.features,
        train=train,
        validation=validation,
        test=test,
        digest=described["digest"],
        window=prepared.window,
        coder=described["coder"],
    )
    return data, prepared


def _mapped(shard: Shard, folder: Path) -> Floats:
    return np.memmap(folder / shard.file, np.float32, "r", shape=(shard.rows, shard.features))
