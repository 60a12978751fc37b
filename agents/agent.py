"""The agent: runs tasks on a node and tells its health, in lines of JSON on stdin and stdout.

Python 3.6+, standard library only, Linux. The host sends this file over SSH, so nothing is
stored on the node:  python3 -ISuc 'import sys;exec(compile(sys.stdin.buffer.read(LENGTH),…))'

Requests carry "op" and a number "n" that the answer repeats; each has one answer:
  configure {dead_after, marker, sweep}    done {swept}
  ping                                     pong
  start {task, argv, env, stdin, cwd}      started {task, pid}
  stop {task, grace}                       stopped {task}, once all of it is gone
  ports {count, first, last}               ports {ports}
  facts                                    facts {hostname, python, machine, cores, …}
  telemetry {interval_ms}                  done
  end                                      ended {reason, left}, and the agent goes
A request that can't be carried out is answered by failed {reason}, one that can't be read
by error {reason}. Unasked come: hello {python, pid, parent, version, loopback}, line {task, line,
dropped}, exit {task, code, signal, lines, dropped}, telemetry {source, line} and ended.

When stdin ends, when the host is silent for dead_after seconds, or on SIGTERM, SIGHUP or
SIGINT, every process is ended, whatever session it moved to: orphans come back to the agent
as their subreaper; those in a container are found by EDGEAD_AGENT=<marker> in their environment.
When the agent itself is killed, its tasks die with it (PDEATHSIG), and what they had started is
found by the marker, or by EDGEAD_PID=<pid>@<namespace> of an agent that is gone, at the next
configure.
"""

import argparse
import collections
import ctypes
import datetime
import heapq
import io
import itertools
import json
import os
import platform
import random
import re
import select
import selectors
import shutil
import signal
import socket
import subprocess
import sys
import time
from typing import Any, Callable, Deque, Dict, Iterator, List, Optional, Set, Tuple, cast

VERSION = 1
MAX_REQUEST = 1 << 20  # bytes
MAX_LINE = 4096  # bytes; a longer line goes in pieces
MAX_RATE = 200  # lines a second of one task; the others are counted as dropped
LOWEST_PORT = 10000  # of those that are free for anybody
MAX_BACKLOG = 1 << 18  # bytes waiting for the host, above which lines and telemetry drop
LAST_LINES = 20
PR_SET_PDEATHSIG, PR_SET_CHILD_SUBREAPER = 1, 36

Message = Dict[str, Any]


class RequestError(Exception):
    """A request that can't be carried out; the text says why."""


# -- processes --------------------------------------------------------------------------


def processes() -> Dict[int, Tuple[int, int]]:
    """Return {pid: (parent, process group)} of all processes but zombies."""
    found = {}
    for name in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open("/proc/%s/stat" % name, "rb") as file:
                state, parent, group = file.read().rsplit(b")", 1)[1].split()[:3]
        except (OSError, IndexError, ValueError):  # it ended meanwhile
            continue
        if state not in b"ZX":
            found[int(name)] = (int(parent), int(group))
    return found


def descendants() -> Dict[int, int]:
    """Return {pid: process group} of everything this process has started."""
    alive = processes()
    family = {os.getpid()}
    size = 0
    while size != len(family):
        size = len(family)
        family.update(pid for pid, (parent, _) in alive.items() if parent in family)
    return {pid: alive[pid][1] for pid in family if pid != os.getpid()}


def environment(pid: int) -> List[bytes]:
    """Return a process's environment as NAME=value, as far as we may read it."""
    try:
        with open("/proc/%d/environ" % pid, "rb") as file:
            return file.read().split(b"\0")
    except OSError:
        return []


def has_variable(pid: int, variable: bytes) -> bool:
    """Tell whether NAME=value is in a process's environment."""
    return variable in environment(pid)


def send_signal(kill: Callable[[int, int], None], pid: int, number: int) -> None:
    """Signal a process or group, if it is still there and ours."""
    try:
        kill(pid, number)
    except (ProcessLookupError, PermissionError):
        pass


def kill_all(find: Callable[[], Set[int]]) -> None:
    """Kill what find returns, again until it finds nothing: for two seconds at most."""
    deadline = time.monotonic() + 2
    found = find()
    while found and time.monotonic() < deadline:
        for pid in found:
            send_signal(os.kill, pid, signal.SIGKILL)
        time.sleep(0.01)
        found = find()


def sweep(marker: str) -> int:
    """Kill what an agent with this marker left running; return how many there were."""
    variable = b"EDGEAD_AGENT=" + raw(marker)

    def find() -> Set[int]:
        return {pid for pid in processes() if pid != os.getpid() and has_variable(pid, variable)}

    count = len(find())
    kill_all(find)
    return count


def pid_namespace() -> str:
    """Name our pid namespace: a pid means another process in another one."""
    return os.readlink("/proc/self/ns/pid")


def orphans() -> Set[int]:
    """Return what agents of this pid namespace have started that are gone."""
    alive, found = processes(), set()
    ours = raw("@" + pid_namespace())
    living = {b"EDGEAD_PID=%d%s" % (pid, ours) for pid in alive}
    for pid in alive:
        agents = [each for each in environment(pid) if each.startswith(b"EDGEAD_PID=")]
        if agents and agents[0].endswith(ours) and agents[0] not in living:
            found.add(pid)
    return found


def sweep_orphans() -> int:
    """Kill what agents have started that are gone; return how many there were."""
    count = len(orphans())
    kill_all(orphans)
    return count


# -- the node ---------------------------------------------------------------------------


def read(path: str) -> str:
    """Return the start of a text file, or nothing if it can't be read."""
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            return file.read(1 << 16).strip("\0\n ")
    except OSError:
        return ""


def find_tegrastats() -> Optional[str]:
    """Return the path of tegrastats, on PATH or where JetPack puts it."""
    return shutil.which("tegrastats", path=os.environ.get("PATH", "") + ":/usr/bin:/usr/sbin")


def facts() -> Message:
    """Return what the node is; None for what only a Jetson has."""
    release = re.match(r"# R(\d+) .*?REVISION: ([\d.]+)", read("/etc/nv_tegra_release"))
    model = "/firmware/devicetree/base/model"
    return {
        "hostname": socket.gethostname(),
        "python": platform.python_version(),
        "machine": platform.machine(),
        "cores": os.cpu_count() or 1,
        "l4t": "%s.%s" % release.groups() if release else None,
        "model": read("/sys" + model) or read("/proc/device-tree/model") or None,
        "tegrastats": find_tegrastats(),
    }


HEALTH_EVERY = 60  # samples that `--watch` prints


def health() -> Message:
    """Return how the node is, beside its telemetry; None for what it does not tell."""
    rows = re.findall(r"^(\w+): +(\d+) kB$", read("/proc/meminfo"), re.MULTILINE)
    megabytes = {name: int(size) >> 10 for name, size in rows}
    try:
        disk = shutil.disk_usage(os.path.expanduser("~"))  # type: Any
    except OSError:  # no such home
        disk = None
    return {
        "memory_available_mb": megabytes.get("MemAvailable"),
        "swap_free_mb": megabytes.get("SwapFree"),
        "disk_free_mb": disk and disk.free >> 20,
        "disk_total_mb": disk and disk.total >> 20,
        "load": list(os.getloadavg()),
        "power_mode": power_mode(),
    }


def power_mode() -> Optional[str]:
    """Return the power mode's name; None where nvpmodel tells none."""
    path = shutil.which("nvpmodel", path=os.environ.get("PATH", "") + ":/usr/sbin")
    if path is None:
        return None
    quiet = {"stdin": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, "timeout": 5}  # type: Any
    try:
        said = subprocess.check_output([path, "-q"], **quiet).decode("utf-8", "replace")
    except (OSError, subprocess.SubprocessError):
        return None
    found = re.search(r"NV Power Mode: *(\S{1,40})", said)
    return found.group(1) if found else None


def loopback() -> str:
    """Name this machine's loopback: processes with the same one reach each other by 127.0.0.1."""
    return read("/proc/sys/kernel/random/boot_id") + " " + os.readlink("/proc/self/ns/net")


def free_ports(count: int, first: int = 0, last: int = 0) -> List[int]:
    """Return free ports, all different: of a range, or that no outgoing connection takes."""
    lowest = read("/proc/sys/net/ipv4/ip_local_port_range").split()
    end = int(lowest[0]) if lowest and int(lowest[0]) > 12000 else 65536
    choice = range(first, last + 1) if first else range(LOWEST_PORT, end)
    held: List[socket.socket] = []
    try:
        for port in random.sample(choice, min(len(choice), 20 * count)):
            held.append(socket.socket())
            try:
                held[-1].bind(("", port))
            except OSError:
                held.pop().close()
            if len(held) == count:
                return [each.getsockname()[1] for each in held]
    finally:
        for each in held:
            each.close()
    raise RequestError("no %d free ports from %d to %d" % (count, choice[0], choice[-1]))


class MachineLoad:
    """Memory and processor load from /proc, in tegrastats' form."""

    def __init__(self) -> None:
        self.before = self.times()

    def times(self) -> Dict[int, Tuple[int, int]]:
        """Return {core: (busy, total)} in clock ticks since the machine started."""
        found = {}
        for core, text in re.findall(r"^cpu(\d+) (.*)$", read("/proc/stat"), re.MULTILINE):
            ticks = [int(each) for each in text.split()[:8]]
            found[int(core)] = (sum(ticks) - ticks[3] - ticks[4], sum(ticks))  # idle, iowait
        return found

    def core(self, core: int, now: Dict[int, Tuple[int, int]], mhz: List[str]) -> str:
        """Return one core as load%@MHz, or off."""
        if core not in now:
            return "off"
        before = self.before.get(core, (0, 0))
        busy, total = now[core][0] - before[0], now[core][1] - before[1]
        khz = read("/sys/devices/system/cpu/cpu%d/cpufreq/scaling_cur_freq" % core)
        clock = int(khz) // 1000 if khz.isdigit() else float(mhz[core]) if core < len(mhz) else 0
        load = "%d%%" % round(100 * busy / max(total, 1))
        return "%s@%d" % (load, clock) if clock else load

    def line(self) -> str:
        """Return the load since the last line."""
        now = self.times()
        mhz = re.findall(r"^cpu MHz\s*: ([\d.]+)", read("/proc/cpuinfo"), re.MULTILINE)
        cores = [self.core(core, now, mhz) for core in range(os.sysconf("SC_NPROCESSORS_CONF"))]
        self.before = now
        kib = {k: int(v) for k, v in re.findall(r"(\w+):\s+(\d+) kB", read("/proc/meminfo"))}
        ram, swap = kib.get("MemTotal", 0), kib.get("SwapTotal", 0)
        used = (ram - kib.get("MemAvailable", 0), swap - kib.get("SwapFree", 0))
        sizes = [used[0], ram, used[1], swap, kib.get("SwapCached", 0)]
        form = "RAM %d/%dMB SWAP %d/%dMB (cached %dMB) CPU [%s]"
        return form % (*(size // 1024 for size in sizes), ",".join(cores))


# -- requests ---------------------------------------------------------------------------


def raw(text: str) -> bytes:
    """Return text for the system, in UTF-8 whatever the locale: over SSH it is often C."""
    return text.encode("utf-8", "surrogateescape")


def text(request: Message, key: str) -> str:
    """Return a string of a request."""
    return texts({key: [request.get(key)]}, key)[0]


def texts(request: Message, key: str) -> List[str]:
    """Return a list of strings of a request."""
    value = request.get(key)
    if not isinstance(value, list) or not all(isinstance(each, str) for each in value):
        raise RequestError("%s: expected text" % key)
    try:
        raw("".join(value))
    except UnicodeEncodeError:
        raise RequestError("%s: expected text that UTF-8 can hold" % key) from None
    return value


def number(request: Message, key: str, low: float, high: float) -> float:
    """Return a number of a request, if it is between two others."""
    value = request.get(key)
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not low <= value <= high:
        raise RequestError("%s: expected a number from %g to %g" % (key, low, high))
    return value


class Child:
    """A process that the agent started, and what it has said."""

    def __init__(self, name: str, popen: "subprocess.Popen[bytes]", stdin: bytes) -> None:
        self.name, self.popen, self.pid, self.stdin = name, popen, popen.pid, stdin
        self.last: Deque[str] = collections.deque(maxlen=LAST_LINES)
        self.dropped = 0
        self.stops: List[int] = []
        self.rest = b""
        self.room, self.counted = float(MAX_RATE), time.monotonic()

    def take(self, data: bytes) -> List[str]:
        """Return the lines that are complete with data, in pieces of MAX_LINE bytes."""
        whole = (self.rest + data).split(b"\n")
        self.rest = whole.pop()
        lines = [
            line[i : i + MAX_LINE] for line in whole for i in range(0, len(line) or 1, MAX_LINE)
        ]
        while len(self.rest) > MAX_LINE:
            lines.append(self.rest[:MAX_LINE])
            self.rest = self.rest[MAX_LINE:]
        return [line.decode("utf-8", "replace").rstrip("\r") for line in lines]

    def allowance(self) -> int:
        """Return how many lines may be sent now, and count them as used by the caller."""
        now = time.monotonic()
        self.room = min(MAX_RATE, self.room + (now - self.counted) * MAX_RATE)
        self.counted = now
        return int(self.room)


class Agent:
    """The protocol on two file descriptors: one thread that waits for whatever comes first."""

    def __init__(self, source: int, target: int) -> None:
        self.source, self.target = source, target
        self.selector = selectors.PollSelector()
        self.children: Dict[int, Child] = {}
        self.timers: List[Tuple[float, int, Callable[[], None]]] = []
        self.order = itertools.count()
        self.inbox, self.outbox = b"", bytearray()
        self.skipping = False
        self.heard, self.dead_after = time.monotonic(), 6.0
        self.marker = "%032x" % random.SystemRandom().getrandbits(128)
        self.interval = 0.0
        self.load = MachineLoad()
        self.reason = ""
        self.libc = ctypes.CDLL(None)
        self.wake, self.signals = socket.socketpair()

    def serve(self, first: bytes) -> None:
        """Carry out requests until there is a reason to end, then end everything."""
        self.libc.prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
        for each in (self.wake, self.signals):
            each.setblocking(False)
        signal.set_wakeup_fd(self.signals.fileno())
        for number_ in (signal.SIGCHLD, signal.SIGTERM, signal.SIGHUP, signal.SIGINT):
            signal.signal(number_, lambda *_: None)  # the number comes through self.wake
        self.selector.register(self.wake, selectors.EVENT_READ, self.on_signal)
        self.selector.register(self.source, selectors.EVENT_READ, self.on_input)
        hello: Message = {
            "python": platform.python_version(),
            "pid": os.getpid(),
            "parent": os.getppid(),
            "loopback": loopback(),
        }
        self.say("hello", version=VERSION, **hello)
        self.take_requests(first)
        self.check_heartbeat()
        try:
            while not self.reason:
                wait = max(0.0, self.timers[0][0] - time.monotonic())
                for key, _ in self.selector.select(wait):
                    key.data()
                while self.timers[0][0] <= time.monotonic():
                    heapq.heappop(self.timers)[2]()
        finally:
            self.end_everything()

    def later(self, seconds: float, call: Callable[[], None]) -> None:
        """Call something once, after a while."""
        heapq.heappush(self.timers, (time.monotonic() + seconds, next(self.order), call))

    # what comes in

    def on_signal(self) -> None:
        """Take note of children that ended and of signals to end."""
        for value in self.wake.recv(1024):
            if value != signal.SIGCHLD:
                self.reason = signal.Signals(value).name
        self.reap()

    def on_input(self) -> None:
        """Read requests; the end of them is the end of the host."""
        try:
            data = os.read(self.source, 1 << 16)
        except BlockingIOError:
            return
        if data:
            self.take_requests(data)
        else:
            self.reason = "the host closed the connection"

    def take_requests(self, data: bytes) -> None:
        """Carry out the requests that are complete with data."""
        self.heard = time.monotonic()
        lines = (self.inbox + data).split(b"\n")
        self.inbox = lines.pop()
        if self.skipping and lines:
            del lines[0]
            self.skipping = False
        for line in lines:
            self.carry_out(line)
        if len(self.inbox) > MAX_REQUEST or self.skipping:
            if not self.skipping:
                self.say("error", reason="a request longer than %d bytes" % MAX_REQUEST)
            self.inbox, self.skipping = b"", True

    def carry_out(self, line: bytes) -> None:
        """Carry out one request, or say why not."""
        try:
            request = json.loads(line.decode("utf-8"))
        except (ValueError, RecursionError) as error:
            self.say("error", reason="expected one JSON object a line: %s" % error)
            return
        n = request.get("n") if isinstance(request, dict) else None
        if not isinstance(n, int) or isinstance(n, bool):
            self.say("error", reason="expected an object with a number n")
            return
        try:
            op = self.OPS.get(text(request, "op"))
            if op is None:
                raise RequestError("unknown op; this agent knows " + ", ".join(sorted(self.OPS)))
            op(self, n, request)
        except RequestError as error:
            self.say("failed", n=n, reason=str(error))

    def check_heartbeat(self) -> None:
        """End when the host has been silent for too long: a cut link brings no end of file."""
        silent = time.monotonic() - self.heard
        if silent > self.dead_after:
            self.reason = "no word from the host for %.1f s" % silent
        self.later(min(1.0, self.dead_after / 4), self.check_heartbeat)

    # what goes out

    def say(self, event: str, sure: bool = True, **fields: Any) -> bool:
        """Send a message; one that is not sure is dropped when the host reads too slowly."""
        if not sure and len(self.outbox) > MAX_BACKLOG:
            return False
        self.outbox += json.dumps(dict(fields, event=event)).encode("ascii") + b"\n"
        self.on_output()
        return True

    def on_output(self) -> None:
        """Write what the host takes now, and wait for it to take the rest."""
        try:
            while self.outbox:
                del self.outbox[: os.write(self.target, self.outbox[: 1 << 16])]
        except BlockingIOError:
            pass
        except OSError as error:
            self.reason = self.reason or "the host does not listen: %s" % error
            self.outbox.clear()
        waiting = self.target in self.selector.get_map()
        if self.outbox and not waiting:
            self.selector.register(self.target, selectors.EVENT_WRITE, self.on_output)
        elif waiting and not self.outbox:
            self.selector.unregister(self.target)

    # requests

    def configure(self, n: int, request: Message) -> None:
        """Set the heartbeat's limit and the tasks' marker; kill what lost agents left."""
        dead_after = number(request, "dead_after", 0.1, 3600)
        markers = texts(request, "sweep")
        self.marker, self.dead_after = text(request, "marker"), dead_after
        swept = sum(sweep(marker) for marker in markers if marker) + sweep_orphans()
        self.say("done", n=n, swept=swept)

    def ping(self, n: int, request: Message) -> None:
        """Answer."""
        self.say("pong", n=n)

    def start(self, n: int, request: Message) -> None:
        """Start a task."""
        task, argv = text(request, "task"), texts(request, "argv")
        env = request.get("env")
        if not isinstance(env, dict):
            raise RequestError("env: expected an object of strings")
        texts({"env": [*env, *env.values()]}, "env")
        if not task or not argv:
            raise RequestError("task, argv: expected a name and a command")
        if self.find(task):
            raise RequestError("task %s runs already" % task)
        cwd = text(request, "cwd") if request.get("cwd") is not None else None
        child = self.spawn(task, argv, env, text(request, "stdin"), cwd)
        self.say("started", n=n, task=task, pid=child.pid)

    def stop(self, n: int, request: Message) -> None:
        """End a task: its group gets SIGTERM, after a while SIGKILL."""
        task, grace = text(request, "task"), number(request, "grace", 0, 3600)
        child = self.find(task)
        if child is None:
            self.say("stopped", n=n, task=task)
            return
        child.stops.append(n)
        send_signal(os.killpg, child.pid, signal.SIGTERM)
        self.later(grace, lambda: self.kill(child))

    def ports(self, n: int, request: Message) -> None:
        """Find free ports."""
        count = int(number(request, "count", 1, 200))
        first = int(number(request, "first", 0, 65535))
        last = int(number(request, "last", first, 65535))
        self.say("ports", n=n, ports=free_ports(count, first, last))

    def facts(self, n: int, request: Message) -> None:
        """Tell what the node is."""
        self.say("facts", n=n, **facts())

    def telemetry(self, n: int, request: Message) -> None:
        """Start telemetry, or change its interval."""
        first, self.interval = not self.interval, number(request, "interval_ms", 50, 3.6e6) / 1000
        if first:
            self.later(0, self.watch_tegrastats)
        for child in self.children.values():
            if not child.name:
                self.kill(child)  # it comes back with the new interval
        self.say("done", n=n)

    def end(self, n: int, request: Message) -> None:
        """End everything."""
        self.reason = "the host asked for it"

    OPS = {op.__name__: op for op in (configure, ping, start, stop, ports, facts, telemetry, end)}

    # children

    def find(self, task: str) -> Optional[Child]:
        """Return the running task of that name."""
        return next((child for child in self.children.values() if child.name == task), None)

    def spawn(
        self, task: str, argv: List[str], env: Dict[str, str], stdin: str, cwd: Optional[str]
    ) -> Child:
        """Start a process in a session of its own; without a task's name it is tegrastats."""
        agent, libc = os.getpid(), self.libc

        def die_with_agent() -> None:
            libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
            if os.getppid() != agent:  # it died before the line above
                os._exit(1)

        marks = {
            "EDGEAD_AGENT": self.marker,
            "EDGEAD_TASK": task,
            "EDGEAD_PID": "%d@%s" % (agent, pid_namespace()),
        }
        variables = dict(os.environb)
        variables.update((raw(key), raw(value)) for key, value in dict(env, **marks).items())
        try:
            popen = subprocess.Popen(
                [raw(each) for each in argv],
                stdin=subprocess.PIPE if stdin else subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                bufsize=0,
                env=variables,
                cwd=cwd and raw(cwd),
                start_new_session=True,
                preexec_fn=die_with_agent,  # noqa: PLW1509 (there is one thread)
            )
        except (OSError, ValueError, subprocess.SubprocessError) as error:
            raise RequestError("%s can't be started: %s" % (argv[0], error)) from None
        child = self.children[popen.pid] = Child(task, popen, stdin.encode("utf-8", "replace"))
        assert popen.stdout is not None
        os.set_blocking(popen.stdout.fileno(), False)
        self.selector.register(popen.stdout, selectors.EVENT_READ, lambda: self.hear(child))
        if popen.stdin is not None:
            os.set_blocking(popen.stdin.fileno(), False)
            self.selector.register(popen.stdin, selectors.EVENT_WRITE, lambda: self.feed(child))
        return child

    def feed(self, child: Child) -> None:
        """Write a child's standard input as it takes it, then close it."""
        pipe = child.popen.stdin
        if pipe is None or pipe.closed:
            return
        try:
            child.stdin = child.stdin[os.write(pipe.fileno(), child.stdin[: 1 << 16]) :]
        except BlockingIOError:
            return
        except BrokenPipeError:
            child.stdin = b""
        if not child.stdin:
            self.selector.unregister(pipe)
            pipe.close()

    def hear(self, child: Child) -> bool:
        """Pass on what a child says; return whether there was anything."""
        pipe = child.popen.stdout
        if pipe is None or pipe.closed:
            return False
        try:
            data = os.read(pipe.fileno(), 1 << 16)
        except BlockingIOError:
            return False
        if not data:
            self.selector.unregister(pipe)
            pipe.close()
        self.tell(child, child.take(data or (b"\n" if child.rest else b"")))
        return bool(data)

    def tell(self, child: Child, lines: List[str]) -> None:
        """Send a child's lines, as many as it may send and the host takes."""
        child.last.extend(lines)
        room = child.allowance()
        for line in lines[:room]:
            if not child.name:
                self.say("telemetry", sure=False, source="tegrastats", line=line)
            elif self.say("line", False, task=child.name, line=line, dropped=child.dropped):
                child.dropped = 0
                child.room -= 1
            else:
                child.dropped += 1
        child.dropped += len(lines[room:])

    def family(self) -> Dict[int, int]:
        """Return {pid: process group} of all that we started: in containers, too."""
        mark, found = b"EDGEAD_AGENT=" + raw(self.marker), descendants()
        for pid, (_, group) in processes().items():
            if pid not in found and has_variable(pid, mark):
                found[pid] = group
        return found

    def kill(self, child: Child) -> None:
        """Kill a child's group, if it still runs."""
        if self.children.get(child.pid) is child:
            send_signal(os.killpg, child.pid, signal.SIGKILL)

    def reap(self) -> None:
        """Take the exit status of every process that ended, ours or adopted."""
        while True:
            try:
                pid, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return
            if pid == 0:
                return
            child = self.children.pop(pid, None)
            if child is not None:
                self.finish(child, status)

    def finish(self, child: Child, status: int) -> None:
        """Kill what an ended child leaves behind, and say how it ended."""
        code = None if os.WIFSIGNALED(status) else os.WEXITSTATUS(status)
        number_ = os.WTERMSIG(status) if os.WIFSIGNALED(status) else None
        child.popen.returncode = code if number_ is None else -number_
        variable = b"EDGEAD_TASK=" + raw(child.name)

        def left_behind() -> Set[int]:
            family = self.family().items()
            return {p for p, group in family if group == child.pid or has_variable(p, variable)}

        kill_all(left_behind)
        for _ in range(32):  # a pipe holds at most 1 MiB, unless somebody still writes
            if not self.hear(child):
                break
        for pipe in (child.popen.stdin, child.popen.stdout):
            if pipe is not None and not pipe.closed:
                self.selector.unregister(pipe)
                pipe.close()
        if not child.name:
            self.later(self.interval, self.watch_tegrastats if child.last else self.watch_machine)
            return
        self.tell(child, child.take(b"\n") if child.rest else [])
        ended: Message = {"code": code, "signal": number_, "dropped": child.dropped}
        self.say("exit", task=child.name, lines=list(child.last), **ended)
        for n in child.stops:
            self.say("stopped", n=n, task=child.name)

    def watch_tegrastats(self) -> None:
        """Start tegrastats; where there is none, or it says nothing, /proc stands in."""
        path = find_tegrastats()
        argv = [path or "", "--interval", str(int(self.interval * 1000))]
        try:
            if path is None:
                raise RequestError("there is none")
            self.spawn("", argv, {}, "", None)
        except RequestError:
            self.later(min(self.interval, 0.2), self.watch_machine)

    def watch_machine(self) -> None:
        """Send the machine's load, again and again."""
        self.say("telemetry", sure=False, source="machine", line=self.load.line())
        self.later(self.interval, self.watch_machine)

    def end_everything(self) -> None:
        """End all processes, say so and let the host read it: four seconds at most."""
        asked: Set[int] = set()
        deadline = time.monotonic() + 1
        while time.monotonic() < deadline:
            left = set(self.family())
            if not left:
                break
            for pid in left - asked:
                send_signal(os.kill, pid, signal.SIGTERM)
            asked |= left
            time.sleep(0.02)
            self.reap()
        kill_all(lambda: set(self.family()))
        self.reap()
        self.say("ended", reason=self.reason or "the agent failed", left=len(self.family()))
        deadline = time.monotonic() + 1
        while self.outbox and time.monotonic() < deadline:
            select.select([], [self.target], [], 0.1)
            self.on_output()


# -- the command ------------------------------------------------------------------------


def serve() -> None:
    """Speak the protocol on stdin and stdout."""
    for descriptor in (0, 1):
        os.set_blocking(descriptor, False)
    try:
        # The stub that read this program may have read on into the first requests.
        Agent(0, 1).serve(cast(io.BufferedReader, sys.stdin.buffer).peek())
    finally:
        for descriptor in (0, 1):
            os.set_blocking(descriptor, True)


def samples(interval: float) -> Iterator[Tuple[str, str]]:
    """Yield (source, line in tegrastats' form), every `interval` seconds, for ever."""
    path = find_tegrastats()
    if path is not None:
        argv = [path, "--interval", str(int(interval * 1000))]
        with subprocess.Popen(argv, stdout=subprocess.PIPE) as popen:
            try:
                assert popen.stdout is not None
                for line in popen.stdout:
                    yield "tegrastats", line.decode("utf-8", "replace").strip()
            finally:
                popen.kill()
    load = MachineLoad()
    while True:
        time.sleep(interval)
        yield "machine", load.line()


def show(kind: str, fields: Message) -> None:
    """Print one object."""
    now = datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="milliseconds")
    print(json.dumps(dict({"time": now, "kind": kind}, **fields)), flush=True)


def main(argv: Optional[List[str]] = None) -> int:
    """Serve the protocol, or print a node's health for people and scripts."""
    parser = argparse.ArgumentParser(
        prog="edgead-agent", description="Tells a node's health and runs tasks for a host."
    )
    only = parser.add_mutually_exclusive_group()
    only.add_argument(
        "--once", action="store_true", help="print facts, health and a sample, and end"
    )
    only.add_argument(
        "--watch", action="store_true", help="print samples, and now and then health, till Ctrl-C"
    )
    options = parser.parse_args(argv)
    if not options.once and not options.watch:
        serve()
        return 0
    try:
        if options.once:
            show("facts", facts())
        for count, (source, line) in enumerate(samples(0.3 if options.once else 1.0)):
            if count % HEALTH_EVERY == 0:
                show("health", health())
            show("telemetry", {"source": source, "line": line})
            if options.once:
                break
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:  # whoever read us has enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    return 0


if __name__ == "__main__":
    sys.exit(main())
