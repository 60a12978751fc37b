"""Options that several commands have."""

from __future__ import annotations

import argparse
from pathlib import Path

Commands = argparse._SubParsersAction


def accept_new(parser: argparse.ArgumentParser) -> None:
    """Describe --accept-new."""
    parser.add_argument(
        "--accept-new",
        action="store_true",
        help="keep host keys that are unknown, without asking; changed ones are always refused",
    )


def as_json(parser: argparse.ArgumentParser) -> None:
    """Describe --json."""
    parser.add_argument("--json", action="store_true", help="one JSON object a line")


def data_folder(parser: argparse.ArgumentParser) -> None:
    """Describe --data."""
    parser.add_argument(
        "--data",
        type=Path,
        metavar="DIR",
        help="the folder that holds kdd99/ and swat/; else $EDGEAD_DATA, else one of our own",
    )
