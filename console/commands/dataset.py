"""dataset: which data sets there are, fetching them and checking them."""

from __future__ import annotations

import argparse

from edgead.console import output, paths
from edgead.console.data import bar, ensure
from edgead.console.errors import DONE, WRONG_USE, UnreachableError, UsageError
from edgead.datasets import NAMES, DatasetError, DatasetMissing, check, find


def list_data(args: argparse.Namespace) -> int:
    """Print each data set and where its files are."""
    folder = paths.data_folder(args.data)
    for name in NAMES:
        files = find(name, folder)
        if args.json:
            where = {"train": str(files.train), "test": str(files.test)} if files else None
            output.print_object("dataset", {"name": name, "files": where, "folder": str(folder)})
        else:
            print(f"{name:<10}{files.train.parent if files else f'not in {folder}'}")
    return DONE


def fetch_data(args: argparse.Namespace) -> int:
    """Download a data set unless it is there."""
    folder = paths.data_folder(args.data)
    ensure(_known(args.name), folder, bar)
    return list_data(args)


def check_data(args: argparse.Namespace) -> int:
    """Read a data set's files whole; exit 2 if one is not what it should be."""
    folder = paths.data_folder(args.data)
    try:
        report = check(_known(args.name), folder)
    except DatasetMissing as error:
        raise UnreachableError(str(error)) from None
    except DatasetError as error:
        raise UsageError(str(error)) from None
    for file in report.files:
        fields = {**file._asdict(), "path": str(file.path), "name": report.name}
        if args.json:
            output.print_object("dataset-file", fields)
        else:
            print(
                f"{file.path.name:<28}{file.verdict:<12}{file.rows:>9,} rows "
                f"{file.normal_rows:>8,} normal  {file.detail}".rstrip()
            )
    return DONE if report.ok else WRONG_USE


def _known(name: str) -> str:
    if name not in NAMES:
        raise UsageError(f"{name}: no such data set; there are {', '.join(NAMES)}")
    return name
