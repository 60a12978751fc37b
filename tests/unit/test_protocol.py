"""The agent's protocol: every line is accepted whole, or refused with ProtocolError."""

import json

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from edgead.agents import agent, messages, protocol
from edgead.agents.protocol import ProtocolError, decode, encode, split

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=8,
)
EVENTS = [kind.event for kind in messages.EVENTS]
FIELDS = ("n", "task", "line", "lines", "code", "signal", "reason", "ports", "pid", "python")


def accepted_or_refused(line: bytes) -> None:
    try:
        message = decode(line)
    except ProtocolError as error:
        assert "\n" not in str(error)
    else:
        assert isinstance(message, messages.Message)
        repr(message).encode("utf-8")  # printable: no lone surrogates


@given(st.binary())
@example(b"[" * 100_000)
@example(b'{"event": "pong", "n": ' + b"9" * 5000 + b"}")
@example(b'{"event": "error", "reason": "\\ud800"}')
@example(b"\xef\xbb\xbf{}")
def test_any_bytes_are_accepted_or_refused(line: bytes) -> None:
    accepted_or_refused(line)


@given(st.sampled_from(EVENTS) | JSON, st.dictionaries(st.sampled_from(FIELDS), JSON))
def test_any_object_is_accepted_or_refused(event: object, fields: dict[str, object]) -> None:
    accepted_or_refused(json.dumps({"event": event, **fields}).encode())


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        (b'{"event": "pong", "n": 3}', messages.Pong(3)),
        (b'{"event": "pong", "n": 3, "new": [1]}', messages.Pong(3)),
        (b'{"event": "ports", "n": 1, "ports": [80, 81]}', messages.Ports(1, (80, 81))),
        (
            b'{"event":"exit","task":"t","code":null,"signal":9,"lines":["a"],"dropped":2}',
            messages.Exit("t", None, 9, ("a",), 2),
        ),
        (
            b'{"event": "line", "task": "t", "line": "\\u001b[2J\\u202e\\ud800 \\t\\u00e9"}',
            messages.Line("t", "\\x1b[2J\\u202e? \té"),
        ),
    ],
)
def test_decode(line: bytes, expected: messages.Message) -> None:
    assert decode(line) == expected


@pytest.mark.parametrize(
    ("line", "complaint"),
    [
        (b"", "JSON"),
        (b"[]", "list"),
        (b'{"event": "gone"}', "unknown event 'gone'"),
        (b'{"event": ["pong"]}', "unknown event"),
        (b'{"event": "pong"}', "pong: n is missing"),
        (b'{"event": "pong", "n": true}', "pong.n"),
        (b'{"event": "pong", "n": 1.0}', "pong.n"),
        (b'{"event": "pong", "n": NaN}', "NaN"),
        (b'{"event": "ports", "n": 1, "ports": [0]}', "65535"),
        (b'{"event": "ports", "n": 1, "ports": ["80"]}', "ports.ports"),
        (b'{"event": "line", "task": "t", "line": null}', "line.line"),
        (b" " * (protocol.MAX_LINE + 1), "bytes"),
    ],
)
def test_decode_refuses(line: bytes, complaint: str) -> None:
    with pytest.raises(ProtocolError, match=complaint.replace("[", r"\[")):
        decode(line)


def test_encode_is_one_line_of_ascii() -> None:
    request = messages.Start(7, "ps", ("sh", "-c", "echo é\n"), {"A": "b"}, "in\n")
    line = encode(request)
    assert line.endswith(b"\n") and line.count(b"\n") == 1 and line.isascii()
    assert json.loads(line) == {
        "op": "start",
        "n": 7,
        "task": "ps",
        "argv": ["sh", "-c", "echo é\n"],
        "env": {"A": "b"},
        "stdin": "in\n",
        "cwd": None,
    }


def test_encode_refuses_what_the_agent_would() -> None:
    with pytest.raises(ProtocolError, match="1048576"):
        encode(messages.Start(1, "t", ("cat",), {}, "x" * protocol.MAX_LINE))


def test_agent_knows_every_request_and_version() -> None:
    kinds = messages.Request.__args__
    assert sorted(kind.op for kind in kinds) == sorted(agent.Agent.OPS)
    assert agent.VERSION == protocol.VERSION
    assert agent.MAX_REQUEST >= protocol.MAX_LINE


@given(st.lists(st.binary(max_size=20).map(lambda line: line.replace(b"\n", b"")), max_size=8))
def test_split_gives_the_same_lines_however_they_arrive(lines: list[bytes]) -> None:
    stream = b"".join(line + b"\n" for line in lines)
    for size in (1, 3, len(stream) or 1):
        buffer = bytearray()
        found: list[bytes] = []
        for start in range(0, len(stream), size):
            found += split(buffer, stream[start : start + size])
        assert found == lines and not buffer


def test_split_refuses_a_line_without_end() -> None:
    buffer = bytearray()
    with pytest.raises(ProtocolError, match="without end"):
        for _ in range(32):
            split(buffer, b"x" * (protocol.MAX_LINE // 16))
