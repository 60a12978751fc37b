"""Loads a dataset and describes it: a program, for a chief on a node that has no files of it.

Started as `python -m edgead.datasets.describe`: stdin is one JSON object {name, coding, folder,
cache, synthetic, rows}, as `load` takes them; stdout is what `restore` takes. The files are in the
cache's folder shards/. Exits with 2 and one line on stderr where the dataset cannot be had.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from edgead.datasets import DatasetError, load
from edgead.datasets.shipping import describe


def main() -> int:
    """Load, write the files, print the description."""
    job = json.loads(sys.stdin.read())
    cache = Path(job["cache"])
    settings = {key: job[key] for key in ("synthetic", "rows")}
    try:
        data = load(job["name"], job["coding"], Path(job["folder"]), cache, **settings)
        print(json.dumps(describe(data, cache / "shards")))
    except (DatasetError, OSError) as error:
        print(error, file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
