"""nodes: list the inventory; check and accept the nodes' host keys."""

from __future__ import annotations

import argparse
from typing import Any

from edgead.console import output
from edgead.console.errors import DONE, UNREACHABLE, UsageError
from edgead.console.interrupt import run_until_signal
from edgead.console.narration import printable
from edgead.console.nodes.clusters import find_cluster
from edgead.console.nodes.inventory import Cluster, Node, read_cluster


def chosen_cluster(args: argparse.Namespace) -> Cluster:
    """Read the cluster file a command is about. Raises UsageError where there is none."""
    path = find_cluster(args.cluster)
    if path is None:
        raise UsageError(
            "no cluster file: write one with edgead-console init, or give --cluster FILE"
        )
    return read_cluster(path)


def list_nodes(args: argparse.Namespace) -> int:
    """Print every node of the cluster file."""
    cluster = chosen_cluster(args)
    rows = [tuple(_row(node)) for node in cluster.nodes]
    if args.json:
        for node in cluster.nodes:
            output.print_object("node", fields_of(node))
        return DONE
    for line in output.columns([("NAME", "ADDRESS", "ROLES", "RUNS", "TRANSPORT", "MODE"), *rows]):
        print(line)
    return DONE


def fields_of(node: Node) -> dict[str, Any]:
    """Give a node as plain data; null is what ~/.ssh/config may say."""
    return {
        "node": node.name,
        "host": node.host,
        "port": node.port,
        "user": node.user or None,
        "key": str(node.key) if node.key else None,
        "known_hosts": str(node.known_hosts) if node.known_hosts else None,
        "roles": list(node.roles),
        "python": node.inside if node.container else node.python,
        "container": node.container or None,
        "transport": node.transport,
        "ports": list(node.ports) if node.ports else None,
        "power_mode": node.power_mode or None,
        "clocks": node.clocks or None,
    }


def _row(node: Node) -> tuple[str, ...]:
    user = f"{node.user}@" if node.user else ""
    port = f":{node.port}" if node.port else ""
    runs = node.container or node.python
    return (
        node.name,
        f"{user}{node.host}{port}",
        ",".join(node.roles),
        runs,
        node.transport,
        node.power_mode or "-",
    )


def trust(args: argparse.Namespace) -> int:
    """Check the host keys of some nodes, or of all."""
    return run_until_signal(_trust(args))


async def _trust(args: argparse.Namespace) -> int:
    from edgead.console.nodes.host_keys import check_host_keys, raise_untrusted

    cluster = chosen_cluster(args)
    nodes = [cluster.node(name) for name in dict.fromkeys(args.names)] or list(cluster.nodes)
    accept = args.accept_new and not args.dry_run
    trusts = await check_host_keys(nodes, args.cluster, accept_new=accept, ask=not args.dry_run)
    for each in trusts:
        if args.json:
            output.print_object(
                "host_key",
                {
                    "node": each.node,
                    "state": each.state,
                    "fingerprint": each.fingerprint or None,
                    "text": each.text or None,
                },
            )
        elif each.state in ("known", "accepted"):
            print(f"{each.node}: host key {each.state} {each.fingerprint}".rstrip())
        elif each.state == "failed":
            output.say(f"edgead-console: {each.node}: {printable(each.text)}")
    raise_untrusted(trusts)
    return UNREACHABLE if any(each.state == "failed" for each in trusts) else DONE
