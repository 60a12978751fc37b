"""A run described: everything known of it, as sections of name and text."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from edgead.console.narration import printable
from edgead.console.runs.run_lines import RunLine
from edgead.console.runs.state import TrialState
from edgead.console.runs.sweep import spreads, sweep_of


class Section(NamedTuple):
    """A heading, and lines of a name and what there is to say."""

    title: str
    lines: tuple[tuple[str, str], ...]


def describe_run(
    state: TrialState, line: RunLine | None = None, runs: Sequence[RunLine] = ()
) -> list[Section]:
    """Describe a run; with its line and all others', its name, note and sweep too."""
    sections = [
        Section("Trial", tuple(_head(state, line))),
        Section("Scores", tuple(_scores(state))),
        Section("Sweep over seeds", tuple(_sweep(line, runs))),
        Section("Seconds", tuple(_seconds(state))),
        Section("Energy", tuple(_energy(state))),
        Section("Tasks", tuple(_tasks(state))),
        Section("Boards", tuple(_boards(state))),
        Section("Flags", tuple((f"{f.node} {f.task}".strip(), f.cause) for f in state.flags)),
        Section("Spec", tuple((k, str(v)) for k, v in state.spec.to_mapping().items())),
    ]
    return [section for section in sections if section.lines]


def as_plain(sections: Iterable[Section]) -> str:
    """Write sections as text."""
    parts = []
    for section in sections:
        lines = [f"  {printable(name):<16} {printable(text)}" for name, text in section.lines]
        parts.append("\n".join([section.title, *lines]))
    return "\n\n".join(parts)


def _head(state: TrialState, line: RunLine | None) -> Iterable[tuple[str, str]]:
    yield "run", state.run
    if line is not None and line.about.name:
        yield "name", line.about.name
    if line is not None and line.about.note:
        yield "note", line.about.note
    yield "state", state.state + (" · collapsed: its scores mean nothing" * state.collapsed)
    yield "what", state.title
    if state.started:
        yield "started", state.started[:19].replace("T", " ") + " UTC"
    yield "epochs", f"{len(state.epochs)} of {state.spec.epochs}"
    if state.shards:
        yield "data", "sha256 " + " ".join(name[:12] for name in state.shards)


def _scores(state: TrialState) -> Iterable[tuple[str, str]]:
    for split, score in state.scores.items():
        figures = ", ".join(
            f"{name} {score[name]:.4f}"
            for name in ("accuracy", "precision", "recall", "f1")
            if isinstance(score.get(name), float)
        )
        yield split, f"{figures}; {score.get('visited')} of {score.get('rows')} rows visited"
    if state.threshold is not None:
        yield "threshold", f"{state.threshold:.6g}"


def _sweep(line: RunLine | None, runs: Sequence[RunLine]) -> Iterable[tuple[str, str]]:
    if line is None:
        return
    found = sweep_of(line, runs)
    if len(found) > 1:
        yield "seeds", ", ".join(f"{each.spec.seed} ({each.run})" for each in found)
        for spread in spreads(found):
            yield spread.name, str(spread)


def _seconds(state: TrialState) -> Iterable[tuple[str, str]]:
    for phase, seconds in state.phase_seconds.items():
        yield phase, f"{seconds:.2f} s"
    if state.epochs:
        yield "first epoch", f"{state.epochs[0].seconds:.2f} s"
    if len(state.epochs) > 1:
        later = [epoch.seconds for epoch in state.epochs[1:]]
        yield "later epochs", f"{sum(later) / len(later):.2f} s in the mean"


def _energy(state: TrialState) -> Iterable[tuple[str, str]]:
    """Say what the nodes' power rails tell, from connecting to the end."""
    for node, used in sorted(state.measures.energy.items()):
        watts = f", {used.watts:.1f} W in the mean" if used.watts is not None else ""
        yield node, f"{used.joules:.0f} J in {used.seconds:.0f} s{watts}"
    if len(state.measures.energy) > 1:
        yield "all", f"{state.measures.joules:.0f} J"


def _tasks(state: TrialState) -> Iterable[tuple[str, str]]:
    for name, task in state.tasks.items():
        used = state.usage.get(name)
        memory = f" · {used['peak'] / 1e6:.0f} MB at most" if used and "peak" in used else ""
        code = f" · exit code {task.exit_code}" if task.exit_code else ""
        yield name, f"{task.node} · {task.state}{code}{memory}"


def _boards(state: TrialState) -> Iterable[tuple[str, str]]:
    from edgead.console.nodes.drift import drift  # with asyncssh: the app paints before

    for row in drift(state.boards):
        yield row[0] or "nodes", " · ".join(part for part in row[1:] if part)
