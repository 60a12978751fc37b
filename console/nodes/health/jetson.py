"""Checks of what only a Jetson has: rights for power and clocks, and the power mode."""

from __future__ import annotations

import re

from edgead.agents import power
from edgead.agents.commands import Outcome
from edgead.console.nodes.health.check import (
    Board,
    Check,
    Finding,
    fail,
    ok,
    ours,
    shell,
    there,
    warn,
)
from edgead.console.nodes.power import clocks_said

BEST = "MAXN"
SUDOERS = "/etc/sudoers.d/edgead"
ROOT = 'root() { if [ "$(id -u)" = 0 ]; then "$@"; else sudo -n "$@"; fi; }\n'
RIGHTS = """
for program in nvpmodel jetson_clocks; do
    case $program in nvpmodel) option=-q ;; *) option=--show ;; esac
    path=$(PATH=$PATH:/usr/sbin command -v $program) || { echo "$program missing"; continue; }
    if root "$path" $option </dev/null >/dev/null 2>&1; then echo "$program yes $path"
    else echo "$program no $path"; fi
done
"""
# The paths go into a command to copy, and from there into a rule for sudo.
SAID = r"^(nvpmodel|jetson_clocks) (yes|no|missing) ?(/[\w/.-]{1,200}|)$"
MODE = """
root nvpmodel -q </dev/null 2>&1 || nvpmodel -q </dev/null 2>&1
root jetson_clocks --show </dev/null 2>/dev/null
{ root nvpmodel -p --verbose </dev/null; head -c 65536 /etc/nvpmodel.conf; } 2>/dev/null |
    grep 'POWER_MODEL:* *ID='
exit 0
"""


def jetson(board: Board) -> bool:
    """Say that a check is for Jetsons."""
    return board.jetson


def _rights(board: Board, outcome: Outcome) -> Finding:
    said = re.findall(SAID, outcome.output, re.MULTILINE | re.ASCII)
    missing = [name for name, state, _ in said if state == "missing"]
    if missing or not said:
        return fail(f"not found: {', '.join(missing) or outcome.last[:80]}")
    denied = [name for name, state, _ in said if state == "no"]
    if not denied:
        return ok("nvpmodel and jetson_clocks without a password")
    paths = ", ".join(path for _, _, path in said)
    rule = f"{board.node.user or '%sudo'} ALL=(root) NOPASSWD: {paths}"
    mend = there(board.node, f"echo '{rule}' | sudo tee {SUDOERS}", terminal=True)
    return fail(f"sudo wants a password for {', '.join(denied)}", mend)


def _mode(board: Board, outcome: Outcome) -> Finding:
    mode, wanted = power.parse_mode(outcome.output), board.node.power_mode or BEST
    if not mode:
        return fail(f"nvpmodel tells no mode: {outcome.error}")
    pinned = power.clocks_pinned(outcome.output)
    said = f"{mode}{clocks_said(pinned)}"
    # Where the modes are not told, any may be there.
    modes = power.parse_modes(outcome.output) or {wanted: 0}
    name = power.find_mode(wanted, {mode: 0}) or power.find_mode(wanted, modes)
    if not name and board.node.power_mode:
        return warn(f"{said}, and there is no {wanted}: there are {', '.join(modes)}")
    if not name:
        name, said = mode, f"{said}, this board has no {BEST}"
    pin = ["--clocks", "pin"] if board.node.clocks and pinned is False else []
    if mode == name and not pin:
        return ok(said)
    lacking = f"not {name}" if mode != name else "to be pinned"
    return warn(f"{said}, {lacking}", ours("nodes", "power", board.node.name, name, *pin))


CHECKS = (
    Check("sudo", shell(ROOT + RIGHTS), _rights, wanted=jetson),
    Check("power", shell(ROOT + MODE), _mode, wanted=jetson),
)
