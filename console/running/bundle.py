"""The chief's code as one file for a node: a zip named by its content, staged as a shard is."""

from __future__ import annotations

import hashlib
import io
import zipfile
from pathlib import Path

import edgead.datasets
import edgead.models
from edgead.datasets.files import written_whole

_DAY = (2020, 1, 1, 0, 0, 0)  # of every member: the same code gives the same file


def write_bundle(folder: Path) -> Path:
    """Have models/ and datasets/ as a zip in a folder; raises OSError."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr(zipfile.ZipInfo("edgead/__init__.py", _DAY), b"")
        for package in (edgead.datasets, edgead.models):
            root = Path(package.__path__[0])
            for path in sorted(root.glob("*.py")):
                name = f"edgead/{root.name}/{path.name}"
                archive.writestr(zipfile.ZipInfo(name, _DAY), path.read_bytes())
    content = packed.getvalue()
    path = folder / f"{hashlib.sha256(content).hexdigest()}.zip"
    if not path.exists():
        with written_whole(path) as file:
            file.write(content)
    return path
