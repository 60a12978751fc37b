"""Power modes of a Jetson, by name: what nvpmodel and jetson_clocks print, read. No IO here.

Boards number their modes differently (0 is MAXN on an AGX Xavier, 15W on an Orin Nano Super), so a
mode is known by its name alone.
"""

from __future__ import annotations

import re

QUERY = ("nvpmodel", "-q")
LIST = ("nvpmodel", "-p", "--verbose")
CONFIG = "/etc/nvpmodel.conf"  # lists the modes too
CLOCKS = ("jetson_clocks",)
SHOW_CLOCKS = (*CLOCKS, "--show")

_MODE = re.compile(r"NV Power Mode\s*:\s*(\S{1,40})", re.ASCII)
_LISTED = re.compile(r"POWER_MODEL:?\s+ID=(\d{1,3})\s+NAME=(\w{1,40})", re.ASCII)
_REBOOT = re.compile(r"reboot required|want to reboot", re.IGNORECASE)
_PINNED = re.compile(r"^GPU MinFreq=(\d+) MaxFreq=(\d+)", re.MULTILINE | re.ASCII)


def set_mode(number: int) -> tuple[str, ...]:
    """Return the command that sets a mode, for root."""
    return ("nvpmodel", "-m", str(number))


def parse_mode(output: str) -> str:
    """Return the mode's name out of `nvpmodel -q`, "" where it is not told.

    A user who is not root gets many NVPM ERROR lines beside it, and exit status 0.

    >>> parse_mode("NV Fan Mode:quiet\\nNV Power Mode: MAXN\\n0\\nNVPM ERROR: Error opening x: 13")
    'MAXN'
    """
    found = _MODE.search(output)
    return found[1] if found else ""


def parse_modes(output: str) -> dict[str, int]:
    """Return the numbers of all modes by name, out of `nvpmodel -p --verbose` or nvpmodel.conf.

    >>> parse_modes("NVPM VERB: POWER_MODEL: ID=0 NAME=MAXN\\n< POWER_MODEL ID=1 NAME=MODE_10W >")
    {'MAXN': 0, 'MODE_10W': 1}
    """
    return {name: int(number) for number, name in _LISTED.findall(output)}


def find_mode(wanted: str, modes: dict[str, int]) -> str:
    """Return the name among these that a person means, "" for none.

    Boards whose greatest mode is MAXN_SUPER have no MAXN beside it, or a smaller one.

    >>> find_mode("10w", {"MAXN": 0, "MODE_10W": 1}), find_mode("MAXN", {"15W": 0, "MAXN_SUPER": 2})
    ('MODE_10W', 'MAXN_SUPER')
    """
    spelled = {name.upper(): name for name in modes}
    for name in (wanted.upper(), f"MODE_{wanted.upper()}", f"{wanted.upper()}_SUPER"):
        if name in spelled:
            return spelled[name]
    return ""


def asks_for_reboot(output: str) -> bool:
    """Tell whether nvpmodel wanted to reboot for the mode."""
    return _REBOOT.search(output) is not None


def clocks_pinned(output: str) -> bool | None:
    """Tell from `jetson_clocks --show` whether clocks are at their most; None if it isn't told."""
    found = _PINNED.search(output)
    return None if found is None else found[1] == found[2]
