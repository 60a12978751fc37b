"""A board's own files: the upper layer of its root."""

from __future__ import annotations

import io
import os
import shutil
import sys
import tarfile
from pathlib import Path

from testbed.commands import run

SKELETON = Path(__file__).with_name("skeleton")
SHARE = "usr/share/virtual-board"
JETPACKS = ("5.1", "4.6")
# An image as people use it on each; here it is busybox, and the rest is mounted into it.
IMAGES = {
    "5.1": "dustynv/l4t-tensorflow:tf2-r35.3.1",
    "4.6": "nvcr.io/nvidia/l4t-tensorflow:r32.6.1-tf2.5-py3",
}
IMAGE_PATH = "/opt/tf:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
UID = 1000
# What of this machine is no board's business, though the rest is there to be read.
HIDDEN = (
    *("home", "media", "mnt", "opt", "root", "run", "srv", "tmp"),
    *("etc/ssh", "etc/sudoers.d", "etc/docker", "var/lib/docker", "var/log", "var/tmp"),
)


def build(
    upper: Path,
    name: str,
    jetpack: str,
    docker: bool,
    client_key: str,
    shown: list[Path],
    home_tf: bool = True,
) -> None:
    """Write the files of a board that has never been started.

    Args:
        upper: the folder to fill.
        name: its host name.
        jetpack: one of JETPACKS.
        docker: whether dockerd is to run there.
        client_key: the public key that root and nvidia accept.
        shown: folders of this machine that containers with the nvidia runtime see.
        home_tf: whether nvidia has an environment with TensorFlow, ~/tf.
    """
    for folder in HIDDEN:
        _hide(upper / folder)
    for part in ("common", f"jetpack-{jetpack}", *(["docker"] if docker else [])):
        _copy(SKELETON / part, upper)
    (upper / "etc/hostname").write_text(f"{name}\n")
    (upper / "etc/hosts").write_text(f"127.0.0.1 localhost\n127.0.1.1 {name}\n")
    (upper / "etc/machine-id").write_text(f"{os.urandom(16).hex()}\n")
    _add_users(upper, client_key)
    if home_tf:
        (upper / "home/nvidia/tf").symlink_to(sys.prefix)
    (upper / "tmp").chmod(0o1777)
    (upper / "var/tmp").chmod(0o1777)
    # nvidia may pass through root's folder, where this machine's Python may be, not look around.
    (upper / "root").chmod(0o711)
    if docker:
        _write_host_files(upper, [Path("/usr"), *shown])
        _write_image(upper / SHARE / "image.tar")


def _hide(folder: Path) -> None:
    """Make a folder that does not show what this machine has there."""
    folder.mkdir(parents=True)
    os.setxattr(folder, "trusted.overlay.opaque", b"y")


def _copy(source: Path, target: Path) -> None:
    """Copy files with their modes, not their owner: sudo trusts only root's."""
    shutil.copytree(source, target, dirs_exist_ok=True)
    for path in target.rglob("*"):
        os.chown(path, 0, 0)


def _add_users(upper: Path, client_key: str) -> None:
    etc = Path("/etc")
    users = [line for line in _lines(etc / "passwd") if not _is_person(line)]
    users.append(f"nvidia:x:{UID}:{UID}:NVIDIA:/home/nvidia:/bin/bash")
    _write(upper / "etc/passwd", users)
    names = {line.split(":")[0] for line in users}
    _write(upper / "etc/shadow", [f"{name}:*:19000:0:99999:7:::" for name in sorted(names)])
    (upper / "etc/shadow").chmod(0o600)
    groups = [line.split(":") for line in _lines(etc / "group")]
    # As JetPack has it, but for `sudo`: this user is a careful one.
    ours = [
        ":".join([name, "x", gid, "nvidia" if name in ("docker", "video", "audio") else ""])
        for name, _, gid, _ in groups
        if name != "nvidia" and int(gid) != UID
    ]
    _write(upper / "etc/group", [*ours, f"nvidia:x:{UID}:"])
    for home, uid in (("root", 0), ("home/nvidia", UID)):
        keys = upper / home / ".ssh" / "authorized_keys"
        keys.parent.mkdir(parents=True, mode=0o700)
        _write(keys, [client_key])
        keys.chmod(0o600)
        for path in (keys, keys.parent, upper / home):
            os.chown(path, uid, uid)


def _lines(path: Path) -> list[str]:
    return path.read_text().strip().split("\n")


def _write(path: Path, lines: list[str]) -> None:
    path.write_text("".join(f"{line.strip()}\n" for line in lines))


def _is_person(line: str) -> bool:
    name, _, uid, *_ = line.split(":")
    return name == "nvidia" or 1000 <= int(uid) < 65534


def _write_host_files(upper: Path, folders: list[Path]) -> None:
    """List what the nvidia runtime mounts into containers, in the form JetPack has."""
    lists = upper / "etc/nvidia-container-runtime/host-files-for-container.d"
    lists.mkdir(parents=True)
    (lists / "l4t.csv").write_text("".join(f"dir, {folder}\n" for folder in folders))


def _write_image(path: Path) -> None:
    """Write what `docker import` takes: busybox, and places for what the runtime mounts.

    Its python3, in a folder of its own, is the one with TensorFlow.
    """
    python = f'#!/bin/sh\nexec {sys.prefix}/bin/python "$@"\n'.encode()
    links = {f"bin/{name}": "busybox" for name in run(["busybox", "--list"]).split()}
    links |= {"lib": "usr/lib", "lib64": "usr/lib64"}
    del links["bin/busybox"]
    with tarfile.open(path, "w") as image:
        for folder in ("bin", "usr", "tmp", "etc", "proc", "sys", "dev"):
            image.addfile(_entry(folder, tarfile.DIRTYPE, 0o1777 if folder == "tmp" else 0o755))
        image.add(str(shutil.which("busybox")), "bin/busybox")
        for folder in ("opt", "opt/tf"):
            image.addfile(_entry(folder, tarfile.DIRTYPE, 0o755))
        wrapper = _entry("opt/tf/python3", tarfile.REGTYPE, 0o755)
        wrapper.size = len(python)
        image.addfile(wrapper, io.BytesIO(python))
        for name, target in links.items():
            link = _entry(name, tarfile.SYMTYPE, 0o777)
            link.linkname = target
            image.addfile(link)


def _entry(name: str, kind: bytes, mode: int) -> tarfile.TarInfo:
    entry = tarfile.TarInfo(name)
    entry.type, entry.mode = kind, mode
    return entry
