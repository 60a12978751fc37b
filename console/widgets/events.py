"""EventLog: what happened, a sentence each, wrapped, coloured and marked by level."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from textwrap import wrap

from rich.segment import Segment
from textual.content import Content
from textual.events import Resize
from textual.geometry import Size
from textual.reactive import reactive
from textual.scroll_view import ScrollView
from textual.strip import Strip

from edgead.console.narration import Sentence, printable
from edgead.console.session import Session
from edgead.console.widgets.ink import ink

GLYPHS = {
    "info": ("·", "secondary"),
    "good": ("✔", "success"),
    "warn": ("▲", "warning"),
    "error": ("✖", "error"),
}
FAULTS = ("warn", "error")
WHO_WIDTH = 10


@dataclass(frozen=True)
class EventLine:
    """One line on screen: a sentence's first, or one of those its text goes on over."""

    sentence: Sentence
    text: str
    first: bool


class EventLog(ScrollView, can_focus=True):
    """The session's sentences, newest last; stays at the end unless scrolled up."""

    DEFAULT_CSS = """
    EventLog { height: 1fr; overflow-x: hidden; overflow-y: auto; scrollbar-size-vertical: 1; }
    EventLog:focus { background-tint: $foreground 0%; }
    """
    only_faults = reactive(False, init=False)

    def __init__(self, session: Session, *, id: str) -> None:  # noqa: A002
        super().__init__(id=id)
        self._session = session
        self._lines: list[EventLine] = []
        self._caption = Content()
        self._following, self._last_y = True, 0

    def sentences(self) -> list[Sentence]:
        """Give the sentences shown: all, or the faults."""
        said = list(self._session.sentences)
        return [one for one in said if one.level in FAULTS] if self.only_faults else said

    def update(self) -> None:
        """Take up new sentences."""
        y = self.scroll_offset.y
        if y < self._last_y:  # somebody scrolled up to read
            self._following = False
        elif y >= self.max_scroll_y:
            self._following = True
        self._last_y = y
        width = self._text_width()
        self._lines = [line for one in self.sentences() for line in lines_of(one, width)]
        self.virtual_size = Size(self.scrollable_content_region.width, len(self._lines))
        caption = Content("Events · faults only (f shows all)" if self.only_faults else "Events")
        if caption != self._caption:
            self._caption = caption
            self.border_title = caption
        if self._following:
            # What may be scrolled to is known once the new size has been laid out.
            self.call_after_refresh(self._to_end)
        self.refresh()

    def _to_end(self) -> None:
        self.scroll_end(animate=False, immediate=True)
        self._last_y = self.scroll_offset.y

    def watch_only_faults(self) -> None:
        """Show the other selection, from its end."""
        self._last_y, self._following = 0, True
        self.update()

    def on_mount(self) -> None:
        """Take up what was said before."""
        self.update()

    def on_resize(self, _event: Resize) -> None:
        """Wrap anew; keep the newest in sight."""
        self._last_y = 0
        self.update()

    def notify_style_update(self) -> None:
        """Paint anew in the new colours."""
        super().notify_style_update()
        self.refresh()

    def copy_text(self) -> str:
        """Give the sentences shown, a line each."""
        return "\n".join(
            f"{one.time} {one.level} {one.who} {one.text}".rstrip() for one in self.sentences()
        )

    def render_line(self, y: int) -> Strip:
        """Give a line of what is in sight."""
        width, at = self.scrollable_content_region.width, y + self.scroll_offset.y
        base = self.rich_style
        if not self._lines and y == 0:
            nothing = "no faults" if self.only_faults else "nothing yet · s starts a trial"
            quiet = Segment(nothing, base + ink(self, "secondary"))
            return Strip([quiet]).adjust_cell_length(width, base)
        if at >= len(self._lines):
            return Strip.blank(width, base)
        return Strip(self._segments(self._lines[at])).adjust_cell_length(width, base)

    def _segments(self, line: EventLine) -> list[Segment]:
        one = line.sentence
        glyph, name = GLYPHS.get(one.level, GLYPHS["info"])
        loud = one.level in FAULTS
        base, quiet = self.rich_style, self.rich_style + ink(self, "secondary")
        level = base + ink(self, name, bold=loud)
        text = Segment(line.text, base + ink(self, name if loud else "foreground"))
        if not line.first:
            return [Segment(" " * _margin(self._clocked()), base), text]
        who = printable(one.who)
        fitted = who if len(who) <= WHO_WIDTH else who[: WHO_WIDTH - 1] + "…"
        head = [Segment(f"{clock(one.time)} ", quiet)] if self._clocked() else []
        named = Segment(f"{fitted:<{WHO_WIDTH}} ", level if loud else quiet)
        return [*head, Segment(f"{glyph} ", level), named, text]

    def _clocked(self) -> bool:
        return self.size.width >= 50

    def _text_width(self) -> int:
        return max(10, self.scrollable_content_region.width - _margin(self._clocked()))


def _margin(clocked: bool) -> int:
    """Give the columns left of a text: time, glyph and who."""
    return (9 if clocked else 0) + 2 + WHO_WIDTH + 1


def clock(time: str) -> str:
    """Give the time of day in an RFC 3339 time; dashes where it is none."""
    found = printable(time)[11:19]
    return found if len(found) == 8 else "--:--:--"


@lru_cache(maxsize=4096)
def lines_of(sentence: Sentence, width: int) -> tuple[EventLine, ...]:
    """Give a sentence as lines of at most so many characters."""
    texts = wrap(printable(sentence.text), width) or [""]
    return tuple(EventLine(sentence, text, at == 0) for at, text in enumerate(texts))
