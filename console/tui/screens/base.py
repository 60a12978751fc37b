"""PanelScreen: what all screens with panels share: sizes, views, maximise, copy, faults."""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar, Protocol, cast, runtime_checkable

from textual.binding import Binding, BindingType
from textual.screen import Screen
from textual.widget import Widget

from edgead.console.session.actions import Action
from edgead.console.session.session import Session
from edgead.console.tui.messages import FleetChanged, TrialChanged
from edgead.console.tui.screens.breakpoints import HORIZONTAL, VERTICAL
from edgead.console.tui.widgets.header import TrialBar


@runtime_checkable
class Copied(Protocol):
    """A panel whose text can be copied."""

    def copy_text(self) -> str:
        """Give its text."""


class Filtered(Protocol):
    """A panel that can show only what is wrong."""

    only_faults: bool

    def update(self) -> None:
        """Show it as it is now."""


PANEL_KEYS: list[BindingType] = [
    Binding("v", "next_view", "View", show=False, tooltip="the next panel, where one is shown"),
    Binding("f", "faults", "Faults", show=False, tooltip="only what is wrong, or all"),
    Binding("m", "zoom", "Maximise", show=False, tooltip="the panel in focus fills the screen"),
    Binding("y", "copy", "Copy", show=False, tooltip="the text of the panel in focus"),
]


class PanelScreen(Screen[None]):
    """Panels of class `panel`, by id. Narrow screens show one of `VIEWS`, the rest always.

    A subclass draws in `update`, called after any change, and names in `CSS` what each class
    shows: the screen carries `-narrow`, `-normal` or `-wide`, and the view's name with a dash.
    """

    HORIZONTAL_BREAKPOINTS: list[tuple[int, str]] | None = HORIZONTAL
    VERTICAL_BREAKPOINTS: list[tuple[int, str]] | None = VERTICAL
    VIEWS: ClassVar[tuple[str, ...]] = ()
    BINDINGS: ClassVar[list[BindingType]] = PANEL_KEYS

    def __init__(self, session: Session) -> None:
        super().__init__()
        self.session = session
        self.view = ""
        if self.VIEWS:
            self.set_view(self.VIEWS[0])

    # -- what a subclass says

    def update(self) -> None:
        """Show the session as it is now."""

    def update_fleet(self) -> None:
        """Show the fleet as it is now; by default everything."""
        self.update()

    def subject(self, kind: str = "") -> tuple[tuple[Action, ...], list[str]]:
        """Give the actions that are meant now, and the names of what they are for.

        `kind`, node or trial, says which are asked for; else it is what is in focus.
        """
        return (), []

    # -- changes

    def on_mount(self) -> None:
        """Show what there is."""
        self._show(self.update)

    def on_screen_resume(self) -> None:
        """Show what has changed while another screen was on top."""
        self.call_after_refresh(self._show, self.update)

    def on_trial_changed(self, _message: TrialChanged) -> None:
        """Show it."""
        self._show(self.update)

    def on_fleet_changed(self, _message: FleetChanged) -> None:
        """Show it."""
        self._show(self.update_fleet)

    def _show(self, update: Callable[[], None]) -> None:
        """Show it where there is something to show it in: not while the app is being closed."""
        bars = self.query(TrialBar)
        if bars and not self.app._exit:
            bars.first().refresh()
            update()

    # -- keys

    def set_view(self, view: str) -> None:
        """Show a view where there is room for one only."""
        self.view = view
        for name in self.VIEWS:
            self.set_class(name == view, f"-{name}")

    def action_next_view(self) -> None:
        """Show and focus the next view."""
        if self.VIEWS:
            at = self.VIEWS.index(self.view)
            self.action_view(self.VIEWS[(at + 1) % len(self.VIEWS)])

    def action_view(self, view: str) -> None:
        """Show and focus a view; one that fills the screen gives way to it."""
        self.set_view(view)
        panel = self.panel_of(view)
        if self.maximized is not None:
            self.minimize()
            self.call_after_refresh(self.maximize, panel)
        self.call_after_refresh(panel.focus)

    def panel_of(self, view: str) -> Widget:
        """Give the panel of a view."""
        return self.query_one(f"#{view}", Widget)

    def focused_panel(self) -> Widget | None:
        """Give the panel in focus, or that something in focus is in."""
        node = self.focused
        while node is not None and not node.has_class("panel"):
            node = node.parent if isinstance(node.parent, Widget) else None
        return node

    def action_zoom(self) -> None:
        """Let the panel in focus, else the view, fill the screen; or undo that."""
        if self.maximized is not None:
            self.minimize()
            return
        panel = self.focused_panel() or (self.panel_of(self.view) if self.view else None)
        if panel is not None:
            panel.focus()
            self.maximize(panel, container=False)

    def action_copy(self) -> None:
        """Put the text of the panel in focus, else of the view, on the clipboard."""
        panel = self.focused_panel() or (self.panel_of(self.view) if self.view else None)
        if isinstance(panel, Copied):
            text = panel.copy_text()
            self.app.copy_to_clipboard(text)
            lines = text.count("\n") + 1 if text else 0
            name = cast("Widget", panel).id
            self.notify(f"{name}: {lines} lines on the clipboard", markup=False)

    def action_faults(self) -> None:
        """Show only faults, or all, in every panel that can tell."""
        found = [panel for panel in self.query(".panel") if hasattr(panel, "only_faults")]
        panels = [cast("Filtered", panel) for panel in found]
        only = not any(panel.only_faults for panel in panels)
        for panel in panels:
            panel.only_faults = only
            panel.update()
        self.update()
