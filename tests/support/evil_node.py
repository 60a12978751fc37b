"""A node that lies: real sshd, and in place of its Python a program that speaks as told."""

from __future__ import annotations

import getpass
import sys
from pathlib import Path

import tomli_w
from real_sshd import LOOPBACK, LOOPBACKS, Sshd

MARK = "GOTCHA"
# What must not arrive as it is: it would set the title, clear the screen, colour, speak in C1.
RAW = (b"\x1b]0;GOTCHA", b"\x1b[2JGOTCHA", b"\x1b[35;43mGOTCHA", b"\xc2\x9b35mGOTCHA")

PROGRAM = """#!PYTHON -ISu
import json, os, signal, sys, threading, time
WAY = "WAY_OF_THIS_ONE"
EVIL = "\\x1b]0;GOTCHA\\x07\\x1b[2JGOTCHA\\x1b[35;43mGOTCHA \\x9b35mGOTCHA [red]X[/] \\u202e\\n"
out = sys.stdout.buffer
signal.signal(signal.SIGPIPE, signal.SIG_DFL)
stub = sys.argv[-1]
size = int(stub.split("read(")[1].split(")")[0])
sys.stdin.buffer.read(size)

whole = threading.Lock()

def say(event, **fields):
    with whole:
        out.write(json.dumps(dict(fields, event=event)).encode() + b"\\n")
        out.flush()

def hello():
    say("hello", python=EVIL, pid=1, parent=1, version=1, loopback=EVIL)

def answer(request):
    n, op = request["n"], request["op"]
    if op == "ping":
        say("pong", n=n)
    elif op == "facts":
        say("facts", n=n, hostname=EVIL, python=EVIL, machine=EVIL, cores=1, l4t=EVIL, model=EVIL,
            tegrastats=EVIL)
    elif op == "start":
        say("started", n=n, task=request["task"], pid=1)
        say("line", task=request["task"], line=EVIL * 9)
        for event in ("ready", "usage"):
            inner = dict(event=event, tensorflow=EVIL, cudnn=EVIL, seconds=1e999, rss=10**400)
            say("line", task=request["task"], line=json.dumps(inner))
        say("exit", task=request["task"], code=1, signal=None, lines=[EVIL] * 20)
    elif op == "stop":
        say("stopped", n=n, task=request["task"])
    elif op == "ports":
        say("ports", n=n, ports=list(range(22, 22 + request["count"])))
    elif op == "end":
        say("ended", reason=EVIL)
        sys.exit(0)
    else:
        say("done", n=n)

def requests():
    for line in sys.stdin.buffer:
        yield json.loads(line)

if WAY == "garbage":
    out.write(os.urandom(1 << 20) + EVIL.encode() * 999)
elif WAY == "endless":
    while True:
        out.write(b"x" * (1 << 16))
elif WAY == "escapes":
    sys.stderr.write(EVIL)
    sys.exit(3)
elif WAY == "wrong-types":
    hello()
    out.write(b'{"event": "facts", "n": [], "hostname": 1}\\n')
elif WAY == "lies":
    hello()
    for request in requests():
        answer(request)
elif WAY == "mute":
    hello()
    for request in requests():
        if request["op"] in ("ping", "configure"):
            answer(request)
elif WAY == "flood":
    hello()
    def listen():
        for request in requests():
            answer(request)
        os._exit(0)
    threading.Thread(target=listen, daemon=True).start()
    line = "RAM 1/2MB CPU [1%@2] " + EVIL + " ".join("S%d@%dC" % (i, i % 90) for i in range(99))
    messages = [
        dict(event="telemetry", source=EVIL, line=line),
        dict(event="line", task="command 1", line=EVIL * 9),
        dict(event="line", task="worker 0", line=json.dumps(dict(event="usage", rss=1, peak=1,
             sent=1, received=1))),
        dict(event="exit", task="nobody", code=0, signal=None, lines=[EVIL] * 99),
        dict(event="pong", n=5),
        dict(event="error", reason=EVIL * 99),
    ]
    burst = b"".join(json.dumps(each).encode() + b"\\n" for each in messages) * 20
    while True:
        with whole:
            out.write(burst)
        time.sleep(0.001)  # the other thread has its turn
"""


def evil_cluster(folder: Path, server: Sshd, key: Path, *ways: str) -> Path:
    """Write a cluster file of nodes that each speak in one of these ways; gives its path."""
    nodes = []
    for host, way in zip(LOOPBACKS, ways, strict=False):
        program = folder / f"evil-{way}"
        program.write_text(
            PROGRAM.replace("PYTHON", sys.executable).replace("WAY_OF_THIS_ONE", way)
        )
        program.chmod(0o755)
        nodes.append({"name": way, "host": host, "port": server.port, "python": str(program)})
    known = server.known_hosts(folder / "known_hosts")
    known.write_text(known.read_text().replace(f"[{LOOPBACK}]", "[127.0.0.*]"))
    shared = {"user": getpass.getuser(), "key": str(key), "known_hosts": str(known)}
    path = folder / "cluster.toml"
    path.write_text(
        tomli_w.dumps({"cluster": {**shared, "ssh_config": "/dev/null"}, "nodes": nodes})
    )
    return path


def nothing_raw(output: bytes) -> bool:
    """Tell whether nothing that a node said has reached a terminal as it was."""
    return not any(each in output for each in RAW) and "\u202e".encode() not in output
