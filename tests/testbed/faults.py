"""What can go wrong with a board: each fault, and how it ends.

Each works from outside, on a board that knows nothing of it, and lasts until it is undone.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from testbed.board import DISK, Board
from testbed.cgroups import Group
from testbed.commands import NETNS, PATH, TestbedError, inside, ip, run
from testbed.network import BRIDGE

RELAY = Path(__file__).with_name("relay.py")
CLOCK = "/usr/local/bin/date"
LATE = """#!/bin/sh
# Stands before the real date and is {seconds} s off, unless it is asked for another time.
case " $* " in
*" -d"* | *" --date"* | *" -r"* | *" --reference"* | *" -s"* | *" --set"*) ;;
*) set -- -d '{seconds:+d} seconds' "$@" ;;
esac
exec /usr/bin/date "$@"
"""


def unplug(board: Board) -> None:
    """Pull the network cable: nobody is told, packets just don't arrive."""
    ip([f"link set {board.name} down"], board.network.name)


def replug(board: Board) -> None:
    """Put the network cable back."""
    ip([f"link set {board.name} up"], board.network.name)


def power_cut(board: Board) -> None:
    """Pull the plug: silence first, or the kernel would say goodbye to everybody."""
    unplug(board)
    board.kill()


def power_on(board: Board) -> None:
    """Boot it again, with the disk as it was left."""
    replug(board)
    board.start()
    board.wait()


def freeze(board: Board) -> None:
    """Stop every process; the kernel still takes what arrives, nobody reads it."""
    board.group.freeze()


def thaw(board: Board) -> None:
    """Let every process go on."""
    board.group.thaw()


def set_loss(board: Board, percent: int) -> None:
    """Lose that share of the frames to and from the board, by chance; 0 ends it."""
    table = f"loss-{board.name}"
    lines = [f"add table bridge {table}", f"delete table bridge {table}"]
    if percent:
        lines += [
            f"add table bridge {table}",
            f"add chain bridge {table} f {{ type filter hook forward priority 0; }}",
            *(
                f'add rule bridge {table} f {end} "{board.name}" numgen random mod 100 < '
                f"{percent} drop"
                for end in ("iifname", "oifname")
            ),
        ]
    run([*inside(board.network.name), "nft", "-f", "-"], "\n".join(lines) + "\n")


def set_delay(board: Board, milliseconds: float, jitter: float = 0) -> None:
    """Have every frame take that much longer, and up to `jitter` more, each way; 0 ends it.

    The cable's end leaves the bridge for a bridge of its own; a relay joins the two.
    """
    lan, slow, near, far = board.network.name, *(f"{kind}-{board.name}" for kind in "snf")
    relay = Group(f"{lan}/relay-{board.name}")
    if any(path.exists() for path in relay.paths()):
        ip([f"link set {board.name} master {BRIDGE}"], lan)
        relay.kill()
        relay.remove()
    if (NETNS / lan).exists() and _has_link(lan, slow):
        ip([f"link del {slow}"], lan)
    if not milliseconds and not jitter:
        return
    relay.create()
    _start_relay(lan, relay, [near, far, str(milliseconds), str(jitter)])
    ip(
        [
            f"link add {slow} type bridge forward_delay 0 mcast_snooping 0",
            f"link set {slow} up",
            f"link set {near} master {BRIDGE} up",
            f"link set {far} master {slow} up",
            f"link set {board.name} master {slow}",
        ],
        lan,
    )


def _has_link(netns: str, name: str) -> bool:
    found = run(["ip", "-n", netns, "-oneline", "link", "show", "type", "bridge"])
    return f" {name}: " in found


def _start_relay(netns: str, group: Group, arguments: list[str]) -> None:
    """Start the relay in the group, which is what ends it; returns when it is ready."""
    relay = [*inside(netns), sys.executable, "-IS", str(RELAY), *arguments]
    # setsid --fork: nobody's child, it may outlive whoever asked for it.
    with subprocess.Popen(
        ["setsid", "--fork", *relay],
        env={"PATH": PATH},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        text=True,
    ) as start:
        assert start.stdout is not None
        pid = start.stdout.readline()
    if not pid:
        raise TestbedError("the relay did not start; is there /dev/net/tun?")
    group.add(int(pid))


def set_bandwidth(board: Board, mbits: float) -> None:
    """Let no more than that many megabits a second pass, each way; 0 ends it."""
    ends = ((board.network.name, board.name), (board.netns, "eth0"))
    for netns, device in ends:
        if mbits:
            shape = f"tbf rate {round(mbits * 1000)}kbit burst 32k latency 200ms"
            run(["tc", "-n", netns, "qdisc", "replace", "dev", device, "root", *shape.split()])
        elif "tbf" in run(["tc", "-n", netns, "qdisc", "show", "dev", device]):
            run(["tc", "-n", netns, "qdisc", "del", "dev", device, "root"])


def limit_cpu(board: Board, percent: int | None) -> None:
    """Give it that much of one processor of this machine; None ends it."""
    board.group.limit_cpu(percent)


def limit_memory(board: Board, megabytes: int | None) -> None:
    """Give it that much memory; the kernel kills what takes more. None ends it."""
    board.group.limit_memory(megabytes)


def fill_disk(board: Board, free_kilobytes: int = 0) -> None:
    """Leave that much room on its disk, docker's folder too."""
    used = run(["df", "--output=used", "-k", str(board.folder)]).split()[-1]
    _resize(board, f"{int(used) + free_kilobytes}k")


def free_disk(board: Board) -> None:
    """Give the disk its room back."""
    _resize(board, DISK)


def _resize(board: Board, size: str) -> None:
    run(["mount", "-o", f"remount,size={size}", str(board.folder)])


def skew_clock(board: Board, seconds: int) -> None:
    """Put a `date` on its PATH that is off by that many seconds; 0 ends it.

    No namespace has a clock of its own that tells the time of day: only what asks `date`,
    tegrastats too, is fooled, not what asks the kernel.
    """
    if seconds:
        script = 'printf %s "$1" > "$2" && chmod 755 "$2"'
        board.run(["sh", "-c", script, "sh", LATE.format(seconds=seconds), CLOCK])
    else:
        board.run(["rm", "-f", CLOCK])
