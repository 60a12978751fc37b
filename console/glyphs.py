"""How a level, a verdict and a trial's state look: a glyph, and the theme's colour for it.

A glyph is never without its word but where there is no room.
"""

LEVELS = {
    "info": ("·", "secondary"),
    "good": ("✔", "success"),
    "warn": ("▲", "warning"),
    "error": ("✖", "error"),
}
VERDICTS = {"ok": ("✔", "success"), "warn": ("▲", "warning"), "fail": ("✖", "error")}
STATES = {
    "waiting": ("…", "secondary"),
    "starting": ("◌", "secondary"),
    "running": ("▶", "success"),
    "finished": ("✔", "success"),
    "failed": ("✖", "error"),
    "stopped": ("■", "warning"),
    "interrupted": ("◇", "warning"),
}


def of_level(level: str) -> str:
    """Give a level's glyph."""
    return LEVELS.get(level, LEVELS["info"])[0]


def of_verdict(verdict: str) -> str:
    """Give a verdict's glyph."""
    return VERDICTS[verdict][0]
