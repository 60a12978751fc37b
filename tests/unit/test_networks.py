"""CIDR…: which addresses are tried, and which networks are refused."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgead.console.errors import UsageError
from edgead.console.nodes.networks import (
    MOST_ADDRESSES,
    contains,
    count,
    hosts,
    own_networks,
    parse_networks,
)


def addresses(*texts):
    return list(hosts(parse_networks(texts)))


def test_a_network_without_its_own_and_its_broadcast_address():
    found = addresses("192.168.1.77/24")
    assert (found[0], found[-1], len(found)) == ("192.168.1.1", "192.168.1.254", 254)


def test_single_addresses_and_small_networks_are_tried_whole():
    assert addresses("10.0.0.5") == ["10.0.0.5"]
    assert addresses("10.0.0.4/31") == ["10.0.0.4", "10.0.0.5"]
    assert addresses("fe80::1", "10.0.0.5") == ["10.0.0.5", "fe80::1"]


def test_networks_in_networks_are_tried_once():
    assert len(addresses("10.0.0.0/24", "10.0.0.128/25", "10.0.0.7")) == 254


@pytest.mark.parametrize(
    ("texts", "said"),
    [
        (["10.0.0.0/15"], "larger than a /16"),
        (["10.0.0.0/0"], "expected a network of hosts"),
        (["fd00::/64"], "larger than a /112"),
        (["10.0.0.0/16", "10.1.0.0/16"], "too many"),
        (["lab"], "lab: expected a network such as"),
        (["10.0.0.0/33"], "expected a network such as"),
        (["\x1b[2Jx"], "·"),
        (["224.0.0.0/24"], "no host can have such an address"),
    ],
)
def test_what_is_refused_is_refused_in_one_line(texts, said):
    with pytest.raises(UsageError, match=said) as caught:
        parse_networks(texts)
    assert len(caught.value.lines) == 1 and str(caught.value).isprintable()


def test_a_16_is_not_too_large():
    assert count(parse_networks(["172.16.0.0/16"])) == MOST_ADDRESSES - 2


@given(st.ip_addresses(v=4).filter(lambda ip: not ip.is_multicast and int(ip)), st.integers(16, 32))
def test_every_address_tried_is_in_the_network(address, prefix):
    try:
        networks = parse_networks([f"{address}/{prefix}"])
    except UsageError:
        return  # 0.0.x.x
    first = next(hosts(networks))
    assert contains(networks, first) and contains(networks, str(address))


def test_own_networks_are_small_and_not_loopback():
    for network in own_networks():
        assert network.prefixlen >= 24 and not network.is_loopback
