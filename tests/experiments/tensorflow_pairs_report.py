"""Write what tensorflow_pairs.py found: as data for the console, and as a page for people."""

# ruff: noqa: E501 (a page for people has long lines)

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

MODULE = '''"""What became of trials with a chief of one TensorFlow version and tasks of another.

Written by tests/experiments/tensorflow_pairs.py --report; the table: docs/tensorflow-versions.md.
"""

from __future__ import annotations

# (chief, tasks): engines and models that worked, and those that failed with why.
TRIED: dict[tuple[str, str], tuple[tuple[str, ...], dict[str, str]]] = {tried}
'''
PAGE = """# TensorFlow versions that work together

Made by `tests/experiments/tensorflow_pairs.py --report` from trials it ran: a chief of one version, a parameter server and two workers of another, as processes on one x86 machine over loopback (synthetic data, some epochs). `nodes check` warns of a pair that was not tried.

{table}

fast: KDD99's dense autoencoder by our engine; paper: the same by the thesis's way, Keras fit; lstm: SWaT's LSTM autoencoder by our engine. ✔ worked, ✖ failed, · not tried. Rows are the chief's version, columns that of parameter server and workers.

Where engine `fast` worked, its losses were the same as with equal versions to within {worst}.

What failed:

{failures}

For boards: JetPack 4.6 has Python 3.6 and TensorFlow up to 2.7, JetPack 5.1 has Python 3.8 and TensorFlow up to 2.12. Python: {pythons}.
"""


def report(found: dict[str, Any], root: Path) -> None:
    """Write agents/tensorflow_tried.py and docs/tensorflow-versions.md."""
    module = root / "agents" / "tensorflow_tried.py"
    module.write_text(MODULE.format(tried=repr(_pairs(found))))
    ruff = Path(sys.executable).with_name("ruff")
    subprocess.run([ruff, "format", "--quiet", str(module)], check=True)
    (root / "docs" / "tensorflow-versions.md").write_text(_page(found))


def _minor(version: str) -> str:
    return version.rpartition(".")[0]


def _pairs(found: dict[str, Any]) -> dict[Any, Any]:
    pairs: dict[Any, Any] = {}
    for key, outcome in found.items():
        chief, task, name = key.split()
        worked, failed = pairs.setdefault((_minor(chief), _minor(task)), ([], {}))
        if outcome["state"] == "works":
            worked.append(name)
        else:
            failed[name] = _why(outcome)
    return {pair: (tuple(sorted(done)), failed) for pair, (done, failed) in sorted(pairs.items())}


def _why(outcome: dict[str, Any]) -> str:
    """Give the heart of an error: gRPC wraps it in addresses and times."""
    text = outcome.get("why", outcome["state"]).encode("ascii", "replace").decode()
    heart = re.search(r'grpc_message"?:"([^"]+)"', text) or re.search(r"(\w+Error\(\):.*)", text)
    if heart is None and "Error received from peer" in text:
        return "an error received from a task, not kept whole"
    return " ".join((heart[1] if heart else text).split())[:60]


def _page(found: dict[str, Any]) -> str:
    from tensorflow_pairs import CHIEFS, TRIALS, VERSIONS

    tasks = list(VERSIONS)
    lines = ["| chief | " + " | ".join(map(_minor, tasks)) + " |", "|---" * (len(tasks) + 1) + "|"]
    for chief in CHIEFS:
        cells = [_cell(found, chief, task, list(TRIALS)) for task in tasks]
        lines.append(f"| {_minor(chief)} | " + " | ".join(cells) + " |")
    failures: dict[str, list[str]] = {}
    for key, outcome in found.items():
        if outcome["state"] != "works":
            chief, task, name = key.split()
            said = f"{name}: {_why(outcome)}"
            failures.setdefault(said, []).append(f"{_minor(chief)}/{_minor(task)}")
    listed = [f"- `{said}` ({', '.join(pairs)})" for said, pairs in failures.items()]
    pythons = ", ".join(f"{_minor(v)} on {p or '3.11'}" for v, p in VERSIONS.items())
    return PAGE.format(
        table="\n".join(lines),
        failures="\n".join(listed) or "- nothing",
        worst=f"{_worst(found):.1g} of their size",
        pythons=pythons,
    )


def _cell(found: dict[str, Any], chief: str, task: str, names: list[str]) -> str:
    marks = {"works": "✔", None: "·"}
    states = [found.get(f"{chief} {task} {name}", {}).get("state") for name in names]
    return "<br>".join(
        f"{marks.get(state, '✖')} {name}" for name, state in zip(names, states, strict=True)
    )


def _worst(found: dict[str, Any]) -> float:
    """Return the largest relative difference of a loss from that of equal versions."""
    worst = 0.0
    for key, outcome in found.items():
        chief, _, name = key.split()
        same = found.get(f"{chief} {chief} {name}", {})
        if name == "fast" and outcome["state"] == same.get("state") == "works":
            pairs = zip(outcome["loss"], same["loss"], strict=True)
            worst = max(worst, *(abs(one - other) / abs(other) for one, other in pairs))
    return worst
