"""Where a node is and how to log in: plain data."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

SSH_PORT = 22


@dataclass(frozen=True)
class NodeAddress:
    """Where a node is and how to log in. What is None or empty, ~/.ssh/config may say.

    Attributes:
        name: the node's name on screen and in errors.
        host: name or address, or an alias of ~/.ssh/config.
        port: SSH port.
        user: login name.
        key: private key file; one with a passphrase is taken from the SSH agent.
        known_hosts: file of accepted host keys.
        python: interpreter for the agent and, unless overridden, the tasks.
        ssh_config: read in place of ~/.ssh/config; /dev/null for none.
    """

    name: str
    host: str
    port: int | None = None
    user: str = ""
    key: Path | None = None
    known_hosts: Path | None = None
    python: str = "python3"
    ssh_config: Path | None = None

    def __str__(self) -> str:
        return self.host if self.port is None else f"{self.host} port {self.port}"
