"""Whether this terminal can show the app, and if not, why."""

from __future__ import annotations

from collections.abc import Mapping


def why_not(environ: Mapping[str, str], stdin_isatty: bool, stdout_isatty: bool) -> str | None:
    """Say in one line why the app can't run here; None where it can."""
    if environ.get("TEXTUAL_DRIVER", "").endswith(":WebDriver"):
        return None  # `edgead-console serve` has started this: a browser is the terminal
    if not stdout_isatty:
        reason = "standard output is not a terminal"
    elif not stdin_isatty:
        reason = "standard input is not a terminal"
    elif environ.get("TERM", "") in ("", "dumb", "unknown"):
        reason = f"the terminal is of type {environ.get('TERM') or 'none (TERM is not set)'}"
    else:
        return None
    return f"the app needs a full terminal, and {reason}; use `edgead-console demo --headless`"
