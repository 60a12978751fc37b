"""What to do about a flag: a sentence and a command, from its cause."""

from __future__ import annotations

import re
from typing import NamedTuple

from edgead.console.running.placement import HOST
from edgead.console.runs.state import Flag


class Advice(NamedTuple):
    """What to do, and a command line for it, after `edgead-console`; () for none."""

    text: str
    words: tuple[str, ...] = ()


# The first whose pattern begins a word of the cause or its evidence counts. NODE stands for the
# flag's node.
_KNOWN: tuple[tuple[str, Advice], ...] = (
    (r"host key.*(has )?changed", Advice(
        "Somebody may be in between, or the board was set up anew: compare the fingerprints at"
        " the board itself before anything else.")),
    (r"host key", Advice(
        "Compare its fingerprint with the board's own, then accept it.",
        ("nodes", "trust", "NODE"))),
    (r"out of memory|MemoryError|Resource_?Exhausted|exit code 137|signal 9|SIGKILL|OOM\b", Advice(
        "It ran out of memory: take a smaller batch, fewer tasks on that node, or give the"
        " container more. The check `memory` says what is free.", ("nodes", "check", "NODE"))),
    (r"(node|link|connection).* lost|keepalive|no answer|timed out|unreachable|port \d+.* refused"
     r"|No route|stopped answering", Advice(
        "It no longer answers: look at its power and its network, then check it and start the"
        " trial again.", ("nodes", "check", "NODE"))),
    (r"No space left|disk (is )?full", Advice(
        "Its disk is full: remove what is not needed; shards are kept under ~/.cache/edgead.",
        ("nodes", "check", "NODE"))),
    (r"container", Advice(
        "Start its container and see what it says.", ("nodes", "container", "start", "NODE"))),
    (r"No module named|ImportError|Illegal instruction|GLIBC|version mismatch", Advice(
        "Its TensorFlow is broken or does not fit: the self-test tells which.",
        ("nodes", "check", "NODE"))),
    (r"tunnel can't be made|ports? [\d ,]*(is |are )?(taken|in use|shut)|Address already in use",
     Advice("A port it needs is taken or shut: the check `ports` tries them.",
            ("nodes", "check", "NODE"))),
    (r"Permission denied \(|authenti", Advice(
        "It does not let us in: see which key it accepts.", ("nodes", "check", "NODE"))),
    (r"not ready after", Advice(
        "TensorFlow did not come up there in time: the self-test tells how long it takes.",
        ("nodes", "check", "NODE"))),
)  # fmt: skip


def advice_for(flag: Flag) -> Advice:
    """Say what to do about a flag, or should it come again where all is whole since."""
    advice = _advice_for(flag)
    if flag.recovered is None:
        return advice
    return advice._replace(text=f"Nothing now, all is whole again. Next time: {advice.text}")


def _advice_for(flag: Flag) -> Advice:
    """Say what to do about a cause; about one that nobody foresaw, where to look."""
    for text in (flag.cause, "\n".join(flag.evidence)):
        for pattern, advice in _KNOWN:
            if re.search(rf"\b(?:{pattern})", text, re.IGNORECASE):
                return _at(advice, flag.node)
    if flag.suggestion:
        return Advice(f"{flag.suggestion[:1].upper()}{flag.suggestion[1:]}.")
    if flag.node in ("", HOST):
        return Advice("Read the end of console.log (4, then the trial's log) and start it again.")
    return _at(Advice("Check the node, then start the trial again.", ("nodes", "check", "NODE")),
               flag.node)  # fmt: skip


def _at(advice: Advice, node: str) -> Advice:
    if node in ("", HOST):
        return Advice(advice.text)
    return Advice(advice.text, tuple(node if word == "NODE" else word for word in advice.words))
