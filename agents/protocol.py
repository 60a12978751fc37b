"""The agent's protocol on the host's side: messages to and from lines of JSON.

What a node says is untrusted: decode accepts a line whole, with every string bounded and
printable, or raises ProtocolError and nothing else.
"""

from __future__ import annotations

import json
import types
from dataclasses import MISSING, asdict, fields
from typing import Any, NoReturn, Union, cast, get_args, get_origin, get_type_hints

from edgead.agents.messages import EVENTS, Message, Ports, Request

VERSION = 1
MAX_LINE = 1 << 20  # bytes
MOST_TEXT = 4096  # characters of one text; an agent sends lines in pieces of as many bytes
MOST_ITEMS = 1000  # of one list; an agent sends 200 at most
MOST_DEPTH = 32  # of plain data

# Control characters, and those that reorder or hide text, as escapes: a node must not be able to
# drive the terminal of whoever looks at its output.
_UNSEEN = (0x061C, *range(0x200B, 0x2010), *range(0x2028, 0x202F), *range(0x2060, 0x206A), 0xFEFF)
_CONTROLS = {code: f"\\x{code:02x}" for code in (*range(9), *range(10, 32), *range(127, 160))} | {
    code: f"\\u{code:04x}" for code in _UNSEEN
}


class ProtocolError(ValueError):
    """A line that is not a message of the protocol; the text says why."""


_KINDS = {kind.event: kind for kind in EVENTS}
_HINTS = {kind: get_type_hints(kind) for kind in EVENTS}


def encode(request: Request) -> bytes:
    """Return the request as one line.

    Raises:
        ProtocolError: the line would be longer than MAX_LINE bytes.
    """
    line = json.dumps({"op": request.op, **asdict(request)}).encode("ascii") + b"\n"
    if len(line) > MAX_LINE:
        raise ProtocolError(f"a request of {len(line)} bytes: expected at most {MAX_LINE}")
    return line


def decode(line: bytes) -> Message:
    """Return the message in one line; fields that we do not know are left out.

    Raises:
        ProtocolError: the line is not a message, or a field is missing or of another type.
    """
    if len(line) > MAX_LINE:
        raise ProtocolError(f"a message of {len(line)} bytes: expected at most {MAX_LINE}")
    try:
        found = json.loads(line.decode("utf-8"), parse_constant=_no_constant)
    except (ValueError, RecursionError) as error:
        raise ProtocolError(f"expected one JSON object a line: {error}") from None
    if not isinstance(found, dict):
        raise ProtocolError(f"expected a JSON object, found {type(found).__name__}")
    name = found.get("event")
    kind = _KINDS.get(name) if isinstance(name, str) else None
    if kind is None:
        raise ProtocolError(f"unknown event {str(name)[:40]!r}")
    values = {}
    for each in fields(kind):
        if each.name in found:
            where = f"{kind.event}.{each.name}"
            values[each.name] = _value(found[each.name], _HINTS[kind][each.name], where)
        elif each.default is MISSING:
            raise ProtocolError(f"{kind.event}: {each.name} is missing")
    message = kind(**values)
    if isinstance(message, Ports) and not all(0 < port < 65536 for port in message.ports):
        raise ProtocolError("ports: expected numbers from 1 to 65535")
    return message


def split(buffer: bytearray, data: bytes) -> list[bytes]:
    """Add data to the buffer and take the whole lines out of it, without their ends.

    Raises:
        ProtocolError: what is left, an unfinished line, is longer than MAX_LINE bytes.
    """
    buffer += data
    *lines, rest = bytes(buffer).split(b"\n") if b"\n" in data else [buffer]
    if len(rest) > MAX_LINE:
        raise ProtocolError(f"a line without end: expected at most {MAX_LINE} bytes")
    if lines:
        buffer[:] = rest
    return [bytes(line) for line in lines]


def printable(text: str) -> str:
    """Return text with control and reordering characters as escapes, such as \\x1b."""
    return text.encode("utf-8", "replace").decode("utf-8").translate(_CONTROLS)


def one_line(text: str) -> str:
    """Return text printable and in one line: blanks of any kind, tabs too, as single spaces."""
    return printable(" ".join(text.split()))


def plain(value: Any, longest: int = MAX_LINE, depth: int = MOST_DEPTH) -> Any:
    """Return plain data, read from JSON, with every text printable and cut at `longest`.

    Raises:
        ValueError: it is too deep, or a number too large for 64 bits.
    """
    if isinstance(value, str):
        return printable(value[:longest])
    if isinstance(value, int) and abs(value) >= 1 << 63:
        raise ValueError("a number is too large")
    if isinstance(value, list | dict) and not depth:
        raise ValueError("it is too deep")
    if isinstance(value, list):
        return [plain(each, longest, depth - 1) for each in value]
    if isinstance(value, dict):
        return {
            printable(key[:longest]): plain(each, longest, depth - 1) for key, each in value.items()
        }
    return value


def read_object(line: str | bytes, longest: int = MAX_LINE) -> dict[str, Any] | None:
    """Return the JSON object in a line, as `plain` makes it; None for any other line."""
    try:
        found = json.loads(line)
        return cast(dict[str, Any], plain(found, longest)) if isinstance(found, dict) else None
    except (ValueError, RecursionError):
        return None


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")


def _value(value: object, hint: object, where: str) -> Any:
    """Return the value, made safe, if it is what the type hint says."""
    if get_origin(hint) in (Union, types.UnionType):
        if value is None:
            return None
        hint = next(each for each in get_args(hint) if each is not type(None))
    if get_origin(hint) is tuple and isinstance(value, list):
        if len(value) > MOST_ITEMS:
            raise ProtocolError(f"{where}: expected at most {MOST_ITEMS}, found {len(value)}")
        return tuple(_value(each, get_args(hint)[0], where) for each in value)
    if hint is str and isinstance(value, str):
        return printable(value[:MOST_TEXT])
    if hint is int and isinstance(value, int) and not isinstance(value, bool):
        if abs(value) < 1 << 63:
            return value
        raise ProtocolError(f"{where}: the number is too large")
    raise ProtocolError(f"{where}: not of the expected type, found {type(value).__name__}")
