"""EventLog: what happened, a sentence each, wrapped, coloured and marked by level."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from textwrap import wrap
from typing import ClassVar

from rich.segment import Segment
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.events import MouseScrollDown, MouseScrollUp, Resize
from textual.reactive import reactive
from textual.strip import Strip

from edgead.console.glyphs import LEVELS
from edgead.console.narration import Sentence, printable
from edgead.console.session.session import Session
from edgead.console.tui.widgets.ink import ink
from edgead.console.tui.widgets.strips import StripView

FAULTS = ("warn", "error")
WHO_WIDTH = 10
WHEEL = 3  # lines


@dataclass(frozen=True)
class EventLine:
    """One line on screen: a sentence's first, or one of those its text goes on over."""

    sentence: Sentence
    text: str
    first: bool


class EventLog(StripView):
    """The session's sentences, newest last; stays at the end unless scrolled up.

    It scrolls by itself: a scroll bar would have the whole screen laid out with every sentence.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up", "scroll_lines(-1)", "Up", show=False),
        Binding("down", "scroll_lines(1)", "Down", show=False),
        Binding("pageup", "scroll_pages(-1)", "Page up", show=False),
        Binding("pagedown", "scroll_pages(1)", "Page down", show=False),
        Binding("home", "scroll_lines(-1000000)", "Oldest", show=False),
        Binding("end", "scroll_lines(1000000)", "Newest", show=False),
    ]
    DEFAULT_CSS = "EventLog:focus { background-tint: $foreground 0%; }"
    only_faults = reactive(False, init=False)

    def __init__(self, session: Session, *, id: str) -> None:  # noqa: A002
        super().__init__(id=id)
        self._session = session
        self._lines: list[EventLine] = []
        self._taken: tuple[object, ...] = ()  # what the lines were made of
        self.newer = 0  # lines after the last that is in sight

    def sentences(self) -> list[Sentence]:
        """Give the sentences shown: all, or the faults."""
        said = list(self._session.sentences)
        return [one for one in said if one.level in FAULTS] if self.only_faults else said

    def update(self) -> None:
        """Take up new sentences, if there are any."""
        self.redraw()

    def draw(self) -> list[Strip]:
        """Draw the lines in sight."""
        self._take()
        title = "Events · faults only (f shows all)" if self.only_faults else "Events"
        newer = f"{self.newer} newer lines · end goes there" if self.newer else ""
        self.caption(Content(title), Content.styled(newer, "$secondary"))
        if not self._lines:
            nothing = "no faults" if self.only_faults else "nothing yet · what happens is told here"
            return [Strip([Segment(nothing, self.rich_style + ink(self, "secondary"))])]
        end = len(self._lines) - self.newer
        shown = self._lines[max(0, end - self.size.height) : end]
        return [Strip(self._segments(line)) for line in shown]

    def _take(self) -> None:
        """Wrap the sentences into lines, if they are others; the line in sight stays in sight."""
        said, width = self._session.sentences, self._text_width()
        ends = (said[0], said[-1]) if said else ()
        taken = (len(said), *map(id, ends), width, self.only_faults)
        if taken == self._taken:
            return
        last = self._lines[-1 - self.newer] if self.newer else None
        self._taken = taken
        self._lines = [line for one in self.sentences() for line in lines_of(one, width)]
        if last is not None:
            after = (at for at, line in enumerate(reversed(self._lines)) if line is last)
            self.newer = min(next(after, len(self._lines)), self._most())

    def _most(self) -> int:
        """Give how far back the log goes, in lines."""
        return max(0, len(self._lines) - self.size.height)

    def action_scroll_lines(self, by: int) -> None:
        """Go so many lines on, or back."""
        self.newer = max(0, min(self.newer - by, self._most()))
        self.redraw()

    def action_scroll_pages(self, by: int) -> None:
        """Go so many pages on, or back."""
        self.action_scroll_lines(by * max(1, self.size.height - 1))

    def on_mouse_scroll_up(self, event: MouseScrollUp) -> None:
        """Go back."""
        event.stop()
        self.action_scroll_lines(-WHEEL)

    def on_mouse_scroll_down(self, event: MouseScrollDown) -> None:
        """Go on."""
        event.stop()
        self.action_scroll_lines(WHEEL)

    def watch_only_faults(self) -> None:
        """Show the other selection, from its end."""
        self.newer = 0
        self.redraw()

    def on_resize(self, event: Resize) -> None:
        """Wrap anew; keep the newest in sight."""
        self.newer = 0
        super().on_resize(event)

    def copy_text(self) -> str:
        """Give the sentences shown, a line each."""
        return "\n".join(
            f"{one.time} {one.level} {one.who} {one.text}".rstrip() for one in self.sentences()
        )

    def _segments(self, line: EventLine) -> list[Segment]:
        one = line.sentence
        glyph, name = LEVELS.get(one.level, LEVELS["info"])
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
        return max(10, self.size.width - _margin(self._clocked()))


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
