"""Colours by name, from the theme in use."""

from __future__ import annotations

from rich.style import Style
from textual.color import Color
from textual.widget import Widget


def colour(widget: Widget, name: str, fade: float = 0.0) -> Color:
    """Give the theme's colour of that name, faded (0 to 1) into the widget's background."""
    found = Color.parse(widget.app.theme_variables[name])
    return found.blend(widget.background_colors[1], fade) if fade else found


def ink(widget: Widget, name: str, *, bold: bool = False, fade: float = 0.0) -> Style:
    """Give a style that writes in the theme's colour of that name, or as the widget does."""
    if not name:
        return widget.rich_style
    return Style(color=colour(widget, name, fade).rich_color, bold=bold or None)
