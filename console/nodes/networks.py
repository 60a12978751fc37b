"""Networks to look for nodes in: what CIDR… says, and what this machine is part of."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from ipaddress import (
    IPv4Address,
    IPv4Network,
    IPv6Address,
    IPv6Network,
    collapse_addresses,
    ip_address,
    ip_network,
)

from edgead.console.errors import UsageError
from edgead.console.narration import printable

MOST_ADDRESSES = 1 << 16  # a /16 of IPv4
OWN_PREFIX = 24  # of a larger network of our own only this part around us is scanned
# Networks inside this machine: no board is there.
INSIDE = ("lo", "docker", "br-", "veth", "virbr", "cni", "flannel", "podman")

Network = IPv4Network | IPv6Network


def parse_networks(texts: Sequence[str]) -> list[Network]:
    """Read networks and addresses, without doubles. Raises UsageError: one line."""
    read = [_network(text) for text in texts]
    fourth = [network for network in read if isinstance(network, IPv4Network)]
    sixth = [network for network in read if isinstance(network, IPv6Network)]
    networks: list[Network] = [*collapse_addresses(fourth), *collapse_addresses(sixth)]
    if count(networks) > MOST_ADDRESSES:
        raise UsageError(
            f"{', '.join(map(str, networks))}: {count(networks):,} addresses are too many; at most"
            f" {MOST_ADDRESSES:,} at a time, which is a /16"
        )
    return networks


def _network(text: str) -> Network:
    try:
        network = ip_network(text.strip(), strict=False)
    except ValueError:
        raise UsageError(
            f"{printable(text)[:80]}: expected a network such as 192.168.1.0/24, or an address"
        ) from None
    if network.is_multicast or network.network_address.is_unspecified:
        raise UsageError(
            f"{network}: no host can have such an address; expected a network of hosts"
        )
    if network.num_addresses > MOST_ADDRESSES:
        smallest = 16 if network.version == 4 else 112
        raise UsageError(
            f"{network}: larger than a /{smallest} ({network.num_addresses:,} addresses); give the"
            " part of it that the boards are in"
        )
    return network


def count(networks: Sequence[Network]) -> int:
    """Give how many addresses `hosts` gives."""
    return sum(network.num_addresses - _edges(network) for network in networks)


def _edges(network: Network) -> int:
    """Count the addresses that no host can have: the network's own and, of IPv4, that for all."""
    if network.num_addresses <= 2:
        return 0
    return 2 if network.version == 4 else 1


def hosts(networks: Sequence[Network]) -> Iterator[str]:
    """Give every address a host can have."""
    for network in networks:
        yield from map(str, network.hosts())


def contains(networks: Sequence[Network], host: str) -> bool:
    """Whether an address is in one of the networks."""
    address: IPv4Address | IPv6Address = ip_address(host)
    return any(address in network for network in networks)


def own_networks() -> list[Network]:
    """Give the IPv4 networks this machine is part of, each no larger than a /24 around it."""
    import ifaddr

    found = [
        IPv4Network(f"{own.ip}/{max(own.network_prefix, OWN_PREFIX)}", strict=False)
        for adapter in ifaddr.get_adapters()
        if not adapter.nice_name.startswith(INSIDE)
        for own in adapter.ips
        if isinstance(own.ip, str) and not IPv4Address(own.ip).is_loopback
    ]
    return list(dict.fromkeys(found))
