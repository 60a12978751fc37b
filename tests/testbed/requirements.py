"""Can virtual boards be made here, and if not, why."""

from __future__ import annotations

import functools
import os
import shutil
import subprocess
import sys

from testbed.cgroups import ROOT, controllers
from testbed.commands import PATH

# Commands, each with the Debian package that has it.
COMMANDS = {
    "sshd": "openssh-server",
    "dockerd": "docker.io",
    "sudo": "sudo",
    "nft": "nftables",
    "ip": "iproute2",
    "tc": "iproute2",
    "busybox": "busybox-static",
    "unshare": "util-linux",
    "nsenter": "util-linux",
}
# What boot.sh and the network need of the kernel, tried in namespaces that end with the trial.
TRIAL = """
set -e
mount -t tmpfs trial /tmp
mkdir /tmp/upper /tmp/work /tmp/root
mount -t overlay trial -o lowerdir=/,upperdir=/tmp/upper,workdir=/tmp/work /tmp/root
mount -t proc proc /tmp/root/proc
mount -t sysfs sysfs /tmp/root/sys
ip link add trial0 type veth peer name trial1
ip link add trial2 type bridge
"""


@functools.cache
def missing() -> str | None:
    """Say in one line why virtual boards can't be made here; None where they can."""
    if not sys.platform.startswith("linux"):
        return f"virtual boards need Linux, this is {sys.platform}"
    if os.geteuid() != 0:
        return "virtual boards need root, and this is not"
    lacking = {command for command in COMMANDS if not shutil.which(command, path=PATH)}
    if lacking:
        packages = " ".join(sorted({COMMANDS[command] for command in lacking}))
        return f"virtual boards need {', '.join(sorted(lacking))}: apt-get install {packages}"
    if not {"freezer", "memory"} <= controllers():
        return f"virtual boards need the cgroup controllers freezer and memory under {ROOT}"
    return _refusal()


def _refusal() -> str | None:
    """Try what the kernel must allow; give its refusal."""
    spaces = ("--mount", "--net", "--pid", "--uts", "--ipc", "--cgroup", "--fork")
    done = subprocess.run(
        ["unshare", *spaces, "sh", "-c", TRIAL],
        capture_output=True,
        text=True,
        env={"PATH": PATH},
        check=False,
    )
    if done.returncode == 0:
        return None
    said = done.stderr.strip().split("\n")[-1]
    return f"virtual boards need namespaces, overlayfs, veth and bridges; the kernel said: {said}"
