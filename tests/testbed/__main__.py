"""Boards to try things on by hand: python -m testbed up|down|fault, with tests/ on the path."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable
from pathlib import Path

from testbed import faults
from testbed.board import FOLDER, Board
from testbed.claims import kept
from testbed.commands import TestbedError
from testbed.network import Network
from testbed.requirements import missing
from testbed.root import JETPACKS
from testbed.testbed import Testbed, stop_kept

FILES = ("cluster.toml", "id_ed25519", "known_hosts")
# What `fault` takes; those without an amount are undone by another.
SWITCHES: dict[str, Callable[[Board], None]] = {
    "unplug": faults.unplug,
    "replug": faults.replug,
    "power-cut": faults.power_cut,
    "power-on": faults.power_on,
    "freeze": faults.freeze,
    "thaw": faults.thaw,
    "fill-disk": faults.fill_disk,
    "free-disk": faults.free_disk,
}
# With an amount: percent, milliseconds, megabits a second, megabytes, seconds; 0 ends it.
AMOUNTS: dict[str, Callable[[Board, int], None]] = {
    "loss": faults.set_loss,
    "delay": faults.set_delay,
    "bandwidth": faults.set_bandwidth,
    "memory": lambda board, megabytes: faults.limit_memory(board, megabytes or None),
    "cpu": lambda board, percent: faults.limit_cpu(board, percent or None),
    "clock": faults.skew_clock,
}


def up(folder: Path, count: int, jetpacks: list[str]) -> None:
    """Start boards with dockerd and leave them up; one has TensorFlow in a container only."""
    stop_kept(folder)
    contained = {f"xavier-{min(2, count)}"}
    testbed = Testbed.start(folder, count, jetpacks=jetpacks, docker=True, contained=contained)
    testbed.keep()
    for board in testbed.boards:
        inside = ", TensorFlow in a container" if board.name in contained else ""
        print(f"{board.name}  {board.host}  JetPack {board.jetpack}{inside}")
    near = Path(os.path.relpath(folder))
    login = f"--user nvidia --key {near}/id_ed25519 --known-hosts {near}/known_hosts"
    print(f"Try: edgead-console --cluster {near}/cluster.toml nodes check")
    print(f" or: edgead-console init {testbed.network.addresses} {login}")


def down(folder: Path) -> None:
    """Take them down, files and all."""
    found = stop_kept(folder)
    for name in FILES:
        (folder / name).unlink(missing_ok=True)
    if folder.is_dir() and not any(folder.iterdir()):
        folder.rmdir()
    print("The boards are gone." if found else "There are no boards.")


def fault(folder: Path, name: str, kind: str, amount: int | None) -> None:
    """Do something bad to a board, or undo it."""
    number = kept(FOLDER, folder)
    place = name.rpartition("-")[2]
    board = Board(Network(number or 0), name, int(place) if place.isdigit() else 0, folder)
    if number is None or not board.folder.is_dir():
        raise TestbedError(f"there is no board {name} in {folder}: make boards")
    if kind in SWITCHES:
        SWITCHES[kind](board)
    elif amount is None:
        raise TestbedError(f"{kind} wants an amount, 0 to end it")
    else:
        AMOUNTS[kind](board, amount)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m testbed", description=__doc__)
    parser.add_argument("--folder", type=Path, default=Path("build/boards"), help="their inventory")
    commands = parser.add_subparsers(dest="command", required=True)
    start = commands.add_parser("up", help="start boards and leave them up")
    start.add_argument("count", type=int, nargs="?", default=3)
    start.add_argument("--jetpack", nargs="+", choices=JETPACKS, default=list(JETPACKS))
    commands.add_parser("down", help="take them down")
    bad = commands.add_parser("fault", help="do something bad to one, or undo it")
    bad.add_argument("board")
    bad.add_argument("kind", choices=[*SWITCHES, *AMOUNTS])
    bad.add_argument("amount", type=int, nargs="?")
    return parser


def main() -> int:
    """Run the program: 0 done, 2 it can't be done."""
    options = _parser().parse_args()
    folder = options.folder.resolve()
    reason = missing()
    try:
        if reason is not None:
            raise TestbedError(reason)
        if options.command == "up":
            up(folder, options.count, options.jetpack)
        elif options.command == "down":
            down(folder)
        else:
            fault(folder, options.board, options.kind, options.amount)
    except TestbedError as error:
        print(error, file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
