"""Figure 4.1 as SVG and as PNG."""

import io
import math
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from edgead.console.reports.figure import (
    HEIGHT,
    WIDTH,
    Figure,
    Label,
    Path,
    Trace,
    loss_figure,
    shapes,
)
from edgead.console.reports.figure_files import SCALE, as_png, as_svg
from edgead.console.runs.state import Epoch, TrialState

SVG = "{http://www.w3.org/2000/svg}"


def state(run, losses):
    return TrialState(run=run, epochs=[Epoch(n, loss, 1.0) for n, loss in enumerate(losses, 1)])


def test_svg_has_a_line_and_a_name_for_each_run():
    figure = loss_figure([state("T-001", [3, 2, 1]), state("T-<2>", [2, 1.5, 1.2])])
    root = ET.fromstring(as_svg(figure))
    texts = [each.text for each in root.iter(f"{SVG}text")]
    assert "T-001 fast·3" in texts and "T-<2> fast·3" in texts and "epoch" in texts
    curves = [each for each in root.iter(f"{SVG}polyline") if each.get("stroke-width") == "2"]
    assert [len(each.get("points").split()) for each in curves] == [3, 3]


def test_png_is_a_picture_of_the_same_shapes():
    content = as_png(loss_figure([state("T-001", [3, 2, 1])]))
    picture = Image.open(io.BytesIO(content)).convert("RGB")
    assert picture.size == (SCALE * WIDTH, SCALE * HEIGHT)
    assert (0, 114, 178) in {colour for _, colour in picture.getcolors(1 << 24)}


def test_a_loss_that_is_no_number_breaks_the_curve():
    figure = loss_figure([state("T-001", [3, 2, math.nan, 1, 0.5])])
    assert sum(isinstance(s, Path) and s.width == 2 for s in shapes(figure)) == 2


@pytest.mark.parametrize("losses", [[], [math.nan], [1.0]])
def test_few_points_are_drawn_too(losses):
    figure = loss_figure([state("T-001", losses)])
    assert as_svg(figure).startswith("<svg") and as_png(figure)[:4] == b"\x89PNG"


numbers = st.floats() | st.floats(-5, 5)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.lists(st.tuples(numbers, numbers), max_size=12), max_size=3), st.booleans())
def test_any_points_lie_on_the_picture(curves, log):
    traces = [Trace(f"n{at}", sorted(points)) for at, points in enumerate(curves)]
    found = shapes(Figure("t", "x", "y", traces, log))
    for shape in found:
        places = [(shape.x, shape.y)] if isinstance(shape, Label) else shape.points
        assert all(-1 <= x <= WIDTH + 1 and -1 <= y <= HEIGHT + 1 for x, y in places)
