"""Where a dataset's files are and whether they are the originals."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple, Optional, Tuple

from edgead.datasets.errors import DatasetError, DatasetMissing
from edgead.datasets.kdd99 import read_table
from edgead.datasets.swat import read_series

NAMES = ("kdd99", "swat")


class Files(NamedTuple):
    """The two files of a dataset."""

    train: Path
    test: Path


class Original(NamedTuple):
    """A published file: its names without .gz, the sha256 (hex) of its text, its rows and bytes.

    Where `digest` is empty none is published, and the counts of the rows tell.
    """

    names: Tuple[str, ...]
    digest: str
    rows: int
    normal_rows: int
    size: int = 0


TRAIN = Original(
    ("kddcup.data_10_percent",),
    "f8c8267ebcd9c0ed1fd7d6277fe5bfff8732e9b7db8e61b873542b2a534b6f9a",
    494_021,
    97_278,
    74_889_749,
)
TEST = Original(
    ("corrected",),
    "547dfb9c0f0dc1d9944219ec79e851191faebaeb8acbfa1cd171c418397052a4",
    311_029,
    60_593,
    47_251_540,
)


def _swat(*names: str) -> Tuple[str, ...]:
    return tuple(f"SWaT_Dataset_{name}.{kind}" for name in names for kind in ("csv", "xlsx"))


ORIGINALS = {
    "kdd99": (TRAIN, TEST),
    "swat": (
        Original(_swat("Normal_v1", "Normal_v0"), "", 495_000, 495_000),
        Original(_swat("Attack_v0", "Attack_v1"), "", 449_919, 395_298),
    ),
}


WAYS = {
    "kdd99": "run `edgead-console dataset fetch kdd99`, or name another folder",
    "swat": "iTrust (itrust.sutd.edu.sg) gives them out on request: put them there",
}


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
    found = [_find(original, name, folder) for original in ORIGINALS[name]] if folder else []
    paths = [path for path in found if path]
    return Files(*paths) if len(paths) == 2 else None


def missing(name: str, folder: Optional[Path]) -> str:
    """Say in one line which files are not there and what to do."""
    if folder is None:
        return f"{name}: no data folder given; name one, or use the synthetic stand-in"
    absent = [each.names[0] for each in ORIGINALS[name] if not _find(each, name, folder)]
    where = f"{name}: no {' and no '.join(absent)} (or .gz) in {folder / name} or {folder}"
    return f"{where}; {WAYS[name]}"


def check(name: str, folder: Optional[Path]) -> Report:
    """Read a dataset's files through and compare them with the originals.

    Raises DatasetMissing when they cannot be found.
    """
    files = find(name, folder)
    if files is None:
        raise DatasetMissing(missing(name, folder))
    pairs = zip(files, ORIGINALS[name])
    return Report(name, tuple(check_file(name, path, original) for path, original in pairs))


def check_file(name: str, path: Path, original: Original) -> FileReport:
    """Read one file through and compare it with the original."""
    try:
        table = read_series(path) if name == "swat" else read_table(path)
    except DatasetError as error:
        return FileReport(path, 0, 0, "", "unreadable", str(error))
    rows, attacks = len(table.attack), int(table.attack.sum())
    detail = (
        f"{rows:,} rows, {rows - attacks:,} of them normal; the original has {original.rows:,}, "
        f"{original.normal_rows:,} of them normal"
    )
    if original.digest:
        same, said = table.digest == original.digest, "as published"
        detail += f", and sha256 {original.digest[:12]}…"
    else:
        same = (rows, rows - attacks) == (original.rows, original.normal_rows)
        said = "as many rows as published; no sha256 is"
    if same:
        return FileReport(path, rows, rows - attacks, table.digest, "original", said)
    return FileReport(path, rows, rows - attacks, table.digest, "other", detail)


def _find(original: Original, name: str, folder: Path) -> Optional[Path]:
    places = (folder / name, folder)
    names = [each + end for each in original.names for end in ("", ".gz")]
    candidates = (place / file for file in names for place in places)
    return next((path for path in candidates if path.is_file()), None)
