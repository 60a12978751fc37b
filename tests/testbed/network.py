"""The network of a testbed: a bridge in a namespace of its own, and a link from here to it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from ipaddress import IPv4Network
from pathlib import Path
from typing import Any

from testbed.commands import NETNS, ip, run

BRIDGE = "br0"


@dataclass(frozen=True)
class Network:
    """The network of the testbed with that number.

    Its names: the namespace of the bridge and the link from here are both `name`; the namespace
    of a board is name-BOARD; the board's end of its cable is eth0, the bridge's is called BOARD.
    """

    number: int

    @property
    def name(self) -> str:
        return f"edgead{self.number}"

    @property
    def addresses(self) -> IPv4Network:
        return IPv4Network(f"10.77.{self.number}.0/24")

    def address(self, place: int) -> str:
        """Give an address: 0 is this machine, 1 the first board."""
        return str(self.addresses[10 + place if place else 1])

    def netns(self, board: str) -> str:
        return f"{self.name}-{board}"

    def free(self) -> bool:
        """Tell whether no route of this machine leads to these addresses."""
        routes: list[dict[str, Any]] = json.loads(run(["ip", "-json", "route"]) or "[]")
        others = (each["dst"] for each in routes if each["dst"] != "default")
        return not any(self.addresses.overlaps(IPv4Network(each)) for each in others)

    def create(self) -> None:
        """Make the bridge and the link to it."""
        ip(
            [
                f"netns add {self.name}",
                f"link add {self.name} type veth peer name uplink netns {self.name}",
            ]
        )
        ip(
            [
                "link set lo up",
                f"link add {BRIDGE} type bridge forward_delay 0 mcast_snooping 0",
                f"link set {BRIDGE} up",
                f"link set uplink master {BRIDGE} up",
            ],
            self.name,
        )
        # What comes from the boards goes to this machine or nowhere.
        Path(f"/proc/sys/net/ipv4/conf/{self.name}/forwarding").write_text("0")
        Path(f"/proc/sys/net/ipv6/conf/{self.name}/disable_ipv6").write_text("1")
        ip(
            [
                f"addr add {self.address(0)}/{self.addresses.prefixlen} dev {self.name}",
                f"link set {self.name} up",
            ]
        )

    def add(self, board: str, place: int) -> None:
        """Make a board's network namespace, with a cable from its eth0 to the bridge."""
        netns = self.netns(board)
        ip([f"netns add {netns}"])
        ip([f"link add {board} type veth peer name eth0 netns {netns}"], self.name)
        ip([f"link set {board} master {BRIDGE} up"], self.name)
        ip(
            [
                "link set lo up",
                f"addr add {self.address(place)}/{self.addresses.prefixlen} dev eth0",
                "link set eth0 up",
            ],
            netns,
        )

    def remove(self) -> None:
        """Remove the namespaces, and with them every link."""
        links: list[dict[str, Any]] = json.loads(run(["ip", "-json", "link"]))
        if any(each["ifname"] == self.name for each in links):
            ip([f"link del {self.name}"])
        ours = [f"netns del {each.name}" for each in NETNS.glob(f"{self.name}-*")]
        ours += [f"netns del {self.name}"] if (NETNS / self.name).exists() else []
        if ours:
            ip(ours)
