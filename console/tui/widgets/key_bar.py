"""KeyBar: Textual's footer, without every key that it ever showed."""

from __future__ import annotations

from textual.widgets import Footer


class KeyBar(Footer):
    """Lets go of the keys that it shows no more.

    A footer watches for keys that are gone until its `compact` changes, which it never does: some
    30 KB for every change of the keys (Textual, issue 6666).
    """

    async def recompose(self) -> None:
        """Show other keys."""
        await super().recompose()
        self.mutate_reactive(Footer.compact)
