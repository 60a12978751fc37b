"""An SSH server's banner, from those of real servers to what only a port scanner meets."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgead.agents.scan import BANNER_LIMIT, parse_banner


@pytest.mark.parametrize(
    ("greeting", "banner"),
    [
        (b"SSH-2.0-OpenSSH_7.6p1 Ubuntu-4ubuntu0.7\r\n", "OpenSSH_7.6p1 Ubuntu-4ubuntu0.7"),
        (b"SSH-2.0-dropbear_2020.81\r\n", "dropbear_2020.81"),
        (b"SSH-1.99-Cisco-1.25\n", "Cisco-1.25"),
        (b"Authorised use only.\r\nSSH-2.0-OpenSSH_9.6\r\n", "OpenSSH_9.6"),
        (b"SSH-2.0-bad\x1b[31mred\r\n", "bad\\x1b[31mred"),
        (b"SSH-1.5-old\r\n", None),
        (b"HTTP/1.1 400 Bad Request\r\n", None),
        (b"220 mail SSH-2.0-not\r\n", None),
        (b"SSH-2.0-" + b"x" * BANNER_LIMIT + b"\r\n", None),
        (b"", None),
    ],
)
def test_banners(greeting, banner):
    assert parse_banner(greeting) == banner


@given(st.binary(max_size=600))
def test_anything_is_a_safe_banner_or_none(greeting):
    for found in (parse_banner(greeting), parse_banner(b"SSH-2.0-" + greeting)):
        assert found is None or not any(ord(c) < 32 or 127 <= ord(c) < 160 for c in found)
