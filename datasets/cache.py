"""Parsed tables kept as NumPy files, named by the content they were read from."""

from __future__ import annotations

import zipfile
import zlib
from contextlib import suppress
from pathlib import Path
from typing import Any, Dict, Optional

import numpy as np

from edgead.datasets.files import sha256, written_whole
from edgead.datasets.kdd99 import Table, read_table
from edgead.datasets.kdd99_columns import CATEGORIES, NUMBERS

FORMAT = 1  # to be raised with any change to what `read_table` or `_pack` gives

_Arrays = Dict[str, Any]  # NumPy arrays by name
# What NumPy and zipfile raise on an archive that is cut, damaged or another's.
_DAMAGED = (
    OSError,
    EOFError,
    ValueError,
    KeyError,
    NotImplementedError,
    zipfile.BadZipFile,
    zlib.error,
)


def cached_table(path: Path, folder: Optional[Path]) -> Table:
    """Read a KDD99 file, or the copy of its table in the cache folder when there is a sound one.

    A damaged copy is made anew; a folder that cannot be written costs only the time saved. With
    no folder nothing is kept. Raises DatasetError as `read_table` does.
    """
    if folder is None:
        return read_table(path)
    copy = folder / f"kdd99-{sha256(path)[:32]}-v{FORMAT}.npz"
    try:
        with copy.open("rb") as file, np.load(file, allow_pickle=False) as arrays:
            return _unpack(arrays)  # zip members carry checksums
    except _DAMAGED:
        table = read_table(path)
    with suppress(OSError), written_whole(copy) as whole:
        np.savez(whole, **_pack(table))
    return table


def _pack(table: Table) -> _Arrays:
    arrays: _Arrays = {**table.numbers, "attack": table.attack, "digest": np.array(table.digest)}
    for name in CATEGORIES:
        arrays[name] = table.codes[name]
        arrays[f"{name}.names"] = np.array(table.names[name])
    return arrays


def _unpack(arrays: np.lib.npyio.NpzFile) -> Table:
    return Table(
        numbers={name: arrays[name] for name in NUMBERS},
        codes={name: arrays[name] for name in CATEGORIES},
        names={name: tuple(arrays[f"{name}.names"].tolist()) for name in CATEGORIES},
        attack=arrays["attack"],
        digest=str(arrays["digest"]),
    )
