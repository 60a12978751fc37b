"""Shards: a dataset's arrays as raw files named by their content, ready to be staged on nodes.

As a program, `python -m edgead.datasets.prepared`: stdin is one JSON object, the arguments of
`load`; stdout is what `restore` takes, to read the dataset back where the files are staged.
"""

from __future__ import annotations

import hashlib
import json
import sys
from pathlib import Path
from typing import Any, Dict, Mapping, NamedTuple, Optional, Tuple

import numpy as np

from edgead.datasets.dataset import Dataset, Floats, Split, Window
from edgead.datasets.files import written_whole

_FORMAT = 1  # to be raised with any change to the manifest


class Shard(NamedTuple):
    """One array, float32 [rows, features] in C order, little-endian; `file` is its sha256.f32."""

    file: str
    rows: int
    features: int


class Prepared(NamedTuple):
    """A dataset's shards, and what a graph must know of them."""

    features: Tuple[str, ...]
    window: Optional[Window]
    train: Shard
    validation: Shard
    test: Shard

    @property
    def files(self) -> Tuple[str, ...]:
        """The shards' files, each once."""
        return tuple(
            dict.fromkeys(shard.file for shard in (self.train, self.validation, self.test))
        )


def write_shards(data: Dataset, folder: Path) -> Prepared:
    """Have a dataset's shards in a folder; what is there already, whole, is not written again.

    Raises OSError where the folder cannot be written.
    """
    splits = {"train": data.train, "validation": data.validation.x, "test": data.test.x}
    manifest = folder / f"{data.digest}-v{_FORMAT}.json"
    names = _known(manifest)
    shards = {
        split: Shard(_have(array, names.get(split, ""), folder), *array.shape)
        for split, array in splits.items()
    }
    with written_whole(manifest) as file:
        file.write(json.dumps({split: shard.file for split, shard in shards.items()}).encode())
    return Prepared(data.features, data.window, **shards)


def describe(data: Dataset, folder: Path) -> Dict[str, Any]:
    """Have a dataset in a folder, labels too, and say as plain data what it is made of."""
    prepared = write_shards(data, folder)
    labels = {}
    for split in ("validation", "test"):
        y = getattr(data, split).y.astype(np.float32)[:, np.newaxis]
        labels[split] = Shard(_have(y, "", folder), *y.shape)
    return {
        **{key: getattr(data, key) for key in ("name", "synthetic", "digest", "coder")},
        "prepared": prepared._asdict(),
        "labels": labels,
        "files": [*prepared.files, *(shard.file for shard in labels.values())],
    }


def restore(described: Mapping[str, Any], folder: Path) -> Tuple[Dataset, Prepared]:
    """Read back, from the files in a folder, what `describe` gave. Raises OSError, ValueError."""
    features, window, *shards = (described["prepared"][key] for key in Prepared._fields)
    prepared = Prepared(tuple(features), window and Window(*window), *(Shard(*x) for x in shards))
    train, *others = (_mapped(Shard(*shard), folder) for shard in shards)
    labels = [_mapped(Shard(*described["labels"][s]), folder) for s in ("validation", "test")]
    validation, test = (Split(x, y[:, 0] > 0) for x, y in zip(others, labels))
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


def main() -> int:
    """Write a dataset's files into the cache; exit 2, with one line, where it can't be had."""
    from edgead.datasets.errors import DatasetError
    from edgead.datasets.loading import load

    job = json.loads(sys.stdin.read())
    cache = Path(job["cache"])
    settings = {key: job[key] for key in ("synthetic", "rows")}
    try:
        data = load(job["name"], job["coding"], Path(job["folder"]), cache, **settings)
        print(json.dumps(describe(data, cache / "shards")))
    except (DatasetError, OSError) as error:
        print(error, file=sys.stderr)
        return 2
    return 0


def _known(manifest: Path) -> Dict[str, str]:
    try:
        names = json.loads(manifest.read_text())
    except (OSError, ValueError):
        return {}
    found = names if isinstance(names, dict) else {}
    return {split: name for split, name in found.items() if isinstance(name, str)}


def _have(array: Floats, name: str, folder: Path) -> str:
    """Give the file that holds an array, written now unless the one it is said to be is whole."""
    if name and Path(name).name == name:
        path = folder / name
        if path.is_file() and path.stat().st_size == array.nbytes:
            return name
    content = array.astype("<f4", order="C", copy=False).tobytes()
    name = f"{hashlib.sha256(content).hexdigest()}.f32"
    with written_whole(folder / name) as file:
        file.write(content)
    return name


if __name__ == "__main__":
    sys.exit(main())
