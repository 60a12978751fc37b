"""A grid of characters with named inks: what text plots are drawn on before they have colours."""

from __future__ import annotations

from collections.abc import Iterator

EIGHTHS_UP = " ▁▂▃▄▅▆▇█"
EIGHTHS_RIGHT = " ▏▎▍▌▋▊▉█"


class Canvas:
    """Cells of (character, ink); what falls outside is left out."""

    def __init__(self, width: int, height: int) -> None:
        self.width, self.height = max(0, width), max(0, height)
        self._cells = [[(" ", "")] * self.width for _ in range(self.height)]

    def put(self, column: int, row: int, text: str, ink: str) -> None:
        """Write a text from a cell on."""
        if not 0 <= row < self.height:
            return
        for at, character in enumerate(text, column):
            if 0 <= at < self.width:
                self._cells[row][at] = (character, ink)

    def free(self, column: int, row: int, length: int) -> bool:
        """Whether so many cells lie inside and hold nothing."""
        if not (0 <= row < self.height and column >= 0 and column + length <= self.width):
            return False
        return all(cell[0] == " " for cell in self._cells[row][column : column + length])

    def bar(self, column: int, width: int, bottom: int, eighths: int, ink: str) -> None:
        """Draw an upright bar from the row `bottom`, so many eighths of a row high."""
        full, part = divmod(max(0, eighths), 8)
        for up in range(full):
            self.put(column, bottom - up, "█" * width, ink)
        if part:
            self.put(column, bottom - full, EIGHTHS_UP[part] * width, ink)

    def runs(self, row: int) -> Iterator[tuple[str, str]]:
        """Give a row as (text, ink), neighbours of one ink taken together.

        A blank has no colour to see and goes with what is before it: a terminal is told less.
        """
        text, ink = "", ""
        for character, its_ink in self._cells[row]:
            if character == " ":
                text += character
                continue
            if its_ink != ink and text:
                yield text, ink
                text = ""
            text, ink = text + character, its_ink
        if text:
            yield text, ink


def meter(percent: float, width: int) -> str:
    """Draw a bar lying on its side, 0 to 100 %, to an eighth of a cell."""
    eighths = max(0, min(width * 8, round(percent / 100 * width * 8)))
    full, part = divmod(eighths, 8)
    return ("█" * full + (EIGHTHS_RIGHT[part] if part else "")).ljust(width)
