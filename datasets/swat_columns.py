"""The columns of SWaT (iTrust, Dec 2015): a time, 51 tags of six stages, a label."""

from __future__ import annotations

from typing import Optional

STAMP, LABEL = "Timestamp", "Normal/Attack"
TAGS = (
    "FIT101", "LIT101", "MV101", "P101", "P102", "AIT201", "AIT202", "AIT203", "FIT201",
    "MV201", "P201", "P202", "P203", "P204", "P205", "P206", "DPIT301", "FIT301", "LIT301",
    "MV301", "MV302", "MV303", "MV304", "P301", "P302", "AIT401", "AIT402", "FIT401", "LIT401",
    "P401", "P402", "P403", "P404", "UV401", "AIT501", "AIT502", "AIT503", "AIT504", "FIT501",
    "FIT502", "FIT503", "FIT504", "P501", "P502", "PIT501", "PIT502", "PIT503", "FIT601",
    "P601", "P602", "P603",
)  # fmt: skip

_LABELS = {"normal": False, "attack": True}


def is_attack(label: object) -> Optional[bool]:
    """Read a label, blanks or not (some of the original's read `A ttack`); None for no label."""
    return _LABELS.get("".join(str(label).split()).lower())
