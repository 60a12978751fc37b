"""A real sshd on loopback, a home whose .ssh leads to it, and nothing of this user's own."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from real_sshd import LOOPBACK, Sshd, make_key, sshd

from edgead.agents.address import NodeAddress


@pytest.fixture
def own_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home with an empty .ssh, and no SSH agent."""
    home = tmp_path / "me"
    (home / ".ssh").mkdir(parents=True, mode=0o700)
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.delenv("SSH_AUTH_SOCK", raising=False)
    return home / ".ssh"


@pytest.fixture
def server(tmp_path: Path, own_home: Path) -> Iterator[Sshd]:
    """A board whose host key is known and which takes our usual key."""
    with sshd(tmp_path / "sshd") as running:
        running.authorize(make_key(own_home / "id_ed25519"))
        running.known_hosts(own_home / "known_hosts")
        yield running


@pytest.fixture
def address(server: Sshd) -> NodeAddress:
    return NodeAddress("board", LOOPBACK, server.port)
