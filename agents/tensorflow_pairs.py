"""Whether a chief and tasks of two TensorFlow versions work together, as far as it was tried."""

from __future__ import annotations

from edgead.agents.tensorflow_tried import TRIED


def verdict(chief: str, task: str) -> tuple[str, str]:
    """Judge a pair of full versions: (ok, warn or fail; the evidence in a few words)."""
    pair = _minor(chief), _minor(task)
    if pair not in TRIED:
        tried = ", ".join(sorted({tasks for _, tasks in TRIED}, key=_number))
        return "warn", f"not tried with a chief of {pair[0]}; tried were tasks of {tried}"
    worked, failed = TRIED[pair]
    if "fast" not in worked:
        why = failed.get("fast", "untried")
        return "fail", f"does not work with a chief of {pair[0]}: {why}"
    but = f", but not {', '.join(sorted(failed))}" if failed else ""
    return "ok", f"works with a chief of {pair[0]}: {', '.join(worked)}{but}"


def _minor(version: str) -> str:
    return ".".join(version.split(".")[:2])


def _number(minor: str) -> tuple[int, ...]:
    return tuple(int(part) for part in minor.split("."))
