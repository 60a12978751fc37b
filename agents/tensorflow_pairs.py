"""Which TensorFlow versions of chief and tasks work together, as far as it was tried.

Written by tests/experiments/tensorflow_pairs.py --report; the table: docs/tensorflow-versions.md.
"""

from __future__ import annotations

# (chief, tasks): engines and models that worked, and those that failed with why.
PAIRS: dict[tuple[str, str], tuple[tuple[str, ...], dict[str, str]]] = {
    ("2.21", "2.5"): (("fast", "lstm"), {"paper": "Unsupported algorithm id: 3"}),
    ("2.21", "2.6"): (("fast", "lstm"), {"paper": "Unsupported algorithm id: 3"}),
    ("2.21", "2.7"): (
        ("fast", "lstm"),
        {"paper": "NotFoundError():'AnonymousMultiDeviceIteratorV3' is neither"},
    ),
    ("2.21", "2.9"): (("fast", "paper", "lstm"), {}),
    ("2.21", "2.11"): (("fast", "paper", "lstm"), {}),
    ("2.21", "2.12"): (("fast", "paper", "lstm"), {}),
    ("2.21", "2.13"): (("fast", "paper", "lstm"), {}),
    ("2.21", "2.15"): (("fast", "paper", "lstm"), {}),
    ("2.21", "2.16"): (("fast", "paper", "lstm"), {}),
    ("2.21", "2.18"): (("fast", "paper", "lstm"), {}),
    ("2.21", "2.21"): (("fast", "paper", "lstm"), {}),
    ("2.18", "2.5"): (("fast", "lstm"), {"paper": "Unsupported algorithm id: 3"}),
    ("2.18", "2.6"): (("fast", "lstm"), {"paper": "Unsupported algorithm id: 3"}),
    ("2.18", "2.7"): (("fast", "lstm"), {"paper": "an error received from a task, not kept whole"}),
    ("2.18", "2.9"): (("fast", "paper", "lstm"), {}),
    ("2.18", "2.11"): (("fast", "paper", "lstm"), {}),
    ("2.18", "2.12"): (("fast", "paper", "lstm"), {}),
    ("2.18", "2.13"): (("fast", "paper", "lstm"), {}),
    ("2.18", "2.15"): (("fast", "paper", "lstm"), {}),
    ("2.18", "2.16"): (("fast", "paper", "lstm"), {}),
    ("2.18", "2.18"): (("fast", "paper", "lstm"), {}),
    ("2.18", "2.21"): (("fast", "paper", "lstm"), {}),
    ("2.16", "2.5"): (("fast", "lstm"), {"paper": "an error received from a task, not kept whole"}),
    ("2.16", "2.6"): (("fast", "lstm"), {"paper": "an error received from a task, not kept whole"}),
    ("2.16", "2.7"): (
        ("fast", "lstm"),
        {"paper": "NotFoundError():'AnonymousMultiDeviceIteratorV3' is neither "},
    ),
    ("2.16", "2.9"): (("fast", "paper", "lstm"), {}),
    ("2.16", "2.11"): (("fast", "paper", "lstm"), {}),
    ("2.16", "2.12"): (("fast", "paper", "lstm"), {}),
    ("2.16", "2.13"): (("fast", "paper", "lstm"), {}),
    ("2.16", "2.15"): (("fast", "paper", "lstm"), {}),
    ("2.16", "2.16"): (("fast", "lstm", "paper"), {}),
    ("2.16", "2.18"): (("fast", "paper", "lstm"), {}),
    ("2.16", "2.21"): (("fast", "paper", "lstm"), {}),
    ("2.15", "2.5"): (("fast", "lstm"), {"paper": "an error received from a task, not kept whole"}),
    ("2.15", "2.6"): (("fast", "lstm"), {"paper": "an error received from a task, not kept whole"}),
    ("2.15", "2.7"): (("fast", "lstm"), {"paper": "an error received from a task, not kept whole"}),
    ("2.15", "2.9"): (("fast", "paper", "lstm"), {}),
    ("2.15", "2.11"): (("fast", "paper", "lstm"), {}),
    ("2.15", "2.12"): (("fast", "paper", "lstm"), {}),
    ("2.15", "2.13"): (("fast", "paper", "lstm"), {}),
    ("2.15", "2.15"): (("fast", "paper", "lstm"), {}),
    ("2.15", "2.16"): (("fast", "paper", "lstm"), {}),
    ("2.15", "2.18"): (("fast", "paper", "lstm"), {}),
    ("2.15", "2.21"): (("fast", "paper", "lstm"), {}),
    ("2.12", "2.5"): (("fast", "lstm"), {"paper": "an error received from a task, not kept whole"}),
    ("2.12", "2.6"): (("fast", "lstm"), {"paper": "an error received from a task, not kept whole"}),
    ("2.12", "2.7"): (("fast", "lstm"), {"paper": "an error received from a task, not kept whole"}),
    ("2.12", "2.9"): (("fast", "paper", "lstm"), {}),
    ("2.12", "2.11"): (("fast", "paper", "lstm"), {}),
    ("2.12", "2.12"): (("fast", "paper", "lstm"), {}),
    ("2.12", "2.15"): (("lstm", "fast", "paper"), {}),
    ("2.12", "2.16"): (("fast", "paper", "lstm"), {}),
    ("2.12", "2.18"): (("fast", "paper", "lstm"), {}),
    ("2.12", "2.21"): (("fast", "paper", "lstm"), {}),
    ("2.12", "2.13"): (("fast", "paper", "lstm"), {}),
}


def verdict(chief: str, task: str) -> tuple[str, str]:
    """Judge a pair of full versions: (ok, warn or fail; the evidence in a few words)."""
    pair = _minor(chief), _minor(task)
    if pair not in PAIRS:
        same = ", the same as the chief's" if pair[0] == pair[1] else ""
        tried = ", ".join(sorted({tasks for _, tasks in PAIRS}, key=_number))
        said = f"not tried with a chief of {pair[0]}{same}; tried were tasks of {tried}"
        return ("ok" if same else "warn"), said
    worked, failed = PAIRS[pair]
    if "fast" not in worked:
        why = failed.get("fast", "untried")
        return "fail", f"does not work with a chief of {pair[0]}: {why}"
    but = f", but not {', '.join(sorted(failed))}" if failed else ""
    return "ok", f"works with a chief of {pair[0]}: {', '.join(worked)}{but}"


def _minor(version: str) -> str:
    return ".".join(version.split(".")[:2])


def _number(minor: str) -> tuple[int, ...]:
    return tuple(int(part) for part in minor.split("."))
