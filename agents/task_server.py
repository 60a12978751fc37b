"""A parameter server or worker: one TensorFlow server, as TF_CONFIG says.

Python 3.6+, TensorFlow 2.5+. The host sends this file as standard input of a fresh
interpreter. It prints one line of JSON when it answers, and ends when it is ended:
TensorFlow's servers never end by themselves.

A task whose own address is on loopback hears only this machine. TensorFlow binds every
interface whatever the address says, so its sockets are tied to the one that is loopback.

Environment: TF_CONFIG (the cluster and this task's place in it), EDGEAD_THREADS (size of the
thread pools; TensorFlow's own choice without it).
"""

import ctypes
import gc
import json
import os
import socket
import struct
import sys
import threading
import time

started = time.time()
gc.disable()  # to look for garbage among all that an import makes takes as long as to make it

import tensorflow as tf  # noqa: E402 (its import is part of the time to report)

getattr(gc, "freeze", int)()  # nor is it looked through later; Python 3.6 can't do without
gc.enable()

USAGE_INTERVAL = 0.5  # seconds between two looks at what this process uses
BEAT = 2.0  # seconds between signs of life: a process that is frozen gives none
# Of Linux' tcp_info: bytes that were acknowledged, and bytes that came, each a 64-bit number.
TCP_BYTES, TCP_BYTES_AT = struct.Struct("QQ"), 120
# Linux, asm-generic/socket.h
SO_BINDTODEVICE, SO_ATTACH_FILTER, SO_ACCEPTCONN = 25, 26, 30


def is_listening(descriptor: int) -> bool:
    """Tell whether a file descriptor is a socket that accepts connections."""
    try:
        with socket.socket(fileno=os.dup(descriptor)) as each:
            return bool(each.getsockopt(socket.SOL_SOCKET, SO_ACCEPTCONN))
    except OSError:  # no socket, or closed
        return False


def hear_only_loopback() -> None:
    """Have every listening socket hear what comes by lo, and nothing else.

    Linux 5.7 and later ties a socket to an interface for anybody; before, a filter drops what
    comes by another one. Raises OSError where neither may be done: then nothing is served.
    """
    for descriptor in filter(is_listening, map(int, os.listdir("/proc/self/fd"))):
        with socket.socket(fileno=os.dup(descriptor)) as each:
            try:
                each.setsockopt(socket.SOL_SOCKET, SO_BINDTODEVICE, b"lo\0")
            except OSError:
                filter_by_interface(each)


def filter_by_interface(listening: socket.socket) -> None:
    """Attach a filter: packets that come by lo pass, others drop."""
    instructions = (
        (0x20, 0, 0, 0xFFFFF008),  # load the interface's index: SKF_AD_OFF + SKF_AD_IFINDEX
        (0x15, 0, 1, socket.if_nametoindex("lo")),  # if it is another, skip one
        (0x06, 0, 0, 0xFFFFFFFF),  # pass the whole packet
        (0x06, 0, 0, 0),  # drop it
    )
    code = ctypes.create_string_buffer(b"".join(struct.pack("HBBI", *i) for i in instructions))
    program = struct.pack("HP", len(instructions), ctypes.addressof(code))
    listening.setsockopt(socket.SOL_SOCKET, SO_ATTACH_FILTER, program)


def enter_shards() -> None:
    """Work in the folder of staged shards (shards.py), where graphs name them by file alone."""
    base = os.environ.get("XDG_CACHE_HOME", "")
    if not os.path.isabs(base):
        base = os.path.join(os.path.expanduser("~"), ".cache")
    folder = os.path.join(base, "edgead", "shards")
    os.makedirs(folder, 0o700, exist_ok=True)
    os.chdir(folder)


def memory() -> "dict[str, int]":
    """Give this process's memory in bytes: rss, and peak, the most it ever was."""
    with open("/proc/self/status") as status:
        lines = dict(line.split(":", 1) for line in status if line.startswith("Vm"))
    names = {"rss": "VmRSS", "peak": "VmHWM"}
    return {name: int(lines[key].split()[0]) * 1024 for name, key in names.items()}


def traffic() -> "dict[str, int]":
    """Give the bytes sent and received over the TCP connections that are open.

    By libc, not by a socket object: that would have to hold a copy of gRPC's descriptor, and one
    that is held while gRPC closes its own goes on waking it.
    """
    libc, total = ctypes.CDLL(None), [0, 0]
    info, size = ctypes.create_string_buffer(256), ctypes.c_uint()
    for descriptor in map(int, os.listdir("/proc/self/fd")):
        size.value = len(info)
        wrong = libc.getsockopt(
            descriptor, socket.IPPROTO_TCP, socket.TCP_INFO, info, ctypes.byref(size)
        )
        if not wrong and size.value >= TCP_BYTES_AT + TCP_BYTES.size:
            sent, received = TCP_BYTES.unpack_from(info, TCP_BYTES_AT)
            total[0] += sent
            total[1] += received
    return {"sent": total[0], "received": total[1]}


def tell(event: str, **fields: object) -> None:
    """Print one line of JSON, whole whichever thread it comes from."""
    sys.stdout.write(json.dumps(dict(fields, event=event)) + "\n")
    sys.stdout.flush()


def tell_usage() -> None:
    """Tell what this process uses, for ever, whenever it has changed by a fiftieth; or a beat."""
    told, beat = {"rss": 0, "sent": 0}, time.time()
    while True:
        found = dict(memory(), **traffic())
        if any(abs(found[name] - told[name]) > told[name] / 50 for name in ("rss", "sent")):
            told = found
            tell("usage", **found)
        if not BEAT > time.time() - beat >= 0:
            beat = time.time()
            tell("alive")
        time.sleep(USAGE_INTERVAL)


def rehearse(server: "tf.distribute.Server", device: str) -> None:
    """Take two made-up training steps on a device of this server, and on no other.

    A process's first step costs many times what later ones do: libraries load, and a GPU's kernels.
    Here it costs no trial anything, and an installation that can't compute fails before one.
    """

    def step(number: tf.Tensor, weights: tf.Tensor) -> "tuple[tf.Tensor, tf.Tensor]":
        x = tf.gather(tf.random.uniform([64, 8]), tf.range(32))
        y = tf.nn.relu(tf.nn.bias_add(tf.matmul(x, weights), tf.zeros([8])))
        gradient = tf.gradients(tf.reduce_mean(tf.abs(y - x)), weights)[0]
        return number + 1, weights - gradient / (tf.sqrt(tf.square(gradient)) + 1.0)

    config = tf.compat.v1.ConfigProto(device_filters=[device])  # nobody else need be there yet
    with tf.Graph().as_default(), tf.device(device):
        first = (tf.constant(0), tf.ones([8, 8]))
        last = tf.while_loop(lambda number, _: number < 2, step, first)
        with tf.compat.v1.Session(server.target, config=config) as session:
            session.run(last)


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
    rehearse(server, "/job:%s/task:%d" % (role, index))
    cudnn = str(tf.sysconfig.get_build_info().get("cudnn_version", ""))
    tell("ready", tensorflow=tf.__version__, cudnn=cudnn, seconds=time.time() - started)
    threading.Thread(target=tell_usage, daemon=True).start()
    server.join()


if __name__ == "__main__":
    main()
