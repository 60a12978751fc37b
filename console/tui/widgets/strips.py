"""StripView: a panel drawn in whole lines, kept, and repainted only where cells changed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.segment import Segment
from rich.style import Style
from textual.content import Content
from textual.events import Resize, Show
from textual.geometry import Region
from textual.strip import Strip
from textual.widget import Widget

from edgead.console.canvas import Canvas
from edgead.console.tui.widgets.ink import ink

if TYPE_CHECKING:
    from typing_extensions import Self


class StripView(Widget, can_focus=True):
    """Draws with `draw`, whenever told to `redraw`, resized, shown or themed anew."""

    DEFAULT_CSS = "StripView { width: 1fr; height: 1fr; }"

    def __init__(self, *, id: str) -> None:  # noqa: A002 - Textual's name for it
        self._edge: Region | None = None  # the border's row whose text is being set
        super().__init__(id=id)
        self._strips: list[Strip] = []
        self._caption: tuple[Content, Content] | None = None

    def draw(self) -> list[Strip]:
        """Give the lines of the whole panel, from its top."""
        raise NotImplementedError

    def copy_text(self) -> str:
        """Give what is drawn as tab-separated lines, heads first."""
        raise NotImplementedError

    def redraw(self) -> None:
        """Draw anew and repaint what differs."""
        if not self.is_mounted or not self.display or not self.size:
            return
        width = self.size.width
        drawn = [strip.adjust_cell_length(width, self.rich_style) for strip in self.draw()]
        regions = changed_regions(self._strips, drawn, width)
        self._strips = drawn
        if regions:
            self.refresh(*regions)

    def caption(self, title: Content, subtitle: Content) -> None:
        """Set the border's texts, where they differ, and have nothing but their rows painted."""
        before, self._caption = self._caption or (None, None), (title, subtitle)
        top = -self.content_offset.y
        if before[0] != title:
            self._edge = self._row(top)
            self.border_title = title
        if before[1] != subtitle:
            self._edge = self._row(top + self.outer_size.height - 1)
            self.border_subtitle = subtitle
        self._edge = None

    def _row(self, y: int) -> Region:
        """Give a row of the widget with its border; y is from the top of what is inside."""
        return Region(-self.content_offset.x, y, self.outer_size.width, 1)

    def refresh(
        self,
        *regions: Region,
        repaint: bool = True,
        layout: bool = False,
        recompose: bool = False,
    ) -> Self:
        """Paint anew; while a border's text is set, its row alone."""
        if self._edge is not None and not regions:
            regions = (self._edge,)
        return super().refresh(*regions, repaint=repaint, layout=layout, recompose=recompose)

    def render_line(self, y: int) -> Strip:
        """Give a line from those kept."""
        if y < len(self._strips):
            return self._strips[y]
        return Strip.blank(self.size.width, self.rich_style)

    def notify_style_update(self) -> None:
        """Draw anew in the new colours."""
        super().notify_style_update()
        self.call_after_refresh(self.redraw)

    def on_resize(self, _event: Resize) -> None:
        """Draw anew in the new size."""
        self.redraw()

    def on_show(self, _event: Show) -> None:
        """Draw what was not drawn while hidden."""
        self.redraw()

    def painted(self, canvas: Canvas) -> list[Strip]:
        """Turn a canvas into lines in the theme's colours."""
        base = self.rich_style
        return [
            Strip([Segment(text, base + ink(self, name)) for text, name in canvas.runs(row)])
            for row in range(canvas.height)
        ]

    def empty(self, text: str) -> list[Strip]:
        """Give a quiet line of text in the middle."""
        canvas = Canvas(*self.size)
        text = text[: canvas.width]
        canvas.put((canvas.width - len(text)) // 2, canvas.height // 2, text, "secondary")
        return self.painted(canvas)


def changed_regions(old: list[Strip], new: list[Strip], width: int) -> list[Region]:
    """Give, a line each, the cells that differ; the whole where the number of lines does."""
    if len(old) != len(new):
        return [Region(0, 0, width, max(len(old), len(new)))]
    regions = []
    for y, (before, after) in enumerate(zip(old, new, strict=True)):
        if before != after:
            was, now = _cells(before), _cells(after)
            differing = [
                x for x, pair in enumerate(zip(was, now, strict=False)) if pair[0] != pair[1]
            ]
            whole = len(was) != len(now) or not differing
            first, last = (0, width - 1) if whole else (differing[0], differing[-1])
            regions.append(Region(first, y, last - first + 1, 1))
    return regions


def _cells(strip: Strip) -> list[tuple[str, Style | None]]:
    return [(character, segment.style) for segment in strip for character in segment.text]
