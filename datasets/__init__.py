"""Datasets as float32 arrays: KDD Cup 1999, SWaT, and a synthetic stand-in for each."""

from edgead.datasets.dataset import Dataset, Split, Window
from edgead.datasets.errors import DatasetError, DatasetMissing, DatasetUnreachable
from edgead.datasets.fetching import fetch
from edgead.datasets.loading import load
from edgead.datasets.prepared import Prepared, Shard, write_shards
from edgead.datasets.shipping import restore
from edgead.datasets.sources import NAMES, FileReport, Files, Report, check, find

__all__ = [
    "NAMES",
    "Dataset",
    "DatasetError",
    "DatasetMissing",
    "DatasetUnreachable",
    "FileReport",
    "Files",
    "Prepared",
    "Report",
    "Shard",
    "Split",
    "Window",
    "check",
    "fetch",
    "find",
    "load",
    "restore",
    "write_shards",
]
