"""Event: one thing that happened in a trial, and its line in events.jsonl."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timezone
from typing import Any

from edgead.agents.protocol import read_object

LONGEST = 64 << 10  # characters of a text
# Kinds, who says them and with which fields. Everything a person sees is folded from these.
KINDS: dict[str, str] = {
    "started": "supervisor: run, spec, tasks [{role, index, node}], cluster (its file), embedded, "
    "version, resumed where a run goes on that had ended",
    "node": "supervisor: node, state (connecting, up, lost), evidence",
    "board": "supervisor: node, l4t, model, python, image, clock_offset (seconds against this"
    " machine's clock)",
    "task": "supervisor: role, index, node (which may change), state (starting, ready, ended, "
    "restarting, quarantined), warm where it was there before the trial, when "
    "ready tensorflow, cudnn and seconds, and at the end exit_code, asked (whether we ended it) "
    "and lines (the last ones)",
    "usage": "supervisor: role, index, node, and of that task rss and peak (bytes of memory), sent "
    "and received (bytes over its open connections)",
    "dataset": "chief: name, synthetic, rows {train, validation, test}, features, digest, shards "
    "(the files that nodes are to have), window where rows are windows",
    "stage": "supervisor: node, file, while it goes done and total (bytes), at the end sent and "
    "seconds",
    "telemetry": "supervisor: node, source (tegrastats, machine), and of its sample, as far as it "
    "has them, power_mw, celsius (the hottest), cpu and gpu (load, %); about one a second",
    "phase": "chief: phase (load, start, prepare, connect, train and in it ship, threshold, "
    "validation, test), state (begin, end), and at the end seconds",
    "step": "chief: epoch (from 1), step, steps, loss; at most ten a second",
    "round": "chief, engine fast: epoch, step and steps of its latest round, and its parts "
    "[{worker (its index), rows, seconds, loss}]; at most ten a second",
    "epoch": "chief: epoch (from 1), epochs, loss, seconds, checkpoint (the file written)",
    "resumed": "chief: epoch (those before are kept, from the checkpoint; 0 for none)",
    "stalled": "chief: workers (TensorFlow's numbers) whose part is late, seconds",
    "trained": "chief: cpu_seconds (its own, over connecting and training), prepare_cpu_seconds "
    "(of what it did before there was a cluster)",
    "threshold": "chief: value, rule, seconds, mean, std",
    "scoring": "chief: split (train, validation, test), done and rows; at most ten a second",
    "score": "chief: split (validation, test), rows, visited, accuracy, precision, recall, f1, "
    "where (host, workers), seconds",
    "saved": "chief: file (a path inside the run's folder)",
    "note": "anyone: text, level (info, warn, error), node where one is meant, collapsed where the "
    "model is worthless",
    "error": "chief: cause, error (its type), task (whose it is, by TensorFlow's number), workers "
    "(the numbers of all that failed); it ends after this",
    "flag": "supervisor: number (from 1), node, task, name (the cause's row in the table), cause, "
    "evidence [lines], action, suggestion",
    "flag_update": "supervisor: number, node, and what changed of that flag: action, evidence "
    "(more lines), seconds where it has been recovered from",
    "result": "supervisor: the trial's last line, as the command-line contract has it",
}


@dataclass(frozen=True)
class Event:
    """What happened (`kind`, one of KINDS), when (RFC 3339, UTC) and its fields."""

    time: str
    kind: str
    data: Mapping[str, Any] = field(default_factory=dict)

    def __getitem__(self, name: str) -> Any:
        return self.data[name]

    def get(self, name: str, default: Any = None) -> Any:
        """Give a field, or the default where the event has none."""
        return self.data.get(name, default)

    def to_mapping(self) -> dict[str, Any]:
        """Give the event as one flat object: time, kind, then its fields."""
        return {"time": self.time, "kind": self.kind, **self.data}

    def to_line(self) -> str:
        """Give the event's line in the log, with its newline."""
        return json.dumps(self.to_mapping(), ensure_ascii=False) + "\n"


def now() -> str:
    """Give this moment as RFC 3339 in UTC, to the millisecond."""
    return datetime.now(timezone.utc).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def event(kind: str, **data: Any) -> Event:
    """Make an event of this moment."""
    return Event(now(), kind, data)


def read_line(line: str | bytes) -> Event | None:
    """Read one line of a log; None for a line that is not an event (cut off, or not ours).

    Its texts are bounded and have control characters, line ends too, as escapes.
    """
    value = read_object(line, LONGEST)
    if value is None or not isinstance(value.get("kind"), str):
        return None
    time, kind = str(value.pop("time", ""))[:40], value.pop("kind")
    return Event(time, kind, value)


def read_lines(lines: Iterable[str | bytes]) -> Iterator[Event]:
    """Read a log's events in order, leaving out lines that are none."""
    return (found for line in lines if (found := read_line(line)) is not None)
