"""Have the servers of this process hear this machine only.

TensorFlow binds the chief's server to every interface, whatever its address says. The task server
(agents/task_server.py) does the same for itself: it is sent to a node alone and can share nothing.
"""

from __future__ import annotations

import ctypes
import os
import socket
import struct

# Linux, asm-generic/socket.h
BIND_TO_DEVICE, ATTACH_FILTER, ACCEPTS = 25, 26, 30
LO = "lo"


def hear_only_loopback() -> None:
    """Tie every listening socket to `lo`: what comes by another interface finds nobody.

    Before Linux 5.7 only root may do that: there a filter drops such packets, which newer kernels
    in turn may forbid. Raises OSError where neither may be done.
    """
    for descriptor in map(int, os.listdir("/proc/self/fd")):  # noqa: PTH208 (numbers, not paths)
        try:
            listening = socket.socket(fileno=os.dup(descriptor))
        except OSError:  # no socket, or closed meanwhile
            continue
        with listening:
            if not listening.getsockopt(socket.SOL_SOCKET, ACCEPTS):
                continue
            try:
                listening.setsockopt(socket.SOL_SOCKET, BIND_TO_DEVICE, LO.encode() + b"\0")
            except OSError:
                _filter(listening)


def _filter(listening: socket.socket) -> None:
    instructions = (
        (0x20, 0, 0, 0xFFFFF008),  # load the interface's index: SKF_AD_OFF + SKF_AD_IFINDEX
        (0x15, 0, 1, socket.if_nametoindex(LO)),  # if it is another, skip one
        (0x06, 0, 0, 0xFFFFFFFF),  # pass the whole packet
        (0x06, 0, 0, 0),  # drop it
    )
    code = ctypes.create_string_buffer(b"".join(struct.pack("HBBI", *i) for i in instructions))
    program = struct.pack("HP", len(instructions), ctypes.addressof(code))
    listening.setsockopt(socket.SOL_SOCKET, ATTACH_FILTER, program)
