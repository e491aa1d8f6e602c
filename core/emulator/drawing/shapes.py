"""Outlines and the paper they are filled on: paths → polygons → antialiased, layered colour."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TypeAlias

import numpy as np
from PIL import Image, ImageDraw

from core.emulator.drawing.colour import Colour

Point: TypeAlias = tuple[float, float]
Outline: TypeAlias = Sequence[Point]
_CURVE_STEPS = 14
_SUPERSAMPLES = 4


@dataclass(frozen=True)
class Gradient:
    """One colour at the top of a shape that becomes another towards its bottom."""

    top: Colour
    bottom: Colour


def path(text: str) -> list[Outline]:
    """Read a small dialect of SVG's paths, absolute coordinates only.

    M, L, C, Q and Z as in SVG; `S x y x y …` a smooth closed curve through the points;
    `E cx cy rx ry` an ellipse; `R cx cy r w` a ring, w wide. Each M, S, E and R begins another
    outline.
    """
    outlines: list[Outline] = []
    points: list[Point] = []
    for command, numbers in _commands(text):
        pairs = list(zip(numbers[::2], numbers[1::2], strict=True))
        match command:
            case "M":
                points = list(pairs)
                outlines.append(points)
            case "L":
                points.extend(pairs)
            case "Q":
                for control, end in zip(pairs[::2], pairs[1::2], strict=True):
                    points.extend(_bezier([points[-1], control, end]))
            case "C":
                for first, second, end in zip(pairs[::3], pairs[1::3], pairs[2::3], strict=True):
                    points.extend(_bezier([points[-1], first, second, end]))
            case "S":
                outlines.append(smooth(pairs))
            case "E":
                outlines.append(ellipse(pairs[0], *pairs[1]))
            case "R":
                radius, width = pairs[1]
                outlines.append(ring(pairs[0], radius, width))
    return outlines


def _commands(text: str) -> Iterable[tuple[str, list[float]]]:
    command, numbers = "", list[float]()
    for word in text.split():
        if word.isalpha():
            if command:
                yield command, numbers
            command, numbers = word, []
        else:
            numbers.append(float(word))
    yield command, numbers


def _bezier(controls: Sequence[Point]) -> list[Point]:
    """Points on the curve, without its start (de Casteljau)."""
    found = []
    for step in range(1, _CURVE_STEPS + 1):
        share = step / _CURVE_STEPS
        row = list(controls)
        while len(row) > 1:
            row = [
                (a[0] + (b[0] - a[0]) * share, a[1] + (b[1] - a[1]) * share)
                for a, b in pairwise(row)
            ]
        found.append(row[0])
    return found


def smooth(points: Outline) -> list[Point]:
    """A closed curve through all points (Catmull-Rom)."""
    count = len(points)
    found: list[Point] = []
    for index in range(count):
        (ax, ay), (bx, by), (cx, cy), (dx, dy) = (
            points[(index + offset) % count] for offset in (-1, 0, 1, 2)
        )
        found.append((bx, by))
        found.extend(
            _bezier(
                [
                    (bx, by),
                    (bx + (cx - ax) / 6, by + (cy - ay) / 6),
                    (cx - (dx - bx) / 6, cy - (dy - by) / 6),
                    (cx, cy),
                ]
            )
        )
    return found


def ellipse(centre: Point, x_radius: float, y_radius: float | None = None) -> list[Point]:
    y_radius = x_radius if y_radius is None else y_radius
    steps = 72
    return [
        (
            centre[0] + x_radius * math.cos(math.tau * step / steps),
            centre[1] + y_radius * math.sin(math.tau * step / steps),
        )
        for step in range(steps)
    ]


def ring(centre: Point, radius: float, width: float) -> list[Point]:
    """A circle without its inside, as one outline with a seam."""
    outer, inner = ellipse(centre, radius), ellipse(centre, radius - width)
    return [*outer, outer[0], inner[0], *reversed(inner)]


def rectangle(left: float, top: float, right: float, bottom: float) -> list[Point]:
    return [(left, top), (right, top), (right, bottom), (left, bottom)]


def band(points: Outline, width: float) -> list[Outline]:
    """A line of the given width through the points, with round joints and ends."""
    found: list[Outline] = []
    for (ax, ay), (bx, by) in pairwise(points):
        length = math.hypot(bx - ax, by - ay) or 1.0
        nx, ny = -(by - ay) / length * width / 2, (bx - ax) / length * width / 2
        found.append(
            [(ax + nx, ay + ny), (bx + nx, by + ny), (bx - nx, by - ny), (ax - nx, ay - ny)]
        )
    found.extend(ellipse(point, width / 2) for point in points)
    return found


class Sheet:
    """A transparent sheet that is painted by filling outlines, softly at the edges.

    Colours are kept premultiplied, which is what pasting an opaque colour through a mask gives.
    """

    def __init__(self, width: int, height: int, bleed: int = 0) -> None:
        """A sheet that reaches `bleed` pixels beyond a picture of width × height on each side."""
        self.width, self.height = width + 2 * bleed, height + 2 * bleed
        self._bleed = bleed
        self.image = Image.new("RGBA", (self.width, self.height))

    def fill(
        self, outlines: Iterable[Outline], paint: Colour | Gradient, opacity: float = 1.0
    ) -> None:
        """Fill the union of the outlines."""
        bleed = self._bleed
        outlines = [[(x + bleed, y + bleed) for x, y in outline] for outline in outlines]
        if not outlines:
            return
        xs = [x for outline in outlines for x, _ in outline]
        ys = [y for outline in outlines for _, y in outline]
        left, top = max(math.floor(min(xs)), 0), max(math.floor(min(ys)), 0)
        right, bottom = (
            min(math.ceil(max(xs)) + 1, self.width),
            min(math.ceil(max(ys)) + 1, self.height),
        )
        if right <= left or bottom <= top:
            return
        mask = _mask(outlines, (left, top, right, bottom), level=round(opacity * 255))
        gradient_top, gradient_bottom = min(ys), max(ys)
        self._paste(paint, (left, top, right, bottom), mask, gradient_top, gradient_bottom)

    def wash(self, stops: Sequence[tuple[float, Colour]]) -> None:
        """Cover the whole sheet with a vertical gradient; a stop is a height (0–1) and a colour."""
        heights = np.linspace(0, 1, self.height)
        column = np.stack(
            [
                np.interp(heights, [at for at, _ in stops], [colour[band] for _, colour in stops])
                for band in range(3)
            ],
            axis=-1,
        )
        strip = Image.fromarray(column.round().astype(np.uint8)[:, np.newaxis, :])
        self.image.paste(strip.resize((self.width, self.height)))

    def glow(self, centre: Point, radius: float, colour: Colour, opacity: float) -> None:
        """A round light that fades out to nothing at `radius`."""
        self.shade(centre, radius, radius, colour, opacity)

    def shade(
        self, centre: Point, x_radius: float, y_radius: float, colour: Colour, opacity: float
    ) -> None:
        """An oval of colour that fades out to nothing at its edge."""
        size = max(round(2 * x_radius), 1), max(round(2 * y_radius), 1)
        left = round(centre[0] - x_radius) + self._bleed
        top = round(centre[1] - y_radius) + self._bleed
        whole = left, top, left + size[0], top + size[1]
        seen = (
            max(whole[0], 0),
            max(whole[1], 0),
            min(whole[2], self.width),
            min(whole[3], self.height),
        )
        if seen[2] <= seen[0] or seen[3] <= seen[1]:
            return
        scale_x, scale_y = 256 / size[0], 256 / size[1]
        part = (
            (seen[0] - left) * scale_x,
            (seen[1] - top) * scale_y,
            (seen[2] - left) * scale_x,
            (seen[3] - top) * scale_y,
        )
        falloff = Image.radial_gradient("L").point(
            [round(255 * opacity * max(1 - level / 180, 0) ** 2) for level in range(256)]
        )
        mask = falloff.resize(
            (seen[2] - seen[0], seen[3] - seen[1]), Image.Resampling.BILINEAR, box=part
        )
        self._cover(Image.new("RGBA", mask.size, colour), seen, mask)

    def stick(self, picture: Image.Image, corner: Point) -> None:
        """Put an opaque picture on the sheet, its upper left at `corner`."""
        at = round(corner[0]) + self._bleed, round(corner[1]) + self._bleed
        self.image.paste(picture.convert("RGBA"), at)

    def _paste(
        self,
        paint: Colour | Gradient,
        box: tuple[int, int, int, int],
        mask: Image.Image,
        gradient_top: float,
        gradient_bottom: float,
    ) -> None:
        if not isinstance(paint, Gradient):
            self._cover(Image.new("RGBA", mask.size, paint), box, mask)
            return
        rows = np.arange(box[1], box[3]) + 0.5
        share = np.clip((rows - gradient_top) / max(gradient_bottom - gradient_top, 1e-6), 0, 1)
        start, end = np.array([*paint.top, 255]), np.array([*paint.bottom, 255])
        column = start + (end - start) * share[:, np.newaxis]
        strip = Image.fromarray(column.round().astype(np.uint8)[:, np.newaxis, :], "RGBA")
        self._cover(strip.resize(mask.size), box, mask)

    def _cover(
        self, colours: Image.Image, box: tuple[int, int, int, int], mask: Image.Image
    ) -> None:
        # An image, never a bare colour: where a sheet is clear, Pillow pastes a colour's red, green
        # and blue at full strength whatever the mask, which is not premultiplied.
        self.image.paste(colours, box, mask)


def _mask(outlines: Sequence[Outline], box: tuple[int, int, int, int], level: int) -> Image.Image:
    """How much of each pixel in the box the outlines cover, 0 to `level`."""
    left, top, right, bottom = box
    # Large areas have long edges, on which fewer steps suffice; they also cost the most.
    scale = _SUPERSAMPLES if (right - left) * (bottom - top) < 1_500_000 else 3
    large = Image.new("L", ((right - left) * scale, (bottom - top) * scale))
    pen = ImageDraw.Draw(large)
    for outline in outlines:
        pen.polygon([((x - left) * scale, (y - top) * scale) for x, y in outline], fill=level)
    return large.reduce(scale)
