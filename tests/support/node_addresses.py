"""The nodes of a cluster file, as the connection takes them."""

from __future__ import annotations

import sys
from pathlib import Path

from edgead.agents.address import NodeAddress

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib


def addresses(file: Path) -> list[NodeAddress]:
    return [
        NodeAddress(
            name=node["name"],
            host=node["host"],
            port=node["port"],
            user=node["user"],
            key=file.parent / node["key"],
            known_hosts=file.parent / node["known_hosts"],
            python=node["python"],
            ssh_config=Path("/dev/null"),
        )
        for node in tomllib.loads(file.read_text())["nodes"]
    ]
