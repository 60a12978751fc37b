"""A parameter server or worker: one TensorFlow server, as TF_CONFIG says.

Python 3.6+, TensorFlow 2.5+. The host sends this file as standard input of a fresh
interpreter. It prints one line of JSON when it answers, and ends when it is ended:
TensorFlow's servers never end by themselves.

A task whose own address is on loopback hears only this machine. TensorFlow binds every
interface whatever the address says, so a socket filter drops what comes by another one.

Environment: TF_CONFIG (the cluster and this task's place in it), EDGEAD_THREADS (size of the
thread pools; TensorFlow's own choice without it).
"""

import ctypes
import json
import os
import socket
import struct
import sys
import time

started = time.time()

import tensorflow as tf  # noqa: E402 (its import is part of the time to report)

SO_ATTACH_FILTER, SO_ACCEPTCONN = 26, 30  # Linux, asm-generic/socket.h


def is_listening(descriptor: int) -> bool:
    """Tell whether a file descriptor is a socket that accepts connections."""
    try:
        with socket.socket(fileno=os.dup(descriptor)) as each:
            return bool(each.getsockopt(socket.SOL_SOCKET, SO_ACCEPTCONN))
    except OSError:  # no socket, or closed
        return False


def hear_only_loopback() -> None:
    """Attach a filter to every listening socket: packets that come by lo pass, others drop."""
    instructions = (
        (0x20, 0, 0, 0xFFFFF008),  # load the interface's index: SKF_AD_OFF + SKF_AD_IFINDEX
        (0x15, 0, 1, socket.if_nametoindex("lo")),  # if it is another, skip one
        (0x06, 0, 0, 0xFFFFFFFF),  # pass the whole packet
        (0x06, 0, 0, 0),  # drop it
    )
    code = ctypes.create_string_buffer(b"".join(struct.pack("HBBI", *i) for i in instructions))
    program = struct.pack("HP", len(instructions), ctypes.addressof(code))
    for descriptor in filter(is_listening, map(int, os.listdir("/proc/self/fd"))):
        with socket.socket(fileno=os.dup(descriptor)) as each:
            each.setsockopt(socket.SOL_SOCKET, SO_ATTACH_FILTER, program)


def enter_shards() -> None:
    """Work in the folder of staged shards (shards.py), where graphs name them by file alone."""
    base = os.environ.get("XDG_CACHE_HOME", "")
    if not os.path.isabs(base):
        base = os.path.join(os.path.expanduser("~"), ".cache")
    folder = os.path.join(base, "edgead", "shards")
    os.makedirs(folder, 0o700, exist_ok=True)
    os.chdir(folder)


def main() -> None:
    """Start the server, say so, and serve until the process is ended."""
    task = json.loads(os.environ["TF_CONFIG"])
    role, index = task["task"]["type"], task["task"]["index"]
    enter_shards()
    config = tf.compat.v1.ConfigProto()
    # Not the inter-op pool: a step waits in it for the parameter server, and one thread is
    # too few to wait and answer at once.
    config.intra_op_parallelism_threads = int(os.environ.get("EDGEAD_THREADS", "0"))
    server = tf.distribute.Server(
        task["cluster"],
        job_name=role,
        task_index=index,
        protocol="grpc",
        config=config,
        start=False,  # it listens, but answers nobody yet
    )
    if task["cluster"][role][index].rsplit(":", 1)[0] in ("127.0.0.1", "localhost"):
        hear_only_loopback()
    server.start()
    ready = {"event": "ready", "tensorflow": tf.__version__, "seconds": time.time() - started}
    print(json.dumps(ready))
    sys.stdout.flush()
    server.join()


if __name__ == "__main__":
    main()
