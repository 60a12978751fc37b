"""Where layouts change: the sizes, in cells, from which a screen carries a class."""

from __future__ import annotations

HORIZONTAL = [(0, "-narrow"), (100, "-normal"), (170, "-wide")]
VERTICAL = [(0, "-short"), (30, "-tall")]
