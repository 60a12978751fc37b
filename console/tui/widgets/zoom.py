"""ZoomView: a plot whose x axis can be zoomed and moved, by keys and by the mouse's wheel."""

from __future__ import annotations

from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.events import MouseScrollDown, MouseScrollUp
from textual.reactive import reactive

from edgead.console.plotting import Limits, panned, zoomed
from edgead.console.tui.widgets.strips import StripView

IN, OUT, STEP = 0.5, 2.0, 0.25


class ZoomView(StripView):
    """Keeps `view`, the part of the x axis in sight; None for all of it, which then follows."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("plus,equals_sign", "zoom_x(0.5)", "Zoom in", key_display="+", show=False),
        Binding("minus", "zoom_x(2)", "Zoom out", key_display="-", show=False),
        Binding("left", "pan_x(-0.25)", "Earlier", show=False),
        Binding("right", "pan_x(0.25)", "Later", show=False),
        Binding("0,home", "whole_x", "The whole again", key_display="0", show=False),
    ]
    view: reactive[Limits | None] = reactive(None, init=False)

    def whole(self) -> Limits:
        """Give the ends of the whole x axis."""
        raise NotImplementedError

    @property
    def shown(self) -> Limits:
        """The ends of what is in sight."""
        return self.view or self.whole()

    def watch_view(self) -> None:
        """Draw what is in sight now."""
        self.redraw()

    def action_zoom_x(self, factor: float, share: float = 1.0) -> None:
        """Scale the view around a share of its width; its end by default, where things happen."""
        low, high = self.shown
        self.view = zoomed((low, high), self.whole(), factor, low + (high - low) * share)

    def action_pan_x(self, share: float) -> None:
        """Move the view by a share of its width."""
        self.view = panned(self.shown, self.whole(), share)

    def action_whole_x(self) -> None:
        """See the whole again."""
        self.view = None

    def on_mouse_scroll_up(self, event: MouseScrollUp) -> None:
        """Zoom in on where the mouse is; with shift or ctrl go to what was earlier."""
        self._wheel(event, IN, -STEP)

    def on_mouse_scroll_down(self, event: MouseScrollDown) -> None:
        """Zoom out; with shift or ctrl go to what was later."""
        self._wheel(event, OUT, STEP)

    def _wheel(self, event: MouseScrollUp | MouseScrollDown, factor: float, step: float) -> None:
        event.stop()
        if event.shift or event.ctrl:
            self.action_pan_x(step)
        else:
            self.action_zoom_x(factor, min(1.0, max(0.0, event.x / max(1, self.size.width))))
