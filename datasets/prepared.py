"""Shards: a dataset's arrays as raw files named by their content, ready to be staged on nodes."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Dict, NamedTuple, Optional, Tuple

from edgead.datasets.dataset import Dataset, Floats, Window
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
        split: Shard(write_shard(array, folder, names.get(split, "")), *array.shape)
        for split, array in splits.items()
    }
    with written_whole(manifest) as file:
        file.write(json.dumps({split: shard.file for split, shard in shards.items()}).encode())
    return Prepared(data.features, data.window, **shards)


def _known(manifest: Path) -> Dict[str, str]:
    try:
        names = json.loads(manifest.read_text())
    except (OSError, ValueError):
        return {}
    found = names if isinstance(names, dict) else {}
    return {split: name for split, name in found.items() if isinstance(name, str)}


def write_shard(array: Floats, folder: Path, name: str = "") -> str:
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
