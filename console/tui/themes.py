"""The two themes, dark and light: quiet greys, and colours that the colour-blind can tell apart."""

from __future__ import annotations

from textual.theme import Theme

# Okabe and Ito's palette, shifted for contrast on each background. Colour is never the only cue.
DARK = Theme(
    name="edgead-dark",
    dark=True,
    primary="#56B4E9",
    secondary="#93A1AF",
    accent="#E69F00",
    success="#2FC9A0",
    warning="#E69F00",
    error="#FF6B4A",
    foreground="#DADFE4",
    background="#0F1113",
    surface="#171A1D",
    panel="#23272B",
    variables={
        "rule": "#343A40",
        "central": "#56B4E9",
        "distributed": "#E69F00",
        "series-0": "#D98BBB",
        "series-1": "#2FC9A0",
        "series-2": "#E8DC5A",
        "series-3": "#9FAEDB",
        "series-4": "#D6A27C",
        "series-5": "#B7C0C9",
        "footer-background": "#171A1D",
        "footer-key-foreground": "#56B4E9",
    },
)
LIGHT = Theme(
    name="edgead-light",
    dark=False,
    primary="#0068A5",
    secondary="#5A6672",
    accent="#B35100",
    success="#00795A",
    warning="#A04F00",
    error="#C2300E",
    foreground="#1E252C",
    background="#F7F8FA",
    surface="#FFFFFF",
    panel="#E9ECF0",
    variables={
        "rule": "#C3CAD2",
        "central": "#0072B2",
        "distributed": "#C25700",
        "series-0": "#A23B7C",
        "series-1": "#00795A",
        "series-2": "#857300",
        "series-3": "#4B5FA5",
        "series-4": "#8A5A33",
        "series-5": "#56616B",
        "footer-background": "#E9ECF0",
        "footer-key-foreground": "#0068A5",
    },
)
# A theme of Textual's own may be set from outside (TEXTUAL_THEME); it lacks these.
OURS = ("rule", "central", "distributed", *(f"series-{number}" for number in range(6)))
DEFAULTS = {name: DARK.variables[name] for name in OURS}
