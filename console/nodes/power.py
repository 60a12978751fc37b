"""Setting a node's power mode: by name, never rebooting, asked again afterwards."""

from __future__ import annotations

from dataclasses import dataclass

from edgead.agents import power
from edgead.agents.commands import Commands, as_root

SECONDS = 20.0
STORED = ".cache/edgead/clocks"  # below the home: the clocks as they were before they were pinned
NO = "NO\n" * 3  # to nvpmodel's question whether to reboot now


@dataclass(frozen=True)
class PowerChange:
    """What became of a wish for a power mode.

    Attributes:
        before, after: the mode's name, "" where nvpmodel tells none.
        was_pinned: whether clocks were pinned before; None where it is not known.
        state: `set`, `unchanged` (it was so), or `failed`.
        text: what went wrong and what to do; or what was done.
        pinned: whether clocks are pinned; None where it is not known.
    """

    before: str
    after: str
    state: str
    text: str
    pinned: bool | None = None
    was_pinned: bool | None = None


def clocks_said(pinned: bool | None) -> str:
    """Say how clocks are, after the mode's name."""
    return {None: "", True: ", clocks pinned", False: ", clocks free"}[pinned]


async def read_mode(commands: Commands) -> tuple[str, bool | None]:
    """Return the mode's name ("" for none) and whether clocks are pinned; raises AgentFailed."""
    query = await commands.run(as_root(*power.QUERY), timeout=SECONDS)
    mode = power.parse_mode(query.output)
    if not mode:  # no rights: what a plain user is told will do
        mode = power.parse_mode((await commands.run(power.QUERY, timeout=SECONDS)).output)
    show = await commands.run(as_root(*power.SHOW_CLOCKS), timeout=SECONDS)
    return mode, power.clocks_pinned(show.output)


async def set_power(commands: Commands, wanted: str, *, clocks: bool | None) -> PowerChange:
    """Set a mode ("" leaves it), and pin the clocks (True), free them (False) or leave them (None).

    Raises AgentFailed when the node is lost.
    """
    before, was_pinned = await read_mode(commands)
    modes = await _modes(commands) if wanted else {}
    name = power.find_mode(wanted, modes) if wanted else before
    if wanted and not name:
        known = ", ".join(modes) or "none: is it a Jetson?"
        text = f"no mode {wanted}; there are {known}"
        return PowerChange(before, before, "failed", text, was_pinned, was_pinned)
    # What was stored when clocks were pinned belongs to the mode of then.
    # A new mode has limits of its own.
    moved = name != before
    free = was_pinned is not False and (clocks is False or bool(clocks and moved))
    wrong = await _clocks(commands, pin=False) if free else ""
    if not wrong and moved:
        wrong = await _set(commands, name, modes[name])
    if not wrong and clocks and (moved or not was_pinned):
        wrong = await _clocks(commands, pin=True)
    after, pinned = await read_mode(commands)
    if wrong or after != name:
        text = wrong or f"nvpmodel ended well, but the mode is {after or 'not told'}"
        return PowerChange(before, after, "failed", text, pinned, was_pinned)
    changed = before != after or pinned != was_pinned
    state = "set" if changed else "unchanged"
    return PowerChange(before, after, state, "", pinned, was_pinned)


async def _modes(commands: Commands) -> dict[str, int]:
    """Ask for the modes as root, as a plain user, or its configuration, until one tells them."""
    for argv in (as_root(*power.LIST), power.LIST, ("head", "-c", "65536", power.CONFIG)):
        found = power.parse_modes((await commands.run(argv, timeout=SECONDS)).output)
        if found:
            return found
    return {}


async def _set(commands: Commands, name: str, number: int) -> str:
    """Set a mode; gives what went wrong, "" for nothing."""
    argv = as_root(*power.set_mode(number))
    outcome = await commands.run(argv, stdin=NO, timeout=SECONDS)
    if power.asks_for_reboot(outcome.output):
        return (
            f"{name} needs a reboot, which was answered no; to do it: sudo nvpmodel -m {number}"
            " on the board, and answer YES"
        )
    if outcome.late:
        return f"nvpmodel did not end within {SECONDS:g} s"
    if not outcome.ok or "password is required" in outcome.output:
        return f"nvpmodel: {outcome.error}"
    return ""


async def _clocks(commands: Commands, *, pin: bool) -> str:
    """Pin the clocks, keeping what they were, or give that back; gives what went wrong."""
    script = 'mkdir -p "$HOME/.cache/edgead" && printf %s "$HOME/' + STORED + '"'
    file = (await commands.run(["sh", "-c", script], timeout=SECONDS)).output
    steps = [("--store", file), ()] if pin else [("--restore", file)]
    for step in steps:
        outcome = await commands.run(as_root(*power.CLOCKS, *step), timeout=SECONDS)
        if not outcome.ok:
            return f"jetson_clocks: {outcome.error}"
    return ""
