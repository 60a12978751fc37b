"""Rows: a list drawn in whole lines, with a cursor, marked rows, and a filter for faults."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from rich.segment import Segment
from rich.style import Style
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.events import Click, Resize
from textual.geometry import Region, Size
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.strip import Strip

from edgead.console.tui.widgets.ink import ink

MARGIN = 2  # cells before a row: the cursor's and the mark's
CURSOR, MARK = "›", "■"


class Rows(ScrollView, can_focus=True):
    """A head and a row a thing, each thing known by its name. Only what is in sight is drawn."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up,k", "move(-1)", "Up", show=False),
        Binding("down,j", "move(1)", "Down", show=False),
        Binding("pageup", "move(-10)", "Ten up", show=False),
        Binding("pagedown", "move(10)", "Ten down", show=False),
        Binding("home", "move(-1000000)", "First", show=False),
        Binding("end", "move(1000000)", "Last", show=False),
        Binding("space", "mark", "Mark", show=False, tooltip="for an action on several rows"),
        Binding("asterisk", "mark_all", "Mark all", show=False, tooltip="or none", key_display="*"),
        Binding("enter", "open", "Open", show=False),
    ]
    DEFAULT_CSS = """
    Rows { height: auto; overflow-x: hidden; overflow-y: auto; scrollbar-size-vertical: 1; }
    Rows:focus { background-tint: $foreground 0%; }
    """

    class Highlighted(Message):
        """The cursor is on another row."""

        def __init__(self, rows: Rows, name: str) -> None:
            super().__init__()
            self.rows, self.name = rows, name

    class Opened(Message):
        """A row was chosen, by enter or by a second click."""

        def __init__(self, rows: Rows, name: str) -> None:
            super().__init__()
            self.rows, self.name = rows, name

    class Marked(Message):
        """Other rows are marked."""

        def __init__(self, rows: Rows) -> None:
            super().__init__()
            self.rows = rows

    def __init__(self, *, id: str) -> None:  # noqa: A002 - Textual's name for it
        super().__init__(id=id)
        self.marked: set[str] = set()
        self.only_faults = False
        self._names: list[str] = []
        self._chosen = ""
        self._caption: tuple[Content, Content] | None = None
        self._inks: dict[tuple[str, bool], Style] = {}  # the theme's, each worked out once

    # -- what a list of things says of itself

    def names(self) -> list[str]:
        """Give the names of the rows, from the top."""
        raise NotImplementedError

    def faulty(self, name: str) -> bool:
        """Whether something is wrong with it."""
        return False

    def head(self) -> list[Segment]:
        """Give the line above the rows."""
        raise NotImplementedError

    def row(self, name: str) -> list[Segment]:
        """Give a row."""
        raise NotImplementedError

    def nothing(self) -> str:
        """Say in a line why there are no rows, and what to press."""
        raise NotImplementedError

    def titles(self) -> tuple[Content, Content]:
        """Give the border's texts."""
        raise NotImplementedError

    def lay_out(self, width: int) -> bool:
        """Choose the columns; whether they are others than before."""
        return False

    # -- state

    @property
    def chosen(self) -> str:
        """The name of the row under the cursor; "" without rows."""
        return self._chosen if self._chosen in self._names else next(iter(self._names), "")

    @property
    def meant(self) -> list[str]:
        """The rows an action is for: the marked ones, else the one under the cursor."""
        found = [name for name in self._names if name in self.marked]
        return found or ([self.chosen] if self.chosen else [])

    def choose(self, name: str) -> None:
        """Put the cursor on a row."""
        if name != self._chosen and name in self._names:
            self._chosen = name
            self._reveal()
            self.post_message(self.Highlighted(self, name))
            self.refresh()

    def update(self) -> None:
        """Take up the things as they are now."""
        width = max(0, self.scrollable_content_region.width - MARGIN)
        before, at = self._names, self._at()
        self._names = [name for name in self.names() if not self.only_faults or self.faulty(name)]
        if self.marked - set(self._names):
            self.marked &= set(self._names)
            self.post_message(self.Marked(self))
        others = self.lay_out(width)
        self._say_titles()
        if before != self._names:
            if self._chosen not in self._names and self._names:
                self._chosen = self._names[min(at, len(self._names) - 1)]
                self.post_message(self.Highlighted(self, self._chosen))
            self.virtual_size = Size(width + MARGIN, len(self._names) + 1)
            self.refresh(layout=len(before) != len(self._names))
        elif others or not self._names:
            self._inks.clear()
            self.refresh()

    def action_move(self, by: int) -> None:
        """Move the cursor."""
        if self._names:
            self.choose(self._names[min(max(self._at() + by, 0), len(self._names) - 1)])

    def action_mark(self) -> None:
        """Mark the row under the cursor, or not, and go on to the next."""
        if name := self.chosen:
            self.marked ^= {name}
            self.action_move(1)
            self._say_marks()

    def action_mark_all(self) -> None:
        """Mark every row; none where all are."""
        self.marked = set() if self.marked == set(self._names) else set(self._names)
        self._say_marks()

    def action_open(self) -> None:
        """Open the row under the cursor."""
        if name := self.chosen:
            self.post_message(self.Opened(self, name))

    def _at(self) -> int:
        return self._names.index(self.chosen) if self.chosen else 0

    def _reveal(self) -> None:
        y = self._at() + 1
        self.scroll_to_region(Region(0, y if y > 1 else 0, 1, 1), animate=False, force=True)

    def _say_marks(self) -> None:
        self._say_titles()
        self.refresh()
        self.post_message(self.Marked(self))

    def _say_titles(self) -> None:
        title, subtitle = self.titles()
        if self.only_faults:
            title = Content.assemble(title, " · faults only (f shows all)")
        if self.marked:
            title = Content.assemble(title, f" · {MARK} {len(self.marked)} marked")
        if self._caption != (title, subtitle):
            self._caption = (title, subtitle)
            self.border_title, self.border_subtitle = title, subtitle

    # -- drawing

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        """Ask for the head and a line a row."""
        return max(2, len(self._names or self.names()) + 1)

    def on_mount(self) -> None:
        """Show what is known."""
        self.update()

    def on_resize(self, _event: Resize) -> None:
        """Choose the columns anew."""
        self.update()
        self.refresh()

    def on_click(self, event: Click) -> None:
        """Put the cursor where the mouse is; a second click opens the row."""
        y = event.get_content_offset_capture(self).y + self.scroll_offset.y - 1
        if 0 <= y < len(self._names):
            if event.chain > 1 and self._names[y] == self.chosen:
                self.action_open()
            self.choose(self._names[y])

    def notify_style_update(self) -> None:
        """Paint anew in the new colours."""
        super().notify_style_update()
        self._inks.clear()
        self.call_after_refresh(self.update)
        self.refresh()

    def watch_has_focus(self, focus: bool) -> None:
        """Show whose cursor it is."""
        super().watch_has_focus(focus)
        self.refresh()

    def render_line(self, y: int) -> Strip:
        """Give a line of what is in sight."""
        at, width = y + self.scroll_offset.y, self.scrollable_content_region.width
        plain = self.ink("")
        if not self._names:
            text = "no faults · f shows all" if self.only_faults else self.nothing()
            strip = Strip([Segment(text, self.ink("secondary"))] if at == 0 else [])
        elif at == 0:
            strip = Strip([Segment(" " * MARGIN, plain), *self.head()])
        elif at <= len(self._names):
            strip = self._row(self._names[at - 1])
        else:
            strip = Strip([])
        return strip.adjust_cell_length(width, strip_style(strip) or plain)

    def refresh_row(self, name: str) -> None:
        """Paint one row again."""
        if name in self._names:
            self.refresh_line(self._names.index(name) + 1)

    def _row(self, name: str) -> Strip:
        here = name == self.chosen
        cursor = CURSOR if here else " "
        mark = MARK if name in self.marked else " "
        lead = [Segment(cursor, self.ink("primary", bold=True)),
                Segment(mark, self.ink("accent", bold=True))]  # fmt: skip
        strip = Strip([*lead, *self.row(name)])
        if not here:
            return strip
        width = self.scrollable_content_region.width
        ground = Style(bgcolor=self.app.theme_variables["panel" if self.has_focus else "surface"])
        return strip.adjust_cell_length(width, self.ink("")).apply_style(ground)

    def ink(self, name: str, bold: bool = False) -> Style:
        """Give the widget's own style, in the theme's colour of that name."""
        found = self._inks.get((name, bold))
        if found is None:
            colour = ink(self, name, bold=bold) if name else Style()
            found = self._inks[name, bold] = self.rich_style + colour
        return found


def strip_style(strip: Strip) -> Style | None:
    """Give the style in which a strip ends."""
    return next((segment.style for segment in reversed(list(strip))), None)


def fitted(texts: Sequence[str], widths: Sequence[int]) -> list[str]:
    """Cut or fill each text to its width; what is cut ends in an ellipsis."""
    return [
        text.ljust(width) if len(text) <= width else text[: max(0, width - 1)] + "…" * (width > 0)
        for text, width in zip(texts, widths, strict=True)
    ]
