"""Write the cluster file of a testbed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import tomli_w

from edgead.agents.address import NodeAddress


def write_cluster(file: Path, nodes: Sequence[NodeAddress], images: Mapping[str, str]) -> None:
    """Write the nodes as a cluster file; the key and known_hosts stand beside it.

    Those with an image have TensorFlow in a container.
    """
    content = {
        "cluster": {"name": "boards"},
        "nodes": [
            {
                "name": node.name,
                "host": node.host,
                "user": node.user,
                "key": "id_ed25519",
                "known_hosts": "known_hosts",
                **(
                    {"container": image}
                    if (image := images.get(node.name))
                    else {"python": node.python}
                ),
            }
            for node in nodes
        ],
    }
    file.write_text(tomli_w.dumps(content))
