"""Checks of the machine: memory, swap, disk, clock, heat, throttling, network."""

from __future__ import annotations

import re

from edgead.agents import tegrastats
from edgead.agents.commands import Outcome
from edgead.console.nodes.health.check import Board, Check, Finding, fail, ok, shell, there, warn

LITTLE_MEMORY, TOO_LITTLE_MEMORY = 1.5, 0.6  # GiB: a TensorFlow task takes half a GiB and its data
LITTLE_DISK, TOO_LITTLE_DISK = 2.0, 0.3  # GiB: staged data may take 4
SKEW, GREAT_SKEW = 1.0, 60.0  # seconds
# °C: where an AGX Xavier begins to slow down, and shuts down; boards that tell theirs are believed.
HOT, TOO_HOT = 86.0, 96.5
NEAR = 2.0  # °C below a limit that count as there
SLOW_LINK = 1000  # Mbit/s
LIMIT = re.compile(
    r"^limit (\w+?)-?(?:therm(?:al)?)? (passive|hot|critical) (-?\d{1,7})$", re.MULTILINE | re.ASCII
)
COOLING = re.compile(r"throttle|balanced|cpufreq|devfreq|oc-alert", re.IGNORECASE)

CLOCK = ("date", "+%s.%N")
INODES = "== inodes"
DF_ROW = re.compile(r"^\S+\s+\d+\s+\d+\s+(\d{1,15})\s+(\d{1,3})%\s+(/\S*)$", re.MULTILINE)

THROTTLING = """
for alarm in /sys/class/hwmon/hwmon*/*_crit_alarm; do
    [ "$(cat "$alarm" 2>/dev/null)" != 1 ] || echo "alarm $(basename "$alarm")"
done
for device in /sys/class/thermal/cooling_device*; do
    state=$(cat "$device/cur_state" 2>/dev/null)
    [ "${state:-0}" -le 0 ] || echo "cooling $(cat "$device/type") $state"
done
"""
# The limits of each sensor, then one line of tegrastats.
HEAT = """
for trip in /sys/class/thermal/thermal_zone*/trip_point_*_type; do
    kind=$(cat "$trip" 2>/dev/null) && value=$(cat "${trip%type}temp" 2>/dev/null) &&
        echo "limit $(cat "${trip%/*}/type") $kind $value"
done
"$1" --interval 300 | head -n 1
"""
NETWORK = """
address=$(echo "$SSH_CONNECTION" | cut -d' ' -f3)
device=$(ip -o addr show to "$address" | awk '{ print $2; exit }')
device=${device:-$(ip -o route show default | sed -n 's/.* dev \\([^ ]*\\).*/\\1/p' | head -n 1)}
echo "device $device"
echo "speed $(cat "/sys/class/net/$device/speed" 2>/dev/null)"
[ ! -d "/sys/class/net/$device/wireless" ] || {
    echo "wireless $(iw dev "$device" link 2>/dev/null | sed -n 's/.*tx bitrate: //p')"
    echo "powersave $(iw dev "$device" get power_save 2>/dev/null | sed 's/.*: //')"
}
"""


def _gib(outcome: Outcome) -> dict[str, float]:
    """Read /proc/meminfo, in GiB."""
    found = re.findall(r"(\w+):\s+(\d{1,15}) kB", outcome.output)
    return {key: int(value) / (1 << 20) for key, value in found}


def _memory(board: Board, outcome: Outcome) -> Finding:
    said_gib = _gib(outcome)
    if "MemAvailable" not in said_gib:
        return fail("no memory figures in /proc/meminfo")
    free, size = (said_gib.get(key, 0.0) for key in ("MemAvailable", "MemTotal"))
    said = f"{free:.1f} of {size:.1f} GiB free"
    remedy = there(board.node, "ps -eo pid,user,rss,args --sort=-rss | head")
    if free < LITTLE_MEMORY:
        return (fail if free < TOO_LITTLE_MEMORY else warn)(said, remedy)
    return ok(said)


def _swap(board: Board, outcome: Outcome) -> Finding:
    size, free = (_gib(outcome).get(f"Swap{key}", 0.0) for key in ("Total", "Free"))
    if not size:
        return ok("none")
    said = f"{size - free:.1f} of {size:.1f} GiB used"
    if size - free > size / 2:
        return warn(said, there(board.node, "swapon --show; free -h"))
    return ok(said)


def _disk(board: Board, outcome: Outcome) -> Finding:
    """Judge `df -Pk` and, after a word, `df -Pi` of the same places; the fullest counts."""
    blocks, _, nodes = outcome.output.partition(INODES)
    rooms = [(int(free) / (1 << 20), place) for free, _, place in DF_ROW.findall(blocks)]
    if not rooms:
        return fail(f"df says nothing of use: {outcome.last[:80]}")
    free, place = min(rooms)
    # Some file systems have no number of inodes.
    inodes, spot = max(((int(used), at) for _, used, at in DF_ROW.findall(nodes)), default=(0, "/"))
    said = f"{free:.1f} GiB free on {place}, {inodes} % of the inodes of {spot} used"
    remedy = there(board.node, "rm -r ~/.cache/edgead/shards; docker system df")
    if free < LITTLE_DISK or inodes > 95:
        worse = free < TOO_LITTLE_DISK or inodes == 100
        return (fail if worse else warn)(said, remedy)
    return ok(said)


def clock_offset(outcome: Outcome) -> float | None:
    """Return the seconds by which the clock that CLOCK tells is ahead of ours; None for none."""
    found = re.fullmatch(r"(\d{1,12}(?:\.\d{1,9})?)", outcome.last.strip(), re.ASCII)
    return float(found[1]) - (outcome.began + outcome.seconds / 2) if found else None


def _clock(board: Board, outcome: Outcome) -> Finding:
    """Compare the node's time with ours in the middle of the asking."""
    skew = clock_offset(outcome)
    if skew is None:
        return fail(f"date says no time: {outcome.last[:80]}")
    precision = outcome.seconds / 2
    said = f"{skew:+.2f} s against this machine's, give or take {precision:.2f} s"
    if abs(skew) - precision > SKEW:
        remedy = there(board.node, "sudo timedatectl set-ntp true", terminal=True)
        return (fail if abs(skew) > GREAT_SKEW else warn)(said, remedy)
    return ok(said)


def _heat(board: Board, outcome: Outcome) -> Finding:
    try:
        sample = tegrastats.parse(outcome.last)
    except tegrastats.TegrastatsError as error:
        return warn(f"no temperatures: {error}"[:200])
    limits = heat_limits(outcome.output)
    # The sensor that is nearest to its limit counts.
    near = [
        (slow - value, name, value, slow, end)
        for name, value in sample.measured.items()
        for slow, end in [limits.get(name.lower(), (HOT, TOO_HOT))]
    ]
    if not near:
        return warn("tegrastats tells no temperature")
    _, name, value, slow, end = min(near)
    said = f"{name} {value:g} °C; it slows down at {slow:g} and shuts down at {end:g}"
    if value >= slow - NEAR:
        remedy = there(board.node, "sudo jetson_clocks --fan", terminal=True)
        return (fail if value >= end - NEAR else warn)(said, remedy)
    return ok(said)


def heat_limits(output: str) -> dict[str, tuple[float, float]]:
    """Read in °C, by a sensor's name in tegrastats, where a board slows down and shuts down."""
    found: dict[str, dict[str, list[float]]] = {}
    for zone, kind, value in LIMIT.findall(output):
        celsius = int(value) / 1000
        if 50 <= celsius <= 130:  # others are placeholders
            found.setdefault(zone.lower(), {}).setdefault(kind, []).append(celsius)
    return {
        zone: (min(kinds.get("passive", [HOT])), min(kinds.get("critical", [TOO_HOT])))
        for zone, kinds in found.items()
    }


def _throttling(board: Board, outcome: Outcome) -> Finding:
    alarms = re.findall(r"^alarm (\S+)", outcome.output, re.MULTILINE)
    if alarms:
        said = f"over-current or undervoltage: {', '.join(alarms)[:120]}"
        return warn(said, there(board.node, "dmesg | grep -i soctherm"))
    cooling = re.findall(r"^cooling (\S+) (\d+)", outcome.output, re.MULTILINE)
    slowed = [f"{name} {state}" for name, state in cooling if COOLING.search(name)]
    if slowed:
        said = f"slowed down to stay cool: {', '.join(slowed)[:120]}"
        return warn(said, there(board.node, "tegrastats"))
    return ok("none")


def _network(board: Board, outcome: Outcome) -> Finding:
    said = dict(line.partition(" ")[::2] for line in outcome.output.splitlines())
    device = said.get("device", "")
    # It goes into a command to copy.
    device = device if re.fullmatch(r"[A-Za-z0-9][\w.-]{0,14}", device, re.ASCII) else "?"
    if "wireless" in said:
        saving = ", power saving on" if said.get("powersave") == "on" else ""
        rate = said["wireless"] or "rate unknown"
        remedy = there(board.node, f"sudo iw dev {device} set power_save off", terminal=True)
        return warn(f"{device}: wireless, {rate}{saving}"[:200], remedy)
    rate = said.get("speed", "")
    if not re.fullmatch(r"[0-9]{1,9}", rate):
        return ok(f"{device}: wired, rate not told")
    if int(rate) < SLOW_LINK:
        return warn(f"{device}: wired, {rate} Mbit/s only", there(board.node, f"ethtool {device}"))
    return ok(f"{device}: wired, {rate} Mbit/s")


def has_tegrastats(board: Board) -> bool:
    """Say that a check is for nodes with tegrastats."""
    return board.facts.tegrastats is not None


def _tegrastats(board: Board) -> tuple[list[str], str]:
    path = board.facts.tegrastats or "tegrastats"
    return ["sh", "-c", HEAT, "sh", path], ""


CHECKS = (
    Check("memory", shell("cat /proc/meminfo"), _memory),
    Check("swap", shell("cat /proc/meminfo"), _swap),
    Check("disk", shell(f'df -Pk / "$HOME"; echo {INODES}; df -Pi / "$HOME"'), _disk),
    Check("clock", lambda board: ([*CLOCK], ""), _clock),
    Check("heat", _tegrastats, _heat, wanted=has_tegrastats),
    Check("throttling", shell(THROTTLING), _throttling),
    Check("network", shell(NETWORK), _network),
)
