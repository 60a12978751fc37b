"""Random nasty charts, drawn in a process of their own: none may kill it through plotext."""

from __future__ import annotations

import subprocess
import sys

FUZZ = """
import faulthandler, math, random, sys
faulthandler.enable()
from edgead.console.plotting import limits
from edgead.console.widgets.plot import Chart, Inks, Line, draw_chart

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


def test_no_chart_kills_the_process():
    done = subprocess.run(
        [sys.executable, "-c", FUZZ, "11", "400"], capture_output=True, text=True, timeout=240
    )
    assert done.returncode == 0, done.stderr[-3000:]
    assert int(done.stdout.split()[1]) > 100
