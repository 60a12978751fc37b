"""The app on nodes that flood and lie: it answers keys at once, and no terminal obeys a node."""

from __future__ import annotations

import pytest
from evil_node import evil_cluster, nothing_raw
from on_terminal import Terminal
from real_sshd import make_key, sshd

pytestmark = pytest.mark.slow


def test_the_app_stays_with_its_person(home, tmp_path, monkeypatch):
    monkeypatch.delenv("SSH_AUTH_SOCK", raising=False)
    ways = ("flood", "lies", "endless", "escapes")
    with sshd(tmp_path / "sshd") as server:
        key = make_key(tmp_path / "id_ed25519")
        server.authorize(key)
        cluster = evil_cluster(tmp_path, server, key, *ways)
        with Terminal(["--cluster", cluster]) as terminal:
            terminal.until("flood .*(up|connecting)")
            terminal.until("escapes .*lost")
            keys = ("h", "reach"), ("\x1b", "Fleet"), ("n", "esc .*Back"), ("\x1b", "Fleet")
            for key, seen in keys:
                terminal.press(key)
                terminal.until(seen, seconds=20)
            terminal.press("q")
            assert terminal.exit_code() == 0
    sent = "".join(terminal.sent).encode("utf-8", "replace")
    assert nothing_raw(sent)
    assert list(home.glob("crashes/*")) == []
