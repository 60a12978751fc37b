"""New rows in a dataset's format: lines of text to coded features, one or many at a time."""

from __future__ import annotations

from typing import Any, Callable, Dict, List, Mapping, NamedTuple, Optional, Sequence, Tuple, Union

from edgead.datasets import coding
from edgead.datasets.dataset import Floats
from edgead.datasets.diagnosis import Fault
from edgead.datasets.kdd99_rows import Kdd99Rows
from edgead.datasets.lines import Line
from edgead.datasets.swat_coding import KIND
from edgead.datasets.swat_rows import SwatRows

Format = Union[Kdd99Rows, SwatRows]


class Rows(NamedTuple):
    """What some lines hold: the good rows, and what is wrong with other lines.

    `numbers` are the rows' line numbers, x float32 [rows, features]; `attacks` has True or False
    for a row with a label, None for one without.
    """

    numbers: List[int]
    x: Floats
    attacks: List[Optional[bool]]
    faults: List[Fault]


def row_format(coder: Mapping[str, Any]) -> Format:
    """Give the reader of new rows that a detector's coder asks for.

    Raises ValueError, one line, for what is no coder.
    """
    kinds: Dict[str, Callable[[Mapping[str, Any]], Format]] = {
        coding.KIND: Kdd99Rows.of,
        KIND: SwatRows.of,
    }
    kind = coder.get("kind")
    if not isinstance(kind, str) or kind not in kinds:
        raise ValueError(f"coder: kind: expected one of {', '.join(kinds)}, got {kind!r:.40}")
    return kinds[kind](coder)


def read_rows(form: Format, lines: Sequence[Line]) -> Rows:
    """Read some lines; a line that is a header gives neither row nor fault."""
    good: List[Tuple[int, Any]] = []
    faults: List[Fault] = []
    for line in lines:
        row = form.parse(line.text)
        if isinstance(row, Fault):
            faults.append(row._replace(line=line.number))
        elif row is not None:
            good.append((line.number, row))
    rows = [row for _, row in good]
    return Rows([n for n, _ in good], form.code(rows), [row.attack for row in rows], faults)
