"""nodes container and nodes image: containers of nodes, one verb at a time."""

from __future__ import annotations

import argparse
import shlex
from collections.abc import Awaitable, Callable
from functools import partial
from pathlib import Path

from edgead.agents import docker
from edgead.agents.commands import Commands
from edgead.agents.errors import NodeError
from edgead.console import output
from edgead.console.commands.nodes import chosen_cluster
from edgead.console.errors import DONE, TRIAL_FAILED, UNREACHABLE, UsageError
from edgead.console.interrupt import run_until_signal
from edgead.console.narration import printable
from edgead.console.nodes import containers
from edgead.console.nodes.containers import Done
from edgead.console.nodes.inventory import Node
from edgead.console.nodes.on_nodes import chosen, on_nodes

WANT_IMAGE = ("start", "restart", "pull")
MOST_LINES = 200  # what an agent sends at once
Action = Callable[[Node, Commands], Awaitable[Done]]
SIMPLE: dict[str, Action] = {
    "list": containers.show,
    "start": containers.start,
    "stop": containers.stop,
    "restart": containers.restart,
    "stats": containers.stats,
    "prune": containers.prune,
}


def container(args: argparse.Namespace) -> int:
    """Do one verb on some nodes, or on all that have a container."""
    cluster = chosen_cluster(args)
    nodes = chosen(cluster, args.names)
    if not args.names:
        nodes = [node for node in nodes if node.container] or nodes
        if args.verb in WANT_IMAGE and not nodes[0].container:
            raise UsageError(f"{cluster.path}: no node has an image: set container = IMAGE")
    if args.verb == "load" and not args.file.is_file():
        raise UsageError(f"{args.file}: no such file; docker save IMAGE -o FILE writes one")
    if args.verb == "logs" and not 0 < args.lines <= MOST_LINES:
        raise UsageError(f"--lines: expected 1 to {MOST_LINES}, got {args.lines}")
    if args.dry_run:
        for node in nodes:
            words = shlex.join(plan(args, node))
            if args.json:
                output.print_object("plan", {"node": node.name, "command": words})
            else:
                print(f"{node.name}: {words}")
        return DONE
    return run_until_signal(_container(args, nodes))


def plan(args: argparse.Namespace, node: Node) -> list[str]:
    """Return the command that the verb would run on a node."""
    image = node.container or "IMAGE"
    commands = {
        "list": docker.inspect(),
        "start": docker.start(image, memory=node.memory, mounts=node.mounts),
        "stop": docker.remove(),
        "restart": docker.restart(),
        "logs": docker.logs(getattr(args, "lines", containers.LOG_LINES)),
        "stats": docker.stats(),
        "prune": docker.prune(),
        "pull": docker.pull(image),
        "load": ["docker", "load"],
        "build": docker.build(f"{containers.TAG}:rL4T", getattr(args, "base", "")),
    }
    return commands[args.verb]


async def _container(args: argparse.Namespace, nodes: list[Node]) -> int:
    async def do(node: Node, commands: Commands) -> Done:
        return await _action(args, node)(node, commands)

    code = DONE
    for node, done in zip(nodes, await on_nodes(nodes, do), strict=True):
        if isinstance(done, NodeError):
            output.say(f"edgead-console: {node.name}: {printable(done.text)}")
            code = UNREACHABLE
            continue
        code = code or (DONE if done.ok else TRIAL_FAILED)
        _show(node, args.verb, done, as_json=args.json)
    return code


def _action(args: argparse.Namespace, node: Node) -> Action:
    def tell(line: str) -> None:
        output.say(f"{node.name}: {printable(line)[:200]}")

    longer: dict[str, Action] = {
        "logs": partial(containers.logs, lines=getattr(args, "lines", containers.LOG_LINES)),
        "pull": partial(containers.pull, tell=tell),
        "load": partial(containers.load, file=getattr(args, "file", Path()), tell=tell),
        "build": partial(containers.build, base=getattr(args, "base", ""), tell=tell),
    }
    return {**SIMPLE, **longer}[args.verb]


def _show(node: Node, verb: str, done: Done, *, as_json: bool) -> None:
    if as_json:
        fields = {"node": node.name, "verb": verb, "ok": done.ok, "text": done.text, **done.data}
        output.print_object("container", fields)
    elif not done.ok:
        output.say(f"edgead-console: {node.name}: {printable(done.text)}")
    else:
        for line in done.text.splitlines() or ["no output"]:
            print(f"{node.name}: {printable(line)}")
