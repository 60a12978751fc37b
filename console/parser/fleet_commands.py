"""The part of the command line that is about the fleet: nodes …, and init."""

from __future__ import annotations

import argparse
from pathlib import Path

from edgead.console.parser.arguments import Commands, accept_new, as_json


def add_nodes(commands: Commands[argparse.ArgumentParser]) -> None:
    """Describe `nodes` and its verbs; alone it lists the inventory."""
    nodes = commands.add_parser(
        "nodes", help="the fleet: list, discover, trust, check, watch, power, container, image"
    )
    as_json(nodes)
    nodes.set_defaults(command="nodes:list_nodes")
    verbs = nodes.add_subparsers(title="commands", metavar="COMMAND")
    _list(verbs)
    _discover(verbs)
    _trust(verbs)
    _check(verbs)
    _watch(verbs)
    _power(verbs)
    _container(verbs)
    _image(verbs)


def add_init(commands: Commands[argparse.ArgumentParser]) -> None:
    """Describe `init`."""
    init = commands.add_parser("init", help="write a cluster file with the nodes that are found")
    init.add_argument(
        "--out",
        type=Path,
        default=Path("cluster.toml"),
        metavar="FILE",
        help="default: cluster.toml",
    )
    init.add_argument("--force", action="store_true", help="write the file anew if it is there")
    init.add_argument("--dry-run", action="store_true", help="print the file, write nothing")
    _search(init)
    init.set_defaults(command="init:init")


def _list(verbs: Commands[argparse.ArgumentParser]) -> None:
    listing = verbs.add_parser("list", help="the nodes of the cluster file")
    as_json(listing)
    listing.set_defaults(command="nodes:list_nodes")


def _discover(verbs: Commands[argparse.ArgumentParser]) -> None:
    discover = verbs.add_parser(
        "discover", help="scan networks for SSH servers, and say which are Jetsons"
    )
    _search(discover)
    discover.set_defaults(command="discover:discover")


def _trust(verbs: Commands[argparse.ArgumentParser]) -> None:
    trust = verbs.add_parser(
        "trust", help="check the nodes' host keys; new ones are shown, and kept if accepted"
    )
    trust.add_argument("names", nargs="*", metavar="NAME", help="default: every node")
    trust.add_argument("--dry-run", action="store_true", help="show host keys, keep none")
    accept_new(trust)
    as_json(trust)
    trust.set_defaults(command="nodes:trust")


def _check(verbs: Commands[argparse.ArgumentParser]) -> None:
    check = verbs.add_parser(
        "check", help="the nodes' health: verdict, evidence and a command that mends it"
    )
    check.add_argument("names", nargs="*", metavar="NAME", help="default: every node")
    check.add_argument(
        "--no-self-test", action="store_true", help="leave out TensorFlow's self-test"
    )
    check.add_argument(
        "--fix",
        action="store_true",
        help="run the safe remedies (power mode, container), then check again",
    )
    check.add_argument("--dry-run", action="store_true", help="with --fix: print what would be run")
    as_json(check)
    check.set_defaults(command="check:check")


def _watch(verbs: Commands[argparse.ArgumentParser]) -> None:
    watch = verbs.add_parser("watch", help="the nodes' tegrastats, live")
    watch.add_argument("names", nargs="*", metavar="NAME", help="default: every node")
    watch.add_argument(
        "--interval", type=float, default=1.0, metavar="SECONDS", help="default: 1; from 0.1"
    )
    watch.add_argument("--count", type=int, metavar="N", help="end after N samples of each node")
    as_json(watch)
    watch.set_defaults(command="watch:watch")


def _power(verbs: Commands[argparse.ArgumentParser]) -> None:
    power = verbs.add_parser(
        "power", help="show the nodes' power modes, or set one by name: nodes power NAME… MAXN"
    )
    power.add_argument(
        "words_given",
        nargs="*",
        metavar="NAME… [MODE]",
        help="nodes, then the mode as the board names it (10W stands for MODE_10W)",
    )
    power.add_argument(
        "--clocks",
        choices=("pin", "free"),
        help="also pin all clocks at their most (jetson_clocks), or give back what they were",
    )
    power.add_argument("--dry-run", action="store_true", help="print what would be run")
    as_json(power)
    power.set_defaults(command="power:power")


CONTAINER_VERBS = {
    "list": "how each node's container is",
    "start": "start it: the image of the cluster file, with the nvidia runtime",
    "stop": "end and remove it",
    "restart": "restart it, with the image that the cluster file says now",
    "logs": "its last lines",
    "stats": "what it uses",
    "pull": "fetch its image",
    "load": "send an image that docker save wrote, for nodes without internet",
    "prune": "remove containers of ours that do not run",
}


def _container(verbs: Commands[argparse.ArgumentParser]) -> None:
    container = verbs.add_parser("container", help=f"containers: {', '.join(CONTAINER_VERBS)}")
    those = container.add_subparsers(title="commands", metavar="COMMAND", required=True)
    for name, text in CONTAINER_VERBS.items():
        verb = _verb(those, name, text)
        if name == "logs":
            verb.add_argument("--lines", type=int, default=100, metavar="N", help="default: 100")
        if name == "load":
            verb.add_argument("--file", type=Path, required=True, metavar="FILE")


def _image(verbs: Commands[argparse.ArgumentParser]) -> None:
    image = verbs.add_parser("image", help="images: build")
    those = image.add_subparsers(title="commands", metavar="COMMAND", required=True)
    build = _verb(those, "build", "build TensorFlow's image for each node's L4T release, there")
    build.add_argument("--base", default="", metavar="IMAGE", help="build on this one instead")


def _verb(
    verbs: Commands[argparse.ArgumentParser], name: str, text: str
) -> argparse.ArgumentParser:
    verb = verbs.add_parser(name, help=text)
    verb.add_argument("names", nargs="*", metavar="NAME", help="default: all with a container")
    verb.add_argument("--dry-run", action="store_true", help="print what would be run")
    as_json(verb)
    verb.set_defaults(command="container:container", verb=name)
    return verb


def _search(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "networks",
        nargs="*",
        metavar="CIDR",
        help="such as 192.168.1.0/24, or an address; default: this machine's own networks",
    )
    parser.add_argument("--user", default="", help="login name; else ssh's")
    parser.add_argument("--port", type=int, default=22, metavar="N", help="SSH port; default: 22")
    parser.add_argument("--key", type=Path, metavar="FILE", help="private key; else ssh's")
    parser.add_argument(
        "--known-hosts", type=Path, metavar="FILE", help="accepted host keys; else ssh's"
    )
    parser.add_argument(
        "--no-mdns", action="store_true", help="don't listen for announcements (multicast DNS)"
    )
    accept_new(parser)
    as_json(parser)
