"""What the host and an agent can say to each other; agent.py tells the protocol."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar, Union

# -- what the host asks -----------------------------------------------------------------


@dataclass(frozen=True)
class Configure:
    """Sets what the agent must know first.

    Attributes:
        n: number of the request; the answer repeats it.
        dead_after: seconds without a word from the host after which the agent ends all.
        marker: value of EDGEAD_AGENT in the environment of every task.
        sweep: markers of earlier agents whose leftover processes are to be killed.
    """

    op: ClassVar[str] = "configure"
    n: int
    dead_after: float
    marker: str
    sweep: tuple[str, ...] = ()


@dataclass(frozen=True)
class Ping:
    """A sign of life; answered by Pong."""

    op: ClassVar[str] = "ping"
    n: int


@dataclass(frozen=True)
class Start:
    """Starts a process; answered by Started or Failed."""

    op: ClassVar[str] = "start"
    n: int
    task: str
    argv: tuple[str, ...]
    env: Mapping[str, str]
    stdin: str = ""
    cwd: str | None = None


@dataclass(frozen=True)
class Stop:
    """Ends a task: SIGTERM, after `grace` seconds SIGKILL; answered by Stopped when gone."""

    op: ClassVar[str] = "stop"
    n: int
    task: str
    grace: float


@dataclass(frozen=True)
class GetPorts:
    """Asks for free ports, all different, out of a range if one is given; answered by Ports."""

    op: ClassVar[str] = "ports"
    n: int
    count: int
    first: int = 0
    last: int = 0


@dataclass(frozen=True)
class GetFacts:
    """Asks what the node is; answered by Facts."""

    op: ClassVar[str] = "facts"
    n: int


@dataclass(frozen=True)
class Watch:
    """Starts telemetry, one sample every `interval_ms`, until the agent ends."""

    op: ClassVar[str] = "telemetry"
    n: int
    interval_ms: int


@dataclass(frozen=True)
class End:
    """Asks the agent to end every process and itself; answered by Ended."""

    op: ClassVar[str] = "end"
    n: int


Request = Union[Configure, Ping, Start, Stop, GetPorts, GetFacts, Watch, End]  # noqa: UP007


# -- what the agent says ----------------------------------------------------------------


@dataclass(frozen=True)
class Message:
    """Anything an agent says."""

    event: ClassVar[str]


@dataclass(frozen=True)
class Answer(Message):
    """A message that answers the request numbered `n`."""

    n: int


@dataclass(frozen=True)
class Hello(Message):
    """The agent runs; `parent` is the pid of the sshd process that holds the session.

    Agents with the same `loopback` reach each other by 127.0.0.1.
    """

    event: ClassVar[str] = "hello"
    python: str
    pid: int
    parent: int
    version: int
    loopback: str


@dataclass(frozen=True)
class Done(Answer):
    """The request was carried out and has nothing to tell; `swept` counts killed leftovers."""

    event: ClassVar[str] = "done"
    swept: int = 0


@dataclass(frozen=True)
class Pong(Answer):
    """Answers Ping."""

    event: ClassVar[str] = "pong"


@dataclass(frozen=True)
class Started(Answer):
    """A task runs."""

    event: ClassVar[str] = "started"
    task: str
    pid: int


@dataclass(frozen=True)
class Failed(Answer):
    """A request could not be carried out."""

    event: ClassVar[str] = "failed"
    reason: str


@dataclass(frozen=True)
class Stopped(Answer):
    """A task is gone, and every process it had started."""

    event: ClassVar[str] = "stopped"
    task: str


@dataclass(frozen=True)
class Ports(Answer):
    """Free ports."""

    event: ClassVar[str] = "ports"
    ports: tuple[int, ...]


@dataclass(frozen=True)
class Facts(Answer):
    """What the node is: `l4t` such as 32.7.1, `model` as its device tree says, else None."""

    event: ClassVar[str] = "facts"
    hostname: str
    python: str
    machine: str
    cores: int
    l4t: str | None = None
    model: str | None = None
    tegrastats: str | None = None


@dataclass(frozen=True)
class TelemetryLine(Message):
    """One sample in tegrastats form; `source` is "tegrastats", or "machine" from /proc."""

    event: ClassVar[str] = "telemetry"
    source: str
    line: str


@dataclass(frozen=True)
class Line(Message):
    """One line of a task's output; `dropped` lines before it were not sent."""

    event: ClassVar[str] = "line"
    task: str
    line: str
    dropped: int = 0


@dataclass(frozen=True)
class Exit(Message):
    """A task ended, with an exit code or by a signal; `lines` are its last twenty."""

    event: ClassVar[str] = "exit"
    task: str
    code: int | None
    signal: int | None
    lines: tuple[str, ...]
    dropped: int = 0


@dataclass(frozen=True)
class Error(Message):
    """The agent could not read what we sent; no request is answered by it."""

    event: ClassVar[str] = "error"
    reason: str


@dataclass(frozen=True)
class Ended(Message):
    """The agent has ended its processes, but for `left`, and goes; its last word."""

    event: ClassVar[str] = "ended"
    reason: str
    left: int = 0


EVENTS: tuple[type[Message], ...] = (
    *(Hello, Done, Pong, Started, Failed, Stopped, Ports, Facts),
    *(TelemetryLine, Line, Exit, Error, Ended),
)
