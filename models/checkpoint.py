"""Checkpoints: what the engine `fast` needs to go on exactly where an epoch ended.

One file in the run's folder, written whole or not at all, before the epoch is told. It holds the
workers' slots as they are on the parameter server, so a training that is resumed gives the same
weights, to the last bit, as one that was never interrupted.
"""

from __future__ import annotations

import os
import zipfile
from pathlib import Path
from typing import Any, NamedTuple, Optional, Sequence, Tuple

import numpy as np

FILE = "checkpoint.npz"


class Checkpoint(NamedTuple):
    """Training after so many rounds: slots float32 [workers, width] (graphs.py), epochs so far."""

    rounds: int
    slots: Any
    losses: Tuple[float, ...]
    seconds: Tuple[float, ...]


class Checkpoints:
    """Reads and writes the checkpoint of one trial.

    `data` names what is trained on: a checkpoint of other data is left alone. `start` is the file
    to go on from, where that is not the one that is written. `told` are the epochs that the trial's
    log has: a chief may have died between writing the checkpoint and telling.
    """

    def __init__(
        self, folder: Path, data: Sequence[str], start: Optional[Path] = None, told: int = 0
    ) -> None:
        self._path, self._data, self.told = folder / FILE, list(data), told
        self._start = start or self._path

    def load(self) -> Optional[Checkpoint]:
        """Read the checkpoint; None where there is none that fits."""
        try:
            with np.load(self._start, allow_pickle=False) as found:
                if [str(name) for name in found["data"]] != self._data:
                    return None
                losses, seconds = (tuple(map(float, found[n])) for n in ("losses", "seconds"))
                slots = np.asarray(found["slots"], np.float32)
                return Checkpoint(int(found["rounds"]), slots, losses, seconds)
        except FileNotFoundError:
            return None
        except (OSError, EOFError, ValueError, KeyError, TypeError, zipfile.BadZipFile):
            return None  # damaged: from the start, then

    def save(self, checkpoint: Checkpoint) -> None:
        """Put it on the disk; raises OSError."""
        part = self._path.with_name(f".{FILE}.part")
        with part.open("wb") as file:
            np.savez(file, data=np.array(self._data, dtype=np.str_), **checkpoint._asdict())
            file.flush()
            os.fsync(file.fileno())
        part.replace(self._path)
