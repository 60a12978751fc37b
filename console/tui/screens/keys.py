"""Bindings made from the tables of actions, and the groups they stand in in the footer."""

from __future__ import annotations

from collections.abc import Sequence

from textual.binding import Binding, BindingType

from edgead.console.session.actions import Action

SHOWN = ("check", "shell", "replay", "rerun")
EVERYWHERE = ("halt",)  # the app itself has their keys


def keys_for(kind: str, actions: Sequence[Action]) -> list[BindingType]:
    """Give the keys of these actions; `enter` and those without one are left out."""
    shown = {"exclamation_mark": "!"}
    return [
        Binding(
            action.key,
            f"app.act('{kind}', '{action.name}')",
            action.title,
            show=action.name in SHOWN,
            tooltip=action.about,
            key_display=shown.get(action.key),
        )
        for action in actions
        if action.key not in ("", "enter") and action.name not in EVERYWHERE
    ]
