"""A made-up stand-in for KDD99: the same columns and class shares, no real connection in it."""

from __future__ import annotations

import hashlib
from typing import Dict, NamedTuple, Tuple

import numpy as np

from edgead.datasets.dataset import Bools, Floats
from edgead.datasets.kdd99 import Table
from edgead.datasets.kdd99_columns import NUMBERS

TRAIN_ROWS, TEST_ROWS = 494_021, 311_029  # as many as the real files
VERSION = 1  # to be raised with any change to the rows that a seed gives


class Profile(NamedTuple):
    """A kind of connection: its share of rows, names, and the means of its numbers.

    Bytes are drawn log-normally, counts from a Poisson law, rates and marks within 0..1.
    """

    share: float
    attack: bool
    protocol: str
    service: str
    flag: str
    means: Dict[str, float]


_REST = {"same_srv_rate": 0.97, "dst_host_same_srv_rate": 0.85}
_PROFILES = (
    Profile(
        0.125, False, "tcp", "http", "SF",
        {**_REST, "src_bytes": 240, "dst_bytes": 2000, "logged_in": 1, "count": 8, "srv_count": 10,
         "dst_host_count": 120, "dst_host_srv_count": 240},
    ),
    Profile(
        0.02, False, "tcp", "smtp", "SF",
        {**_REST, "duration": 2, "src_bytes": 1000, "dst_bytes": 330, "logged_in": 1, "count": 2,
         "srv_count": 2, "dst_host_count": 150, "dst_host_srv_count": 110},
    ),
    Profile(
        0.04, False, "udp", "domain_u", "SF",
        {**_REST, "src_bytes": 45, "dst_bytes": 90, "count": 90, "srv_count": 95,
         "dst_host_count": 240, "dst_host_srv_count": 235},
    ),
    Profile(
        0.0095, False, "tcp", "ftp_data", "SF",
        {**_REST, "src_bytes": 3000, "logged_in": 0.7, "is_guest_login": 0.1, "hot": 0.3,
         "count": 3, "srv_count": 3, "dst_host_count": 130, "dst_host_srv_count": 50},
    ),
    Profile(
        0.0024, False, "icmp", "eco_i", "SF",
        {**_REST, "src_bytes": 20, "count": 2, "srv_count": 4, "dst_host_count": 60},
    ),
    Profile(
        0.57, True, "icmp", "ecr_i", "SF",
        {**_REST, "src_bytes": 1000, "count": 490, "srv_count": 490, "dst_host_count": 255,
         "dst_host_srv_count": 255, "dst_host_same_src_port_rate": 0.98},
    ),
    Profile(
        0.217, True, "tcp", "private", "S0",
        {"count": 190, "srv_count": 10, "serror_rate": 0.98, "srv_serror_rate": 0.98,
         "same_srv_rate": 0.06, "diff_srv_rate": 0.06, "dst_host_count": 255,
         "dst_host_srv_count": 10, "dst_host_serror_rate": 0.98, "dst_host_srv_serror_rate": 0.98},
    ),
    Profile(
        0.012, True, "tcp", "other", "REJ",
        {"count": 150, "srv_count": 4, "rerror_rate": 0.95, "srv_rerror_rate": 0.9,
         "same_srv_rate": 0.05, "diff_srv_rate": 0.7, "dst_host_count": 255,
         "dst_host_srv_count": 3, "dst_host_rerror_rate": 0.9, "dst_host_srv_rerror_rate": 0.9},
    ),
    Profile(
        0.0045, True, "tcp", "http", "SF",  # hidden among normal connections, as real ones are
        {**_REST, "src_bytes": 300, "dst_bytes": 1500, "logged_in": 1, "hot": 2, "count": 6,
         "srv_count": 7, "dst_host_count": 140, "dst_host_srv_count": 230},
    ),
)  # fmt: skip


# All names of the real training file, most of them without a row here, so that codings are as wide.
_NAMES: Dict[str, Tuple[str, ...]] = {
    "protocol_type": ("tcp", "udp", "icmp"),
    "service": (
        "http", "smtp", "finger", "domain_u", "auth", "telnet", "ftp", "eco_i", "ntp_u",
        "ecr_i", "other", "private", "pop_3", "ftp_data", "rje", "time", "mtp", "link",
        "remote_job", "gopher", "ssh", "name", "whois", "domain", "login", "imap4",
        "daytime", "ctf", "nntp", "shell", "IRC", "nnsp", "http_443", "exec", "printer",
        "efs", "courier", "uucp", "klogin", "kshell", "echo", "discard", "systat", "supdup",
        "iso_tsap", "hostnames", "csnet_ns", "pop_2", "sunrpc", "uucp_path", "netbios_ns",
        "netbios_ssn", "netbios_dgm", "sql_net", "vmnet", "bgp", "Z39_50", "ldap",
        "netstat", "urh_i", "X11", "urp_i", "pm_dump", "tftp_u", "tim_i", "red_i",
    ),
    "flag": ("SF", "S1", "REJ", "S2", "S0", "S3", "RSTO", "RSTR", "RSTOS0", "OTH", "SH"),
}  # fmt: skip


def synthetic_table(rows: int, seed: int) -> Table:
    """Draw a table of so many rows; the same rows and seed give the same table."""
    random = np.random.RandomState(seed)
    shares = np.array([profile.share for profile in _PROFILES])
    kinds = random.choice(len(_PROFILES), size=rows, p=shares / shares.sum())
    codes = {}
    for column, field in (("protocol_type", 2), ("service", 3), ("flag", 4)):
        lookup = [_NAMES[column].index(str(profile[field])) for profile in _PROFILES]
        codes[column] = np.array(lookup, np.uint8)[kinds]
    attack: Bools = np.array([profile.attack for profile in _PROFILES])[kinds]
    numbers = {name: np.zeros(rows, np.float32) for name in NUMBERS}
    for kind, profile in enumerate(_PROFILES):
        members = np.flatnonzero(kinds == kind)
        for name, mean in profile.means.items():
            numbers[name][members] = _draw(random, name, mean, len(members))
    digest = hashlib.sha256(f"synthetic {VERSION} {rows} {seed}".encode()).hexdigest()
    return Table(numbers, codes, dict(_NAMES), attack, digest)


def _draw(random: np.random.RandomState, name: str, mean: float, size: int) -> Floats:
    if name.endswith("_bytes"):
        drawn = np.floor(random.lognormal(np.log(mean), 0.5, size))
    elif name.endswith("_rate"):
        drawn = np.round(np.clip(random.normal(mean, 0.03, size), 0.0, 1.0), 2)
    elif name in ("logged_in", "is_guest_login"):
        drawn = random.random_sample(size) < mean
    else:
        drawn = np.minimum(random.poisson(mean, size), 255 if name.startswith("dst_") else 511)
    return drawn.astype(np.float32)
