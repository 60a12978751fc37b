"""nodes power: show or set the power mode of nodes."""

from __future__ import annotations

import argparse

from edgead.agents.commands import Commands
from edgead.agents.errors import NodeError
from edgead.console import output
from edgead.console.commands.nodes import chosen_cluster
from edgead.console.errors import DONE, TRIAL_FAILED, UNREACHABLE, UsageError
from edgead.console.interrupt import run_until_signal
from edgead.console.narration import printable
from edgead.console.nodes.health.check import there
from edgead.console.nodes.inventory import Cluster, Node
from edgead.console.nodes.on_nodes import on_nodes
from edgead.console.nodes.power import PowerChange, clocks_said, read_mode, set_power


def power(args: argparse.Namespace) -> int:
    """Set the mode that comes after the names, or show the modes."""
    cluster = chosen_cluster(args)
    nodes, mode = split_words(cluster, args.words_given)
    if args.clocks and not mode:
        raise UsageError("nodes power: --clocks needs a mode: nodes power NAME… MODE --clocks pin")
    if args.dry_run:
        for node in nodes:
            text = _plan(node, mode, args.clocks)
            if args.json:
                output.print_object("plan", {"node": node.name, "text": text})
            else:
                print(text)
        return DONE
    return run_until_signal(_power(args, nodes, mode))


def split_words(cluster: Cluster, words: list[str]) -> tuple[list[Node], str]:
    """Tell names from the mode that may come last; no name at all means every node.

    Raises UsageError for a name that is none.
    """
    names = [node.name for node in cluster.nodes]
    mode = words[-1] if words and words[-1] not in names else ""
    chosen = words[:-1] if mode else words
    nodes = [cluster.node(name) for name in dict.fromkeys(chosen)]
    if mode and not nodes and len(cluster.nodes) > 1:
        raise UsageError(f"nodes power: name the nodes before the mode: {' '.join(names)} {mode}")
    return nodes or list(cluster.nodes), mode


def _plan(node: Node, mode: str, clocks: str) -> str:
    commands = ["nvpmodel -q"] if not mode else [f"sudo -n nvpmodel -m <the number of {mode}>"]
    if clocks:
        commands.append("sudo -n jetson_clocks" + (" --restore FILE" if clocks == "free" else ""))
    return there(node, "; ".join(commands))


async def _power(args: argparse.Namespace, nodes: list[Node], mode: str) -> int:
    clocks = {"pin": True, "free": False}.get(args.clocks or "")

    async def do(node: Node, commands: Commands) -> PowerChange:
        if mode:
            return await set_power(commands, mode, clocks=clocks)
        name, pinned = await read_mode(commands)
        return PowerChange(name, name, "unchanged", "" if name else "no power mode told", pinned)

    code = DONE
    for node, done in zip(nodes, await on_nodes(nodes, do), strict=True):
        if isinstance(done, NodeError):
            code = UNREACHABLE
            output.say(f"edgead-console: {node.name}: {printable(done.text)}")
            continue
        if done.state == "failed":
            code = code or TRIAL_FAILED
        _show(node, done, as_json=args.json)
    return code


def _show(node: Node, done: PowerChange, *, as_json: bool) -> None:
    if as_json:
        output.print_object(
            "power",
            {
                "node": node.name,
                "state": done.state,
                "before": done.before or None,
                "after": done.after or None,
                "clocks_pinned": done.pinned,
                "text": done.text or None,
            },
        )
        return
    clocks = clocks_said(done.pinned)
    if done.state == "failed":
        output.say(f"edgead-console: {node.name}: {printable(done.text)}")
    elif done.state == "set" and done.before != done.after:
        print(f"{node.name}: {done.before or '?'} → {done.after}{clocks}")
    else:
        print(f"{node.name}: {done.after or '-'}{clocks}")
