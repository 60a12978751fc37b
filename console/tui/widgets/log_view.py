"""LogView: lines of a log, newest last, searched and filtered; follows its end."""

from __future__ import annotations

import re
from collections.abc import Sequence

from rich.segment import Segment
from rich.style import Style
from textual.content import Content
from textual.geometry import Size
from textual.scroll_view import ScrollView
from textual.strip import Strip

from edgead.console.tui.widgets.ink import ink

FAULT = re.compile(r"(?i)\b(error|fail(ed|ure)?|traceback|exception|fatal|lost|killed)\b|✖")
WARNING = re.compile(r"(?i)\bwarn(ing)?\b|▲")


class LogView(ScrollView, can_focus=True):
    """The lines it was last given."""

    DEFAULT_CSS = """
    LogView { height: 1fr; overflow: auto auto; scrollbar-size: 1 1; }
    LogView:focus { background-tint: $foreground 0%; }
    """

    def __init__(self, *, id: str) -> None:  # noqa: A002 - Textual's name for it
        super().__init__(id=id)
        self.only_faults = False
        self.empty = ""
        self._title = ""
        self._all: list[str] = []
        self._lines: list[str] = []
        self._sought = ""
        self._hits: list[int] = []
        self._hit = -1

    def show(self, title: str, lines: Sequence[str], *, empty: str) -> None:
        """Show a log; it stays at its end unless somebody has scrolled up in the same one."""
        other = title != self._title
        at_end = other or self.scroll_offset.y >= self.max_scroll_y
        self._title, self.empty = title, empty
        if other or list(lines) != self._all:
            self._all = list(lines)
            self._select()
            if at_end and not self._sought:
                self.call_after_refresh(self.scroll_end, animate=False, immediate=True)
        self._say()

    def update(self) -> None:
        """Show the faults, or all."""
        self._select()
        self._say()

    def seek(self, text: str) -> None:
        """Look for a text, whatever its case, from the end on; "" ends the search."""
        self._sought = text.casefold()
        self._hit = -1
        self._find()
        self.step(-1)

    def step(self, by: int) -> None:
        """Go to the next hit, or the one before; around the ends."""
        if self._hits:
            at = self._hit if self._hit >= 0 else (0 if by < 0 else -1)
            self._hit = (at + by) % len(self._hits)
            y = max(0, self._hits[self._hit] - self.size.height // 2)
            self.scroll_to(y=y, animate=False, immediate=True)
        self._say()
        self.refresh()

    def copy_text(self) -> str:
        """Give the lines shown."""
        return "\n".join(self._lines)

    def _select(self) -> None:
        self._lines = [
            line
            for line in self._all
            if not self.only_faults or FAULT.search(line) or WARNING.search(line)
        ]
        self.virtual_size = Size(max(map(len, self._lines), default=0), len(self._lines))
        self._find()
        self.refresh()

    def _find(self) -> None:
        sought = self._sought
        self._hits = [n for n, line in enumerate(self._lines) if sought in line.casefold()]
        if not sought:
            self._hits = []
        self._hit = min(self._hit, len(self._hits) - 1)

    def _say(self) -> None:
        title = self._title + (" · faults only (f shows all)" if self.only_faults else "")
        if self._sought:
            found = f"{self._hit + 1}/{len(self._hits)}" if self._hits else "not found"
            title += f" · “{self._sought}” {found}"
        self.border_title = Content(title)
        self.border_subtitle = Content.styled(f"{len(self._lines)} lines", "$secondary")

    def render_line(self, y: int) -> Strip:
        """Give a line of what is in sight."""
        at, width = y + self.scroll_offset.y, self.scrollable_content_region.width
        base = self.rich_style
        if not self._lines and y == 0:
            text = "no faults · f shows all" if self.only_faults and self._all else self.empty
            return Strip([Segment(text, base + ink(self, "secondary"))]).adjust_cell_length(
                width, base
            )
        if at >= len(self._lines):
            return Strip.blank(width, base)
        strip = Strip(self._segments(self._lines[at], at))
        x = self.scroll_offset.x
        return strip.crop(x, x + width).adjust_cell_length(width, base)

    def _segments(self, line: str, at: int) -> list[Segment]:
        name = "foreground"
        if FAULT.search(line):
            name = "error"
        elif WARNING.search(line):
            name = "warning"
        style = self.rich_style + ink(self, name)
        if not self._sought:
            return [Segment(line, style)]
        here = bool(self._hits) and self._hits[self._hit] == at
        found = style + Style(reverse=True, bold=here)
        parts = re.split(f"(?i)({re.escape(self._sought)})", line)
        return [Segment(part, found if n % 2 else style) for n, part in enumerate(parts) if part]
