"""serve: the app in a browser, on this machine's loopback."""

from __future__ import annotations

import argparse
import socket

from edgead.console.errors import DONE, UsageError
from edgead.console.nodes.clusters import find_cluster


def serve(args: argparse.Namespace) -> int:
    """Serve until interrupted. Raises UsageError where the port is taken."""
    from edgead.console.tui.web import HOST, WebServer

    cluster = find_cluster(args.cluster)
    if cluster is not None and not cluster.is_file():
        raise UsageError(f"{cluster}: no such file")
    port, file = _free_port(HOST, args.port), cluster and cluster.absolute()
    WebServer(port, file, read_only=args.read_only, as_json=args.json).serve()
    return DONE


def _free_port(host: str, port: int) -> int:
    """Give the port, or a free one for 0. Raises UsageError where it can't be had."""
    if not 0 <= port < 65_536:
        raise UsageError(f"serve --port {port}: expected 0 to 65535")
    with socket.socket() as trial:
        trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            trial.bind((host, port))
        except OSError as error:
            reason = f"{error.strerror}: try another --port, or 0 for a free one"
            raise UsageError(f"serve: port {port}: {reason}") from None
        return int(trial.getsockname()[1])
