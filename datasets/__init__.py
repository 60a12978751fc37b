"""Datasets as float32 arrays: KDD Cup 1999 and its synthetic stand-in."""

from edgead.datasets.dataset import Dataset, Split
from edgead.datasets.errors import DatasetError, DatasetMissing, DatasetUnreachable
from edgead.datasets.fetching import fetch
from edgead.datasets.loading import load
from edgead.datasets.sources import NAMES, FileReport, Files, Report, check, find

__all__ = [
    "NAMES",
    "Dataset",
    "DatasetError",
    "DatasetMissing",
    "DatasetUnreachable",
    "FileReport",
    "Files",
    "Report",
    "Split",
    "check",
    "fetch",
    "find",
    "load",
]
