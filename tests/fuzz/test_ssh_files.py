"""ssh's own files: read, or refused with a node's error in one line; none keeps us waiting."""

from __future__ import annotations

import asyncio
import re
import shlex
import tempfile
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import asyncssh
import pytest
from hostile import NASTY, ODD_FILES, is_safe, shreds, texts
from hypothesis import example, given, settings
from hypothesis import strategies as st

from edgead.agents.address import NodeAddress
from edgead.agents.client_keys import ClientKeys, choose_keys, explain_refusal
from edgead.agents.errors import AuthenticationFailed, HostKeyUnknown, NodeError, NodeUnreachable
from edgead.agents.host_keys import KnownHosts
from edgead.agents.login import log_in
from edgead.agents.ssh_config import Login, jump_address, read_login
from edgead.agents.untrusted import ShownKey, host_key_error
from edgead.console.nodes.health.check import there
from edgead.console.nodes.health.run import _login_remedy
from edgead.console.nodes.inventory import Node

CONFIG = """Host * Match all final originalhost user localuser Include Port 22 99999999 ProxyJump
none a@b:c
ssh://x:1 [::1]:2 IdentityFile IdentityAgent SSH_AUTH_SOCK ~ ~nobody-here/x UserKnownHostsFile
GlobalKnownHostsFile IdentitiesOnly yes HostKeyAlias HostKeyAlgorithms +x HostName User %h %% ${X}
" ' = ! #"""
KNOWN = """@revoked @cert-authority h *,? !h |1|aa|bb |1|x= [h]:22 [h ssh-ed25519 ssh-rsa AAAA =
AAAAC3NzaC1lZDI1NTE5AAAAIPpbFyySCgAkLFz4ruMW4yJvCDmpHGmNNVrsJD6eEr2y #"""


def in_file(content: bytes, read: Callable[[Path], Any]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "file"
        path.write_bytes(content)
        with suppress(ValueError):
            read(path)


def config_of(path: Path) -> None:
    address = NodeAddress("n", "h", ssh_config=path)
    for jump in asyncio.run(read_login(address)).jumps:
        jump_address(address, jump)


bytes_of = st.binary(max_size=80)


@settings(max_examples=150)
@given(bytes_of | shreds(CONFIG).map(lambda text: text.encode("utf-8", "replace")))
@example(b"= a ProxyJump !")
@example(b"Include ~nobody-here/x")
@example(b"IdentityFile ~nobody-here/x")
@example(b"UserKnownHostsFile ~nobody-here/x")
def test_any_ssh_config_is_read_or_refused(content: bytes) -> None:
    in_file(content, config_of)


def test_an_ssh_config_that_includes_itself_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "config"
    path.write_text(f"Include {path}\n")
    with pytest.raises(ValueError):
        config_of(path)


@settings(max_examples=150)
@given(bytes_of | shreds(KNOWN).map(lambda text: text.encode("utf-8", "replace")))
def test_any_known_hosts_is_read_or_refused(content: bytes) -> None:
    in_file(content, lambda path: KnownHosts([path]).holdings("h", "10.0.0.1", 22))


@pytest.mark.parametrize("kind", ODD_FILES)
@pytest.mark.parametrize("place", ["known_hosts", "key", "ssh_config"])
async def test_whatever_lies_there_is_one_line_at_once(
    tmp_path: Path, kind: str, place: str
) -> None:
    path = tmp_path / "file"
    ODD_FILES[kind](path)
    given: dict[str, Any] = {"ssh_config": Path("/dev/null"), place: path}
    address = NodeAddress("n", "127.0.0.1", port=1, **given)
    with pytest.raises((HostKeyUnknown, AuthenticationFailed, NodeUnreachable)) as refused:
        await asyncio.wait_for(log_in(address), 10)
    assert is_safe(str(refused.value)) and len(str(refused.value)) < 2100


# -- what is copied from our screen into a shell

WORDS = [word for word in NASTY if re.fullmatch(r"[!-,./-~][!-~]{0,254}", word)]
USERS = st.sampled_from([*WORDS, "$(id)", "a;id", "`id`", "a'b", 'a"b', "a|b", "a&b", "~x", "*"])
KEY = asyncssh.generate_private_key("ssh-ed25519").convert_to_public()


def words_of(command: str) -> list[str]:
    """Split as a shell does; what it would run or expand stands in quotes."""
    bare = re.sub(r"'[^']*'|\"'\"", "", command)
    assert not re.search(r"[$`;|&<>(){}*?~\\]", bare), command
    return shlex.split(command)


@given(USERS, st.sampled_from([None, 22, 2222]))
def test_a_remedy_is_one_command_whatever_the_user_is_called(user: str, port: int | None) -> None:
    node = Node("n", "10.0.0.1", port=port, user=user)
    assert f"{user}@10.0.0.1" in words_of(there(node, "uptime; dmesg | tail"))
    copy = _login_remedy(node, AuthenticationFailed("n", ""))
    assert words_of(copy)[-1] == f"{user}@10.0.0.1"
    words_of(_login_remedy(node, NodeError("n", "")))


def login_as(user: str, host: str, path: Path) -> Login:
    return Login(host, 22, user, None, (), (path,), True, (path,), "", False, None)


@given(USERS, st.sampled_from(["$(id)", "a;id", "h"]))
def test_an_error_with_a_command_is_safe_to_copy(user: str, host: str) -> None:
    path = Path("/tmp/known hosts$(id)")
    login = login_as(user, host, path)
    known = KnownHosts([path])
    error = host_key_error("n", login, known, ShownKey(host, "10.0.0.1", KEY))
    assert words_of(error.text.rpartition("with: ")[2])[-1] == f"{user}@{host}"
    keys = ClientKeys((path,), (), (), None, "")
    said = asyncio.run(explain_refusal(login, keys)).rpartition("To do: ")[2]
    assert words_of(said.partition(", or give")[0])[-1] == f"{user}@{host}"
    asleep = ClientKeys((), (path,), (), None, "")
    said = asyncio.run(explain_refusal(login, asleep)).rpartition(" and ")[2]
    assert words_of(said) == ["ssh-add", str(path)]


@given(texts)
def test_any_proxy_jump_is_an_address_or_refused(jump: str) -> None:
    try:
        found = jump_address(NodeAddress("n", "h"), jump)
    except ValueError:
        return
    assert found.host


def test_no_key_is_read_from_a_pipe(tmp_path: Path) -> None:
    path = tmp_path / "id"
    ODD_FILES["fifo"](path)
    keys = choose_keys(login_as("u", "h", path))
    assert keys.usable == () and "regular file" in keys.broken[0]
