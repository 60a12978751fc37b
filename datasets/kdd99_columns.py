"""The 42 columns of KDD Cup 1999 and what may stand in them.

Source: https://kdd.ics.uci.edu/databases/kddcup99/task.html and kddcup.names there.
"""

from __future__ import annotations

FEATURES = (
    "duration",
    "protocol_type",
    "service",
    "flag",
    "src_bytes",
    "dst_bytes",
    "land",
    "wrong_fragment",
    "urgent",
    "hot",
    "num_failed_logins",
    "logged_in",
    "num_compromised",
    "root_shell",
    "su_attempted",
    "num_root",
    "num_file_creations",
    "num_shells",
    "num_access_files",
    "num_outbound_cmds",
    "is_host_login",
    "is_guest_login",
    "count",
    "srv_count",
    "serror_rate",
    "srv_serror_rate",
    "rerror_rate",
    "srv_rerror_rate",
    "same_srv_rate",
    "diff_srv_rate",
    "srv_diff_host_rate",
    "dst_host_count",
    "dst_host_srv_count",
    "dst_host_same_srv_rate",
    "dst_host_diff_srv_rate",
    "dst_host_same_src_port_rate",
    "dst_host_srv_diff_host_rate",
    "dst_host_serror_rate",
    "dst_host_srv_serror_rate",
    "dst_host_rerror_rate",
    "dst_host_srv_rerror_rate",
)
COLUMNS = (*FEATURES, "label")
CATEGORIES = ("protocol_type", "service", "flag")
NUMBERS = tuple(name for name in FEATURES if name not in CATEGORIES)

NAME = r"[A-Za-z][A-Za-z0-9_.-]{0,31}"  # of a protocol, service or flag
NORMAL = "normal"
# No label is the beginning of another, so a file cut inside its last label is noticed.
ATTACKS = (
    "back", "buffer_overflow", "ftp_write", "guess_passwd", "imap", "ipsweep", "land",
    "loadmodule", "multihop", "neptune", "nmap", "perl", "phf", "pod", "portsweep", "rootkit",
    "satan", "smurf", "spy", "teardrop", "warezclient", "warezmaster", "apache2", "httptunnel",
    "mailbomb", "mscan", "named", "processtable", "ps", "saint", "sendmail", "snmpgetattack",
    "snmpguess", "sqlattack", "udpstorm", "worm", "xlock", "xsnoop", "xterm",
)  # fmt: skip
LABELS = frozenset((NORMAL, *ATTACKS))
