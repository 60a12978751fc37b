"""Which TensorFlow versions of chief and tasks work together."""

from __future__ import annotations


def verdict(chief: str, task: str) -> tuple[str, str]:
    """Judge a pair of versions: (ok, warn or fail; the evidence in one sentence)."""
    if chief.split(".")[:2] == task.split(".")[:2]:
        return "ok", "as the chief's"
    return "warn", f"not tried with a chief of {chief}"
