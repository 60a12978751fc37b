"""Events said in one line each, for the event log and for headless mode without --json."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from edgead.console.events import Event

LINE_LIMIT = 400


@dataclass(frozen=True)
class Sentence:
    """One line for a person: level (info, good, warn, error), who it is about, and the text."""

    time: str
    level: str
    who: str
    text: str


def narrate(event: Event) -> Sentence | None:
    """Say an event in one line; None where it is for plots and tables, not for reading."""
    say = _SAY.get(event.kind)
    if say is None:
        return None
    try:
        said = say(event)
    except (KeyError, TypeError, ValueError, AttributeError):
        said = ("warn", "", f"an event that cannot be read: {event.kind}")
    if said is None:
        return None
    level, who, text = said
    return Sentence(event.time, level, printable(str(who or "")), printable(text))


def printable(text: str) -> str:
    """Bound a text and replace what a terminal would obey: control characters and newlines."""
    bounded = text if len(text) <= LINE_LIMIT else text[: LINE_LIMIT - 1] + "…"
    return "".join(char if char.isprintable() else "·" for char in bounded)


Said = tuple[str, str, str] | None


def _started(event: Event) -> Said:
    spec = event["spec"]
    shape = (
        f"{spec['workers']} workers" if spec["strategy"] == "parameter-server" else "centralised"
    )
    return (
        "info",
        event["run"],
        f"{spec.get('preset') or spec['dataset']} · {shape} · seed {spec['seed']}",
    )


def _stage(event: Event) -> Said:
    if "sent" not in event.data:
        return None
    sent, name = float(event["sent"]), str(event["file"])[:8]
    text = f"sent, {sent / 1e6:.1f} MB in {event['seconds']:.1f} s" if sent else "is there"
    return "info", event["node"], f"shard {name} {text}"


def _node(event: Event) -> Said:
    evidence = event.get("evidence", "")
    level = {"up": "good", "lost": "error"}.get(event["state"], "info")
    return level, event["node"], event["state"] + (f" · {evidence}" if evidence else "")


def _task(event: Event) -> Said:
    name, state = f"{event['role']} {event['index']}", event["state"]
    if state == "ended":
        code = event.get("exit_code")
        how = "" if code is None or event.get("asked") else f" · exit code {code}"
        return ("info" if event.get("asked") else "error"), event["node"], f"{name} ended{how}"
    extra = f" · TensorFlow {event['tensorflow']}" if event.get("tensorflow") else ""
    extra += " · warm" if event.get("warm") else ""
    return ("good" if state == "ready" else "info"), event["node"], f"{name} {state}{extra}"


def _dataset(event: Event) -> Said:
    rows, unit = event["rows"], "windows" if event.get("window") else "rows"
    kind = "synthetic stand-in of " if event["synthetic"] else ""
    return (
        "warn" if event["synthetic"] else "info",
        "data",
        f"{kind}{event['name']} · {rows['train']:,} {unit} to train, {rows['validation']:,} to "
        f"validate, {rows['test']:,} to test",
    )


def _phase(event: Event) -> Said:
    if event["state"] != "end":
        return None
    return "info", "chief", f"{event['phase']} took {event['seconds']:.2f} s"


def _epoch(event: Event) -> Said:
    done = f"epoch {event['epoch']}/{event['epochs']}"
    return "info", "chief", f"{done} · loss {event['loss']:.4g} · {event['seconds']:.2f} s"


def _threshold(event: Event) -> Said:
    return "info", "chief", f"threshold {event['value']:.4g} ({event['rule']})"


def _score(event: Event) -> Said:
    return (
        "good",
        "chief",
        f"{event['split']} accuracy {event['accuracy']:.4f} · F1 {event['f1']:.4f} · "
        f"{event['visited']:,} of {event['rows']:,} rows visited",
    )


def _note(event: Event) -> Said:
    return event.get("level", "info"), event.get("node", ""), event["text"]


def _flag(event: Event) -> Said:
    who = event.get("node") or event.get("task") or ""
    task = f"{event['task']}: " if event.get("task") and event.get("node") else ""
    return "error", who, f"{task}{event['cause']} · {event.get('action', '')}"


def _flag_update(event: Event) -> Said:
    if "action" not in event.data:
        return None
    level = "good" if event.get("seconds") is not None else "warn"
    return level, event.get("node", ""), event["action"]


def _resumed(event: Event) -> Said:
    return "info", "chief", f"goes on after epoch {event['epoch']}, from the checkpoint"


def _stalled(event: Event) -> Said:
    late = ", ".join(f"{number}" for number in event["workers"])
    return "warn", "chief", f"no answer from worker {late} for {event['seconds']:.0f} s"


def _result(event: Event) -> Said:
    level = {"finished": "good", "stopped": "warn"}.get(event["state"], "error")
    seconds = event["seconds"]["total"]
    took = f" · {seconds:.1f} s of training" if seconds is not None else ""
    return level, event["run"], f"{event['state']}{took}"


_SAY: dict[str, Callable[[Event], Said]] = {
    "started": _started,
    "node": _node,
    "stage": _stage,
    "task": _task,
    "dataset": _dataset,
    "phase": _phase,
    "epoch": _epoch,
    "threshold": _threshold,
    "score": _score,
    "note": _note,
    "flag": _flag,
    "flag_update": _flag_update,
    "resumed": _resumed,
    "stalled": _stalled,
    "result": _result,
}
