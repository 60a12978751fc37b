"""Host keys of real OpenSSH: known, new, changed, revoked, hashed."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import pytest
from real_login import refused, run, said_by
from real_sshd import LOOPBACK, Sshd, fingerprint, fingerprints_in, make_key, sshd

from edgead.agents.address import NodeAddress
from edgead.agents.errors import HostKeyChanged, HostKeyUnknown
from edgead.agents.host_keys import accept


async def test_a_known_host_is_logged_in_to(address: NodeAddress) -> None:
    assert await said_by(address) == "hello\n"


async def test_a_hashed_entry_is_known(server: Sshd, address: NodeAddress, own_home: Path) -> None:
    server.known_hosts(own_home / "known_hosts", hashed=True)
    assert "|1|" in (own_home / "known_hosts").read_text()
    assert await said_by(address) == "hello\n"


@pytest.mark.parametrize("missing", ["file", "folder"])
async def test_an_unknown_key_is_shown_and_accepted_once(
    server: Sshd, address: NodeAddress, tmp_path: Path, missing: str
) -> None:
    file = tmp_path / ("kh" if missing == "file" else "new/folder/kh")
    unknown = replace(address, known_hosts=file)
    error = await refused(unknown, HostKeyUnknown)
    assert isinstance(error, HostKeyUnknown) and error.offer is not None
    assert error.offer.fingerprint == fingerprint(server.host_keys[0])
    assert error.offer.fingerprint in error.text and not file.exists()
    accept(error.offer)
    assert await said_by(unknown) == "hello\n"
    assert file.stat().st_mode & 0o777 == 0o600
    # ssh itself takes what we wrote.
    command = ["ssh", "-F", "none", "-o", f"UserKnownHostsFile={file}", "-o", "BatchMode=yes"]
    key = Path(os.environ["HOME"]) / ".ssh" / "id_ed25519"  # ssh looks not in $HOME
    command += ["-i", str(key), "-p", str(server.port), LOOPBACK, "echo hello"]
    assert await run(*command) == "hello\n"


async def test_accepting_keeps_what_the_file_holds(
    address: NodeAddress, tmp_path: Path, server: Sshd
) -> None:
    file = tmp_path / "kh"
    other = (Path(f"{make_key(tmp_path / 'other')}.pub")).read_text()
    file.write_text(f"# mine\nelsewhere {other.strip()}")  # without an end of line
    error = await refused(replace(address, known_hosts=file), HostKeyUnknown)
    assert isinstance(error, HostKeyUnknown) and error.offer is not None
    accept(error.offer)
    assert file.read_text().splitlines()[:2] == ["# mine", f"elsewhere {other.strip()}"]
    assert await said_by(replace(address, known_hosts=file)) == "hello\n"
    held = file.read_text()
    accept(error.offer)  # again is no error
    assert file.read_text() == held
    with pytest.raises(ValueError, match=r"another key .* by now"):
        accept(replace(error.offer, public=" ".join(other.split()[:2])))
    assert file.read_text() == held


@pytest.mark.parametrize("kind", ["ed25519", "ecdsa", "rsa"])
@pytest.mark.parametrize("hashed", [False, True])
async def test_a_changed_key_is_refused_with_both_fingerprints(
    server: Sshd, address: NodeAddress, own_home: Path, tmp_path: Path, kind: str, hashed: bool
) -> None:
    before = make_key(tmp_path / "before", kind)
    file = server.known_hosts(own_home / "known_hosts", before, hashed=hashed)
    held = file.read_text()
    error = await refused(address, HostKeyChanged)
    assert fingerprints_in(error.text) == [fingerprint(server.host_keys[0]), fingerprint(before)]
    assert "CHANGED" in error.text and not hasattr(error, "offer")
    assert file.read_text() == held
    remedy = error.text.rpartition("know it was: ")[2]
    await run("sh", "-c", remedy)
    await refused(address, HostKeyUnknown)


async def test_another_board_behind_the_same_address_is_new_not_changed(
    server: Sshd, address: NodeAddress, own_home: Path, tmp_path: Path
) -> None:
    other = Path(f"{make_key(tmp_path / 'router')}.pub").read_text()
    (own_home / "known_hosts").write_text(f"{LOOPBACK} {other}")
    await refused(address, HostKeyUnknown)


async def test_a_name_whose_address_is_known_by_another_key_is_changed(
    server: Sshd, address: NodeAddress, own_home: Path, tmp_path: Path
) -> None:
    server.known_hosts(own_home / "known_hosts", make_key(tmp_path / "before"))
    await refused(replace(address, host="localhost"), HostKeyChanged)


async def test_a_revoked_key_is_refused(server: Sshd, address: NodeAddress, own_home: Path) -> None:
    file = own_home / "known_hosts"
    file.write_text(f"@revoked {file.read_text()}")
    error = await refused(address, HostKeyChanged)
    assert "revoked" in error.text


async def test_the_known_kind_is_preferred_where_a_host_has_several(
    tmp_path: Path, own_home: Path
) -> None:
    with sshd(tmp_path / "two", kinds=["ed25519", "rsa"]) as server:
        server.authorize(make_key(own_home / "id_ed25519"))
        server.known_hosts(own_home / "known_hosts", server.host_keys[1])
        assert await said_by(NodeAddress("board", LOOPBACK, server.port)) == "hello\n"


async def test_nothing_can_be_kept_in_dev_null(address: NodeAddress) -> None:
    error = await refused(replace(address, known_hosts=Path("/dev/null")), HostKeyUnknown)
    assert isinstance(error, HostKeyUnknown) and error.offer is not None
    with pytest.raises(ValueError, match="no file that could keep it"):
        accept(error.offer)


async def test_a_known_hosts_file_with_a_wrong_line_is_named(
    address: NodeAddress, tmp_path: Path
) -> None:
    (tmp_path / "kh").write_text("nonsense\n")
    error = await refused(replace(address, known_hosts=tmp_path / "kh"), HostKeyUnknown)
    assert f"{tmp_path / 'kh'} can't be read" in error.text
    assert isinstance(error, HostKeyUnknown) and error.offer is None
