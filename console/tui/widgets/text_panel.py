"""TextPanel: a scrolled panel of text, drawn again when it differs; what it says can be copied."""

from __future__ import annotations

from rich.text import Text
from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.content import Content
from textual.widgets import Static


class TextPanel(VerticalScroll, can_focus=True):
    """A panel that shows a text; subclasses make it in `draw`."""

    DEFAULT_CSS = """
    TextPanel { scrollbar-size-vertical: 1; }
    TextPanel:focus { background-tint: $foreground 0%; }
    TextPanel > Static { width: 100%; height: auto; }
    """

    def __init__(self, *, id: str) -> None:  # noqa: A002 - Textual's name for it
        super().__init__(id=id)
        self._text = Text()
        self._caption: tuple[Content, Content] | None = None

    def compose(self) -> ComposeResult:
        """Hold the text."""
        yield Static()

    def draw(self) -> Text:
        """Give the text."""
        return self._text

    def copy_text(self) -> str:
        """Give the text without colours."""
        return self.draw().plain

    def update(self) -> None:
        """Draw anew what differs."""
        if self.is_mounted and self.display and self.query(Static):
            text = self.draw()
            if text != self._text or text.spans != self._text.spans:
                self._text = text
                self.query_one(Static).update(text)

    def caption(self, title: str, subtitle: str = "") -> None:
        """Set the border's texts; only when they differ, as setting them repaints everything."""
        said = Content(title), Content.styled(subtitle, "$secondary")
        if self._caption != said:
            self._caption = said
            self.border_title, self.border_subtitle = said

    def on_resize(self) -> None:
        """Draw to the new width."""
        self.call_after_refresh(self.update)

    def on_show(self) -> None:
        """Draw what was not drawn while hidden."""
        self.call_after_refresh(self.update)

    def notify_style_update(self) -> None:
        """Draw in the new colours."""
        super().notify_style_update()
        self.call_after_refresh(self.update)
