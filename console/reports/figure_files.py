"""A figure as a file: SVG by hand, PNG by Pillow; both draw the same shapes."""

from __future__ import annotations

import io
from html import escape
from itertools import pairwise
from typing import TYPE_CHECKING

from edgead.console.reports.figure import HEIGHT, PAPER, WIDTH, Figure, Label, Path, shapes

if TYPE_CHECKING:
    from PIL.ImageDraw import ImageDraw
    from PIL.ImageFont import FreeTypeFont, ImageFont

SCALE = 2  # pixels of a PNG for one of the figure: sharp on paper and on dense screens


def as_svg(figure: Figure) -> str:
    """Write a figure as SVG: text stays text."""
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{HEIGHT}"'
        f' viewBox="0 0 {WIDTH} {HEIGHT}" font-family="Helvetica, Arial, sans-serif">'
    )
    ground = f'<rect width="100%" height="100%" fill="{PAPER}"/>'
    body = [_svg_path(s) if isinstance(s, Path) else _svg_label(s) for s in shapes(figure)]
    return "\n".join([head, ground, *body, "</svg>", ""])


def _svg_path(path: Path) -> str:
    points = " ".join(f"{x:.1f},{y:.1f}" for x, y in path.points)
    dashes = f' stroke-dasharray="{" ".join(map(str, path.dashes))}"' if path.dashes else ""
    return (
        f'<polyline points="{points}" fill="none" stroke="{path.colour}"'
        f' stroke-width="{path.width:g}" stroke-linecap="round"{dashes}/>'
    )


def _svg_label(label: Label) -> str:
    turn = f' transform="rotate(-90 {label.x:.1f} {label.y:.1f})"' if label.upwards else ""
    return (
        f'<text x="{label.x:.1f}" y="{label.y:.1f}" fill="{label.colour}"'
        f' font-size="{label.size}" text-anchor="{label.anchor}"{turn}>{escape(label.text)}</text>'
    )


def as_png(figure: Figure) -> bytes:
    """Draw a figure as PNG, SCALE times as large as its SVG."""
    from PIL import Image, ImageDraw

    # Drawn twice as large again and made smaller, so that slanted lines are smooth.
    image = Image.new("RGB", (2 * SCALE * WIDTH, 2 * SCALE * HEIGHT), PAPER)
    draw = ImageDraw.Draw(image)
    drawn = shapes(figure)
    for shape in drawn:
        if isinstance(shape, Path):
            _draw_path(draw, shape)
    for shape in drawn:
        if isinstance(shape, Label):
            _draw_label(image, draw, shape)
    out = io.BytesIO()
    image.resize((SCALE * WIDTH, SCALE * HEIGHT), Image.Resampling.LANCZOS).save(out, "PNG")
    return out.getvalue()


def _draw_path(draw: ImageDraw, path: Path) -> None:
    size = 2 * SCALE
    points = [(x * size, y * size) for x, y in path.points]
    width = max(1, round(path.width * size))
    if not path.dashes:
        draw.line(points, path.colour, width, joint="curve")
        return
    for piece in _dashed(points, [length * size for length in path.dashes]):
        draw.line(piece, path.colour, width)


def _dashed(
    points: list[tuple[float, float]], lengths: list[int]
) -> list[list[tuple[float, float]]]:
    """Cut a line into its dashes, which go on around its corners."""
    pieces: list[list[tuple[float, float]]] = []
    at, left, on = 0, float(lengths[0]), True
    piece = [points[0]]
    for (x0, y0), (x1, y1) in pairwise(points):
        length = ((x1 - x0) ** 2 + (y1 - y0) ** 2) ** 0.5
        gone = 0.0
        while length - gone > left:
            gone += left
            corner = (x0 + (x1 - x0) * gone / length, y0 + (y1 - y0) * gone / length)
            if on:
                pieces.append([*piece, corner])
            piece, on, at = [corner], not on, (at + 1) % len(lengths)
            left = float(lengths[at])
        left -= length - gone
        piece.append((x1, y1))
    return [*pieces, piece] if on and len(piece) > 1 else pieces


def _draw_label(image: object, draw: ImageDraw, label: Label) -> None:
    from PIL import Image

    size, font = 2 * SCALE, _font(label.size)
    anchor = {"start": "ls", "middle": "ms", "end": "rs"}[label.anchor]
    place = (label.x * size, label.y * size)
    if not label.upwards:
        draw.text(place, label.text, label.colour, font, anchor)
        return
    from PIL import ImageDraw as Draw

    left, top, right, bottom = draw.textbbox((0, 0), label.text, font, "ls")
    layer = Image.new("RGBA", (int(right - left) + 8, int(bottom - top) + 8))
    Draw.Draw(layer).text((4 - left, 4 - top), label.text, label.colour, font, "ls")
    turned = layer.rotate(90, expand=True)
    middle = (int(place[0]) - turned.width, int(place[1]) - turned.height // 2)
    assert isinstance(image, Image.Image)
    image.paste(turned, middle, turned)


def _font(size: int) -> FreeTypeFont | ImageFont:
    """Give the font that Pillow brings along: no machine needs one of its own."""
    from PIL import ImageFont

    return ImageFont.load_default(size * 2 * SCALE)
