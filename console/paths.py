"""Where things live on this machine: runs, cache, data and the embedded nodes' folder."""

from __future__ import annotations

import os
from pathlib import Path

import platformdirs

HOME_VARIABLE = "EDGEAD_HOME"
DATA_VARIABLE = "EDGEAD_DATA"
CLUSTER_VARIABLE = "EDGEAD_CLUSTER"


def expanded(text: str) -> Path:
    """Give a path that a person wrote; `~nobody` stays as it is."""
    try:
        return Path(text).expanduser()
    except RuntimeError:
        return Path(text)


def home() -> Path:
    """Give the folder of everything we keep: $EDGEAD_HOME, else the platform's data folder."""
    chosen = os.environ.get(HOME_VARIABLE)
    return expanded(chosen) if chosen else platformdirs.user_data_path("edgead")


def data_folder(chosen: Path | None = None) -> Path:
    """Give the folder that holds kdd99/: --data, else $EDGEAD_DATA, else one of our own."""
    variable = os.environ.get(DATA_VARIABLE)
    return chosen or (expanded(variable) if variable else home() / "data")


def runs_folder() -> Path:
    """Give the folder of the stored runs."""
    return home() / "runs"


def cache_folder() -> Path:
    """Give the folder of what can be made again."""
    return home() / "cache"


def embedded_folder() -> Path:
    """Give the folder of this machine's embedded nodes: their keys and cluster file."""
    return home() / "embedded"
