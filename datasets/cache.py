"""Parsed tables kept as NumPy files, named by the content they were read from."""

from __future__ import annotations

import zipfile
import zlib
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any, Callable, Dict, Optional, Sequence, TypeVar

import numpy as np

from edgead.datasets.files import sha256, written_whole
from edgead.datasets.kdd99 import Table, read_table
from edgead.datasets.kdd99_columns import CATEGORIES, NUMBERS
from edgead.datasets.swat import Series, read_series

FORMAT = 1  # to be raised with any change to what is read or how it is packed

_Read = TypeVar("_Read")
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


def cached_table(path: Path, folder: Optional[Path], numbers: Sequence[str] = NUMBERS) -> Table:
    """Read a KDD99 file as `read_table` does, or what the cache folder has of it.

    A copy is read no further than to these columns of `numbers`, the categories and the classes.
    """
    return _cached("kdd99", path, folder, read_table, _pack, partial(_unpack, numbers))


def cached_series(path: Path, folder: Optional[Path]) -> Series:
    """Read a SWaT file as `read_series` does, or what the cache folder has of it."""
    return _cached("swat", path, folder, read_series, Series._asdict, _unpack_series)


def _cached(
    kind: str,
    path: Path,
    folder: Optional[Path],
    read: Callable[[Path], _Read],
    pack: Callable[[_Read], _Arrays],
    unpack: Callable[[np.lib.npyio.NpzFile], _Read],
) -> _Read:
    """Read a file, or the copy of what was read when there is a sound one.

    A damaged copy is made anew; a folder that cannot be written costs only the time saved. With
    no folder nothing is kept.
    """
    if folder is None:
        return read(path)
    copy = folder / f"{kind}-{sha256(path)[:32]}-v{FORMAT}.npz"
    try:
        with copy.open("rb") as file, np.load(file, allow_pickle=False) as arrays:
            return unpack(arrays)  # zip members carry checksums
    except _DAMAGED:
        found = read(path)
    with suppress(OSError), written_whole(copy) as whole:
        np.savez(whole, **pack(found))
    return found


def _pack(table: Table) -> _Arrays:
    arrays: _Arrays = {**table.numbers, "attack": table.attack, "digest": np.array(table.digest)}
    for name in CATEGORIES:
        arrays[name] = table.codes[name]
        arrays[f"{name}.names"] = np.array(table.names[name])
    return arrays


def _unpack(numbers: Sequence[str], arrays: np.lib.npyio.NpzFile) -> Table:
    return Table(
        numbers={name: arrays[name] for name in numbers},
        codes={name: arrays[name] for name in CATEGORIES},
        names={name: tuple(arrays[f"{name}.names"].tolist()) for name in CATEGORIES},
        attack=arrays["attack"],
        digest=str(arrays["digest"]),
    )


def _unpack_series(arrays: np.lib.npyio.NpzFile) -> Series:
    return Series(arrays["values"], arrays["attack"], str(arrays["digest"]))
