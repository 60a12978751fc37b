"""Random nasty charts, drawn in a process of their own: none may kill it through plotext."""

from __future__ import annotations

import subprocess
import sys

import pytest

FUZZ = """
import faulthandler, math, random, sys
faulthandler.enable()
from edgead.console.plotting import limits
from edgead.console.tui.widgets.plot import Chart, Inks, Line, draw_chart

dice = random.Random(int(sys.argv[1]))
inks = Inks((9, 9, 9), (8, 8, 8), (7, 7, 7), (0, 0, 0))
NASTY = [math.nan, math.inf, -math.inf, None, 0.0, -0.0, -1.0, 5e-324, 1e-300, 1e9, 1e300, 1e308,
         -1e308, 1.7976931348623157e308]
SIZES = [(0, 0), (1, 1), (15, 4), (16, 4), (16, 300), (30, 8), (54, 13), (80, 24), (200, 50),
         (1000, 5), (5000, 5000)]
drawn = 0
for _ in range(int(sys.argv[2])):
    log = dice.random() < 0.5
    lines = []
    for _ in range(dice.choice([0, 1, 2, 4])):
        count = dice.choice([0, 1, 2, 3, 10, 200, 3000])
        bad = dice.choice([0, .1, .9])
        value = lambda: dice.choice(NASTY) if dice.random() < bad else dice.random() * 10
        place = lambda i: dice.choice(NASTY) if dice.random() < .05 else i * 10 / count
        lines.append(Line([(place(i), value()) for i in range(count)], (200, 100, 50)))
    known = [y for line in lines for _, y in line.points]
    y_limits = limits(known if dice.random() < .7 else [0.01, 5.0], log)
    width, height = dice.choice(SIZES)
    text = draw_chart(Chart(lines, (0.0, 10.0), y_limits, log, 10.0), width, height, inks)
    drawn += bool(text)
print("drawn", drawn)
"""


# Every plot of the app, over trials whose logs say anything at all.
PANELS = """
import asyncio, faulthandler, math, random, sys
faulthandler.enable()
from types import SimpleNamespace
from textual.app import App
from edgead.console.events import Event
from edgead.console.runs.state import TrialState, apply
from edgead.console.tui.themes import DARK, DEFAULTS
from edgead.console.tui.widgets.plots import PLOTS

dice = random.Random(int(sys.argv[1]))
NASTY = [math.nan, math.inf, -math.inf, None, 0, -1, 5e-324, 1e300, 1e308, -1e308, 10**400, "x", [],
         {}, True]
SIZES = [(1, 1), (16, 5), (54, 13), (80, 24), (200, 50)]
FIELDS = {
    "started": ("run", "spec", "tasks"), "dataset": ("synthetic", "rows"),
    "phase": ("phase", "state", "seconds"), "stage": ("node", "seconds"),
    "step": ("epoch", "step", "steps", "loss"), "round": ("epoch", "step", "steps", "parts"),
    "epoch": ("epoch", "epochs", "loss", "seconds"), "threshold": ("value",),
    "telemetry": ("node", "power_mw", "celsius", "cpu", "gpu"),
    "scoring": ("split", "done", "rows"), "score": ("split", "accuracy", "f1", "rows", "visited"),
}

def plain(name):
    match name:
        case "node" | "run": return dice.choice(["a", "b", "node-3"])
        case "phase" | "split": return dice.choice(["train", "test", "connect", "ship", "prepare"])
        case "state": return dice.choice(["begin", "end"])
        case "parts": return [{each: value(each) for each in ("worker", "rows", "seconds", "loss")}
                              for _ in range(dice.choice([0, 1, 3, 12]))]
        case "worker": return dice.randrange(20)
        case "spec": return {"preset": "kdd99", "epochs": dice.choice([1, 10, 5000])}
        case "tasks": return [{"role": "worker", "index": 0, "node": "a"}]
        case "synthetic": return False
        case "steps": return 10
        case _: return dice.choice([dice.randrange(1, 11), dice.random() * 10])

def value(name):
    if name == "rows" and dice.random() < .3: return {"train": dice.choice([0, 1000, 10**9])}
    return dice.choice(NASTY) if dice.random() < .15 else plain(name)

def trial():
    state = TrialState()
    for at in range(dice.choice([0, 3, 60, 400])):
        kind = dice.choice(list(FIELDS))
        time = f"2026-01-01T00:{at // 60 % 60:02d}:{at % 60:02d}Z" if dice.random() < .95 else "x"
        apply(state, Event(time, kind, {name: value(name) for name in FIELDS[kind]}))
    return state

class Host(App):
    def __init__(self, session):
        super().__init__()
        self.register_theme(DARK)
        self.theme = DARK.name
        self.session = session
    def get_theme_variable_defaults(self): return DEFAULTS
    def compose(self):
        for plot in PLOTS:
            yield plot.make(self.session)

async def main():
    session = SimpleNamespace(trial=None, reference=None)
    app, drawn = Host(session), 0
    async with app.run_test(size=(200, 50)) as pilot:
        for _ in range(int(sys.argv[2])):
            session.trial, session.reference = trial(), dice.choice([None, trial()])
            shown = dice.choice(PLOTS).name
            for plot in PLOTS:
                app.query_one(f"#{plot.name}").display = plot.name == shown
            await pilot.resize_terminal(*dice.choice(SIZES))
            widget = app.query_one(f"#{shown}")
            if hasattr(widget, "view"):
                widget.view = dice.choice([None, (1.0, 2.0), (0.0, 1e-9)])
            if hasattr(widget, "logarithmic"):
                widget.logarithmic = dice.random() < .5
            widget.redraw()
            drawn += bool(widget.draw()) and bool(widget.copy_text())
    print("drawn", drawn)

asyncio.run(main())
"""


@pytest.mark.parametrize(
    ("program", "rounds", "least"), [(FUZZ, 400, 100), (PANELS, 150, 100)], ids=["charts", "panels"]
)
def test_nothing_kills_the_process(program, rounds, least):
    done = subprocess.run(
        [sys.executable, "-c", program, "11", str(rounds)],
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    assert int(done.stdout.split()[1]) > least
