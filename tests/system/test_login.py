"""Logging in to real OpenSSH: our keys, the SSH agent, ~/.ssh/config, ProxyJump."""

from __future__ import annotations

import socket
from dataclasses import replace
from pathlib import Path

import pytest
from real_login import refused, said_by
from real_sshd import LOOPBACK, Sshd, add_to_agent, fingerprint, make_key, ssh_agent, sshd

from edgead.agents.address import NodeAddress
from edgead.agents.errors import (
    AuthenticationFailed,
    HostKeyChanged,
    HostKeyUnknown,
    NodeUnreachable,
)
from edgead.agents.host_keys import accept
from edgead.agents.login import log_in

# -- our keys


async def test_a_key_that_is_not_let_in(address: NodeAddress, tmp_path: Path) -> None:
    key = make_key(tmp_path / "other")
    error = await refused(replace(address, key=key), AuthenticationFailed)
    assert f"does not accept {key}" in error.text and "ssh-copy-id -p" in error.text


async def test_no_password_is_ever_sent(server: Sshd, address: NodeAddress, tmp_path: Path) -> None:
    await refused(replace(address, key=make_key(tmp_path / "other")), AuthenticationFailed)
    assert "publickey" in server.log
    assert "Failed password" not in server.log and "method password" not in server.log
    assert "method keyboard-interactive" not in server.log


async def test_without_any_key_it_says_how_to_get_one(address: NodeAddress, own_home: Path) -> None:
    (own_home / "id_ed25519").unlink()
    error = await refused(address, AuthenticationFailed)
    assert "none to offer" in error.text and "ssh-keygen" in error.text


@pytest.mark.parametrize("named", [True, False])
async def test_a_key_with_a_passphrase_goes_through_the_agent(
    server: Sshd,
    address: NodeAddress,
    own_home: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    named: bool,
) -> None:
    (own_home / "id_ed25519").unlink()
    key = make_key(own_home / "id_rsa", "rsa", "correct horse")
    server.authorize(key)
    address = replace(address, key=key) if named else address
    error = await refused(address, AuthenticationFailed)
    assert "no SSH agent answers" in error.text
    assert error.text.endswith(f'To do: eval "$(ssh-agent)" and ssh-add {key}')
    with ssh_agent(tmp_path / "agent") as environment:
        monkeypatch.setenv("SSH_AUTH_SOCK", environment["SSH_AUTH_SOCK"])
        error = await refused(address, AuthenticationFailed)
        assert "the SSH agent does not hold it" in error.text
        assert error.text.endswith(f"To do: ssh-add {key}")
        add_to_agent(environment, key, "correct horse")
        assert await said_by(address) == "hello\n"
        (server.folder / "authorized_keys").write_text("")
        error = await refused(address, AuthenticationFailed)
        assert "does not accept the agent's id_rsa" in error.text and "ssh-copy-id" in error.text


async def test_a_named_key_keeps_the_agents_others_back(
    server: Sshd, address: NodeAddress, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else a full agent meets sshd's MaxAuthTries before the right key's turn."""
    key = make_key(tmp_path / "right", passphrase="x")
    server.authorize(key)
    with ssh_agent(tmp_path / "agent") as environment:
        monkeypatch.setenv("SSH_AUTH_SOCK", environment["SSH_AUTH_SOCK"])
        for number in range(7):
            add_to_agent(environment, make_key(tmp_path / f"wrong-{number}"), "")
        error = await refused(address, AuthenticationFailed)
        assert "and " in error.text and "wrong-0" in error.text
        add_to_agent(environment, key, "x")
        assert await said_by(replace(address, key=key)) == "hello\n"


async def test_a_dead_agent_does_not_stop_a_key_that_needs_none(
    address: NodeAddress, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSH_AUTH_SOCK", str(tmp_path / "gone"))
    assert await said_by(address) == "hello\n"


# -- ~/.ssh/config


async def test_an_alias_of_the_configuration_is_all_it_needs(
    server: Sshd, own_home: Path, tmp_path: Path
) -> None:
    (own_home / "known_hosts").rename(tmp_path / "kh")
    (own_home / "id_ed25519").rename(tmp_path / "key")
    (own_home / "config").write_text(
        f"Host xavier\n  HostName {LOOPBACK}\n  Port {server.port}\n  User {server.user}\n"
        f"  IdentityFile {tmp_path}/absent\n  IdentityFile {tmp_path}/key\n"
        f"  UserKnownHostsFile {tmp_path}/kh\n"
    )
    assert await said_by(NodeAddress("board", "xavier")) == "hello\n"


async def test_explicit_values_win_over_the_configuration(
    server: Sshd, address: NodeAddress, own_home: Path, tmp_path: Path
) -> None:
    key = own_home / "id_ed25519"
    (own_home / "config").write_text(
        f"Host *\n  Port 1\n  User nobody-here\n  IdentityFile {tmp_path}/absent\n"
        f"  UserKnownHostsFile {tmp_path}/absent\n"
    )
    full = replace(
        address, user=server.user, key=key, known_hosts=own_home / "known_hosts", port=server.port
    )
    assert await said_by(full) == "hello\n"
    await refused(replace(full, port=None), NodeUnreachable)
    error = await refused(replace(full, user=""), AuthenticationFailed)
    assert "nobody-here@" in error.text
    assert await said_by(replace(full, ssh_config=Path("/dev/null"))) == "hello\n"


async def test_a_mistake_in_the_configuration_is_told(address: NodeAddress, own_home: Path) -> None:
    (own_home / "config").write_text("Host *\n  Port many\n")
    error = await refused(replace(address, port=None), AuthenticationFailed)
    assert "config line 2" in error.text
    absent = replace(address, ssh_config=own_home / "absent")
    assert "absent" in (await refused(absent, AuthenticationFailed)).text


async def test_proxy_jump_is_as_strict_at_every_hop(
    server: Sshd, own_home: Path, tmp_path: Path
) -> None:
    with sshd(tmp_path / "jump") as jump:
        jump.authorize(own_home / "id_ed25519")
        (own_home / "config").write_text(
            f"Host gate\n  HostName {LOOPBACK}\n  Port {jump.port}\n"
            f"Host inner\n  HostName {LOOPBACK}\n  Port {server.port}\nHost *\n  ProxyJump gate\n"
        )
        address = NodeAddress("board", "inner")
        error = await refused(address, HostKeyUnknown)
        assert isinstance(error, HostKeyUnknown) and error.offer is not None
        assert error.offer.fingerprint == fingerprint(jump.host_keys[0])
        accept(error.offer)
        connection = await log_in(address)
        said = str((await connection.run("echo $SSH_CONNECTION", check=True)).stdout)
        assert said.split()[3] == str(server.port) and "direct-tcpip" in jump.log
        connection.close()
        await connection.wait_closed()
        changed = (own_home / "known_hosts").read_text()
        other = Path(f"{make_key(tmp_path / 'other')}.pub").read_text()
        (own_home / "known_hosts").write_text(f"[{LOOPBACK}]:{jump.port} {other}")
        await refused(address, HostKeyChanged)
        (own_home / "known_hosts").write_text(changed)
        (jump.folder / "authorized_keys").write_text("")
        error = await refused(address, AuthenticationFailed)
        assert f"[{LOOPBACK}]:{jump.port}" in error.text


async def test_a_jump_host_that_forbids_it_or_cant_get_there(
    server: Sshd, own_home: Path, tmp_path: Path
) -> None:
    with sshd(tmp_path / "jump") as jump:
        jump.authorize(own_home / "id_ed25519")
        known = (own_home / "known_hosts").read_text()
        jump.known_hosts(own_home / "known_hosts")
        with (own_home / "known_hosts").open("a") as file:
            file.write(known)
        with socket.socket() as taken:
            taken.bind((LOOPBACK, 0))  # nobody listens there
            (own_home / "config").write_text(
                f"Host inner\n  HostName {LOOPBACK}\n  Port {taken.getsockname()[1]}\n"
                f"  ProxyJump {jump.user}@{LOOPBACK}:{jump.port}\n"
            )
            await refused(NodeAddress("board", "inner"), NodeUnreachable)
