"""What the fleet table says of each node, and which columns stay where there is little room."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from edgead.console.canvas import meter
from edgead.console.narration import printable
from edgead.console.nodes.fleet import NodeStatus
from edgead.console.runs.state import TaskState, TrialState

HOT_C = 85.0
UNKNOWN = "—"
GAP = 2
METER_WIDTHS = (8, 40)


@dataclass(frozen=True)
class Cell:
    """A text, its ink (a theme colour) and whether it is bold."""

    text: str
    ink: str = "foreground"
    bold: bool = False


@dataclass(frozen=True)
class Column:
    """A column: its head, how to read its cell, and its rank (the highest leaves first)."""

    head: str
    rank: int
    read: Callable[[NodeStatus, TrialState | None], Cell]
    right: bool = False


def state_of(status: NodeStatus, trial: TrialState | None) -> Cell:
    """Give a node's state as glyph, word and colour."""
    known = {
        "waiting": Cell("· waiting", "secondary"),
        "connecting": Cell("◌ connecting", "secondary"),
        "lost": Cell("✖ lost", "error", True),
    }
    if status.state != "up":
        return known.get(status.state, Cell(f"? {printable(status.state)[:10]}", "warning"))
    training = trial is not None and not trial.over and trial.phase == "train"
    if training and any(task.state == "ready" for task in tasks_of(status, trial)):
        return Cell("▶ training", "success")
    return Cell("● up", "success")


def tasks_of(status: NodeStatus, trial: TrialState | None) -> list[TaskState]:
    """Give the trial's tasks on a node."""
    tasks = trial.tasks.values() if trial else ()
    return [task for task in tasks if task.node == status.node.name]


def role_of(status: NodeStatus, trial: TrialState | None) -> Cell:
    """Name the tasks a node runs; quiet once the trial is over, loud where one has failed."""
    tasks = tasks_of(status, trial)
    if not tasks:
        return Cell(UNKNOWN, "secondary")
    text = " + ".join(printable(f"{task.role} {task.index}") for task in tasks)
    over = trial is None or trial.over
    if not over and any(task.failed for task in tasks):
        return Cell(f"✖ {text}", "error", True)
    if not over and any(task.state == "restarting" for task in tasks):
        return Cell(f"◌ {text}", "warning")
    return Cell(text, "secondary" if over else "foreground")


def _name(status: NodeStatus, _trial: TrialState | None) -> Cell:
    lost = status.state == "lost"
    return Cell(printable(status.node.name), "secondary" if lost else "foreground", not lost)


def _mode(status: NodeStatus, _trial: TrialState | None) -> Cell:
    return Cell(printable(status.mode)[:14] if status.state == "up" and status.mode else UNKNOWN,
                "secondary")  # fmt: skip


def _reading(write: Callable[[NodeStatus], str | None]) -> Callable[..., Cell]:
    """Make a reader of telemetry: a dash for a node that is not up or says nothing."""

    def read(status: NodeStatus, _trial: TrialState | None) -> Cell:
        text = write(status) if status.state == "up" and status.telemetry is not None else None
        return Cell(UNKNOWN, "secondary") if text is None else Cell(text)

    return read


def load_of(status: NodeStatus) -> float | None:
    """Give a node's CPU load in %, None where it is not known now."""
    if status.state != "up" or status.telemetry is None:
        return None
    return status.telemetry.cpu_load


def _cpu(status: NodeStatus) -> str | None:
    load = load_of(status)
    return None if load is None else f"{load:.0f}%"


def _gpu(status: NodeStatus) -> str | None:
    load = status.telemetry.gpu_load if status.telemetry else None
    return None if load is None else f"{load:.0f}%"


def _ram(status: NodeStatus) -> str | None:
    found = status.telemetry
    if found is None or found.ram_used_mb is None or found.ram_total_mb is None:
        return None
    return f"{found.ram_used_mb / 1024:.1f}/{found.ram_total_mb / 1024:.1f} GB"


def _temperature(status: NodeStatus, _trial: TrialState | None) -> Cell:
    hottest = status.telemetry.hottest if status.telemetry and status.state == "up" else None
    if hottest is None:
        return Cell(UNKNOWN, "secondary")
    degrees = hottest[1]
    return (
        Cell(f"▲ {degrees:.0f}°", "warning", True) if degrees >= HOT_C else Cell(f"{degrees:.0f}°")
    )


def _health(status: NodeStatus, _trial: TrialState | None) -> Cell:
    verdicts = [check.verdict for check in status.checks.values()]
    for verdict, glyph, colour in (("fail", "✖", "error"), ("warn", "▲", "warning")):
        if count := verdicts.count(verdict):
            return Cell(f"{glyph} {count} {verdict}", colour, True)
    return Cell("✔ ok", "success") if verdicts else Cell(UNKNOWN, "secondary")


def _power(status: NodeStatus) -> str | None:
    power = status.telemetry.power_mw if status.telemetry else None
    return None if power is None else f"{power / 1000:.1f} W"


COLUMNS = (
    Column("node", 0, _name),
    Column("state", 0, state_of),
    Column("role", 1, role_of),
    Column("health", 6, _health),
    Column("mode", 8, _mode),
    Column("CPU", 2, _reading(_cpu), right=True),
    Column("GPU", 5, _reading(_gpu), right=True),
    Column("RAM", 3, _reading(_ram), right=True),
    Column("temp", 4, _temperature, right=True),
    Column("power", 7, _reading(_power), right=True),
)


@dataclass(frozen=True)
class Grid:
    """The columns that fit, their widths (that of CPU with its meter), and the cells by row."""

    columns: tuple[Column, ...]
    widths: tuple[int, ...]
    meter: int
    rows: tuple[tuple[Cell, ...], ...]


def lay_out(statuses: Sequence[NodeStatus], trial: TrialState | None, width: int) -> Grid:
    """Choose the columns for a width: first those leave that know nothing, then by rank."""
    cells = {c.head: [c.read(status, trial) for status in statuses] for c in COLUMNS}
    checked = any(status.checks for status in statuses)
    columns = [column for column in COLUMNS if checked or column.head != "health"]
    widths = {head: max(len(head), *(len(c.text) for c in of), 0) for head, of in cells.items()}
    widths["state"] = max(widths["state"], len("▶ training"))
    widths["CPU"] = max(widths["CPU"], len("100%")) + 1 + METER_WIDTHS[0]

    def taken() -> int:
        return sum(widths[c.head] for c in columns) + GAP * (len(columns) - 1)

    def silent(column: Column) -> bool:
        return all(cell.text == UNKNOWN for cell in cells[column.head])

    while taken() > width and len(columns) > 2:
        columns.remove(max(columns, key=lambda c: (c.rank > 1 and silent(c), c.rank)))
    spare = max(0, width - taken())
    stretch = min(METER_WIDTHS[1] - METER_WIDTHS[0], spare)
    widths["CPU"] += stretch
    rows = [tuple(cells[c.head][at] for c in columns) for at in range(len(statuses))]
    return Grid(
        tuple(columns),
        tuple(widths[c.head] for c in columns),
        METER_WIDTHS[0] + stretch,
        tuple(rows),
    )


def cpu_meter(load: float | None, width: int) -> str:
    """Draw the load, or nothing where it is not known."""
    return " " * width if load is None else meter(load, width)
