"""Where a dataset's files are and whether they are the originals."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple, Optional, Tuple

from edgead.datasets.errors import DatasetError, DatasetMissing
from edgead.datasets.kdd99 import read_table

NAMES = ("kdd99",)


class Files(NamedTuple):
    """The two files of a dataset."""

    train: Path
    test: Path


class Original(NamedTuple):
    """A published file: its name without .gz, the sha256 (hex) of its text, its rows and bytes."""

    name: str
    digest: str
    rows: int
    normal_rows: int
    size: int


TRAIN = Original(
    "kddcup.data_10_percent",
    "f8c8267ebcd9c0ed1fd7d6277fe5bfff8732e9b7db8e61b873542b2a534b6f9a",
    494_021,
    97_278,
    74_889_749,
)
TEST = Original(
    "corrected",
    "547dfb9c0f0dc1d9944219ec79e851191faebaeb8acbfa1cd171c418397052a4",
    311_029,
    60_593,
    47_251_540,
)


class FileReport(NamedTuple):
    """What a check saw in one file.

    `verdict` is original, other (readable, but other rows) or unreadable; `digest` is the sha256
    (hex) of the text. For an unreadable file the counts are 0 and `detail` says why.
    """

    path: Path
    rows: int
    normal_rows: int
    digest: str
    verdict: str
    detail: str


class Report(NamedTuple):
    """What a check saw in a dataset's files."""

    name: str
    files: Tuple[FileReport, ...]

    @property
    def ok(self) -> bool:
        """Whether every file is the original."""
        return all(file.verdict == "original" for file in self.files)


def find(name: str, folder: Optional[Path]) -> Optional[Files]:
    """Find a dataset's files in `folder`/kdd99 or in `folder` itself; None unless both are there.

    Raises DatasetError when there is no dataset of that name.
    """
    if name not in NAMES:
        raise DatasetError(f"no dataset {name!r:.40}; expected one of {', '.join(NAMES)}")
    found = [_find(original, name, folder) for original in (TRAIN, TEST)] if folder else []
    paths = [path for path in found if path]
    return Files(*paths) if len(paths) == 2 else None


def missing(name: str, folder: Optional[Path]) -> str:
    """Say in one line which files are not there and what to do."""
    if folder is None:
        return f"{name}: no data folder given; name one, or use the synthetic stand-in"
    absent = [item.name for item in (TRAIN, TEST) if not _find(item, name, folder)]
    return (
        f"{name}: no {' and no '.join(absent)} (or .gz) in {folder / name} or {folder}; "
        f"run `edgead-console dataset fetch {name}`, or name another folder"
    )


def check(name: str, folder: Optional[Path]) -> Report:
    """Read a dataset's files through and compare them with the originals.

    Raises DatasetMissing when they cannot be found.
    """
    files = find(name, folder)
    if files is None:
        raise DatasetMissing(missing(name, folder))
    pairs = zip(files, (TRAIN, TEST))
    return Report(name, tuple(check_file(path, original) for path, original in pairs))


def check_file(path: Path, original: Original) -> FileReport:
    """Read one file through and compare it with the original."""
    try:
        table = read_table(path)
    except DatasetError as error:
        return FileReport(path, 0, 0, "", "unreadable", str(error))
    rows, attacks = len(table.attack), int(table.attack.sum())
    same = table.digest == original.digest
    detail = (
        f"{rows:,} rows, {rows - attacks:,} of them normal; the original has {original.rows:,}, "
        f"{original.normal_rows:,} of them normal, and sha256 {original.digest[:12]}…"
    )
    if same:
        return FileReport(path, rows, rows - attacks, table.digest, "original", "as published")
    return FileReport(path, rows, rows - attacks, table.digest, "other", detail)


def _find(original: Original, name: str, folder: Path) -> Optional[Path]:
    places = (folder / name, folder)
    names = (original.name, f"{original.name}.gz")
    candidates = (place / file for place in places for file in names)
    return next((path for path in candidates if path.is_file()), None)
