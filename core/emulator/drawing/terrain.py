"""What landscapes are made of: lines of hills, peaks, dunes and waves, and light on them."""

import math
from dataclasses import dataclass
from random import Random

from core.emulator.drawing.colour import Colour, darker, lighter, mix
from core.emulator.drawing.shapes import Gradient, Outline, Point, Sheet, ellipse
from core.emulator.drawing.stage import Stage


def down(line: Outline, stage: Stage) -> list[Point]:
    """The area below a line, to beyond the picture's foot."""
    bottom = stage.height + stage.bleed + 2
    return [*line, (line[-1][0], bottom), (line[0][0], bottom)]


def hills(rng: Random, stage: Stage, y: float, tall: float, waves: float) -> list[Point]:
    """A rolling line with about `waves` hills across the picture's longer side."""
    span = max(stage.width, stage.height)
    tunes = [
        (share, waves * pitch * math.tau / span, rng.random() * math.tau)
        for share, pitch in ((0.62, 1.0), (0.28, 2.3), (0.1, 4.9))
    ]
    step = max(stage.unit / 90, 2)
    return [
        (x, y - tall * sum(share * math.sin(pitch * x + phase) for share, pitch, phase in tunes))
        for x in _steps(stage.left, stage.right, step)
    ]


def swell(rng: Random, stage: Stage, y: float, tall: float, long: float) -> list[Point]:
    """A line of waves, pointed at their crests."""
    phase, second = rng.random() * math.tau, rng.random() * math.tau
    return [
        (
            x,
            y
            - tall * (1 - 2 * abs(math.sin(math.pi * x / long + phase)) ** 0.8)
            - tall * 0.6 * math.sin(x / long * 0.9 + second),
        )
        for x in _steps(stage.left, stage.right, max(stage.unit / 140, 1.5))
    ]


@dataclass(frozen=True)
class Peak:
    """One mountain of a range: its summit, and its two feet on the range's base."""

    left: Point
    summit: Point
    right: Point
    rough: tuple[float, ...]


def peaks(
    rng: Random, stage: Stage, base: float, tall: float, apart: float
) -> tuple[list[Point], list[Peak]]:
    """A jagged line, and the mountains that it is made of."""
    found = []
    x = stage.left - apart * rng.random()
    while x < stage.right + apart:
        high = tall * rng.uniform(0.55, 1.0)
        half = high * rng.uniform(0.85, 1.15)
        rough = tuple(rng.uniform(-0.03, 0.03) for _ in range(14))
        found.append(
            Peak(
                (x - half, base),
                (x + half * rng.uniform(-0.15, 0.15), base - high),
                (x + half, base),
                rough,
            )
        )
        x += apart * rng.uniform(0.7, 1.3)
    line = [
        (x, min(_height_at(peak, x, base) for peak in found))
        for x in _steps(stage.left, stage.right, max(stage.unit / 160, 1.5))
    ]
    return line, found


def _height_at(peak: Peak, x: float, base: float) -> float:
    left, summit, right = peak.left, peak.summit, peak.right
    if not left[0] < x < right[0]:
        return base
    edge = left if x < summit[0] else right
    share = (x - edge[0]) / (summit[0] - edge[0])
    tall = base - summit[1]
    # A broken slope: the same roughness along both sides, none at summit and foot.
    place = share * (len(peak.rough) - 1)
    step = min(int(place), len(peak.rough) - 2)
    rough = peak.rough[step] + (peak.rough[step + 1] - peak.rough[step]) * (place - step)
    return base - tall * (share + rough * math.sin(math.pi * share) * 1.6)


def shades(mountains: list[Peak]) -> list[Outline]:
    """The sides away from the light."""
    return [
        [
            peak.summit,
            *(_along(peak, share, "right") for share in (0.8, 0.6, 0.4, 0.2)),
            (peak.right[0] - 2, peak.right[1]),
            _between(
                peak.summit,
                (peak.summit[0], peak.right[1]),
                0.75,
                0.1 * (peak.right[0] - peak.summit[0]),
            ),
            _between(
                peak.summit,
                (peak.summit[0], peak.right[1]),
                0.45,
                -0.06 * (peak.right[0] - peak.summit[0]),
            ),
            _between(
                peak.summit,
                (peak.summit[0], peak.right[1]),
                0.22,
                0.07 * (peak.right[0] - peak.summit[0]),
            ),
        ]
        for peak in mountains
    ]


def caps(rng: Random, mountains: list[Peak], depth: float) -> list[Outline]:
    """Snow on the summits, down to a share of their height."""
    found: list[Outline] = []
    for peak in mountains:
        low = 1 - depth * rng.uniform(0.8, 1.2)
        left, right = _along(peak, low, "left"), _along(peak, low - 0.03, "right")
        teeth = 5
        hem = [
            (
                right[0] + (left[0] - right[0]) * tooth / teeth,
                right[1]
                + (left[1] - right[1]) * tooth / teeth
                + (peak.right[1] - peak.summit[1]) * depth * (0.2 if tooth % 2 else -0.16),
            )
            for tooth in range(1, teeth)
        ]
        sides = [low + (1 - low) * step / 5 for step in range(6)]
        found.append(
            [
                *(_along(peak, share, "left") for share in sides),
                *(_along(peak, share, "right") for share in reversed(sides[1:-1])),
                right,
                *hem,
            ]
        )
    return found


def _along(peak: Peak, share: float, side: str) -> Point:
    foot = peak.left if side == "left" else peak.right
    x = foot[0] + (peak.summit[0] - foot[0]) * share
    return x, _height_at(peak, x, peak.left[1])


def _between(start: Point, end: Point, share: float, aside: float) -> Point:
    return start[0] + (end[0] - start[0]) * share + aside, start[1] + (end[1] - start[1]) * share


def beams(stage: Stage, sun: Point) -> None:
    """Light that falls between the trees."""
    rng = stage.rng
    sheet = stage.layer(0.3)
    for _ in range(4):
        x = sun[0] + stage.width * rng.uniform(-0.4, 0.4)
        wide = stage.unit * rng.uniform(0.02, 0.07)
        foot = x + (x - sun[0]) * 0.9
        outline = [
            (x - wide * 0.3, -stage.bleed),
            (x + wide * 0.3, -stage.bleed),
            (foot + wide * 2, stage.height * 0.92),
            (foot - wide * 2, stage.height * 0.92),
        ]
        sheet.fill([outline], stage.palette.sun, 0.07 if stage.palette.is_dark else 0.16)


def glitter(stage: Stage, x: float, y: float) -> None:
    """The sun's or moon's path on the water."""
    rng, unit = stage.rng, stage.unit
    sheet = stage.layer(0.14)
    bottom = stage.height * 0.96
    at = y + unit * 0.006
    while at < bottom:
        near = (at - y) / (bottom - y)
        spread = unit * (0.05 + 0.1 * near)
        for _ in range(2):
            half = spread * rng.uniform(0.2, 0.9)
            middle = x + rng.uniform(-0.5, 0.5) * spread
            sheet.fill(
                [ellipse((middle, at), half, unit * (0.0016 + 0.004 * near))],
                stage.palette.sun,
                0.62,
            )
        at += unit * (0.009 + 0.02 * near)


def shore(stage: Stage) -> None:
    """A near shore for what doesn't swim: foam, wet sand or rock, and the subjects on it."""
    rng, unit = stage.rng, stage.unit
    for number in range(2):
        y = stage.height * (0.65 + 0.07 * number)
        colour = mix(stage.palette.land(0.6 + 0.2 * number), stage.palette.near, 0.3)
        sheet = stage.layer(0.3 + 0.2 * number)
        line = swell(rng, stage, y, unit * 0.012, unit * 0.2)
        sheet.fill([down(line, stage)], Gradient(lighter(colour, 0.14), colour))
    sand = mix((226, 196, 150), *stage.palette.ambient)
    if stage.brief.weather == "snow":
        sand = lighter(sand, 0.6)
    sheet = stage.layer(0.8)
    line = hills(rng, stage, stage.height * 0.81, unit * 0.03, 0.8)
    foam = [(x, y - unit * 0.014) for x, y in line]
    sheet.fill([down(foam, stage)], lighter(sand, 0.6), 0.8)
    sheet.fill([down(line, stage)], Gradient(sand, darker(sand, 0.2)))
    stage.place_rest(stage.height * 0.85, 0.82)


def dunes(sheet: Sheet, stage: Stage, y: float, tall: float, colour: Colour) -> None:
    """A row of dunes, lit on one side."""
    rng = stage.rng
    line = hills(rng, stage, y, tall * 0.45, 1.1)
    sheet.fill([down(line, stage)], Gradient(lighter(colour, 0.16), darker(colour, 0.06)))
    # The lee side falls from each crest along an S to the foot of the dune.
    for before, crest, after in zip(line, line[1:], line[2:], strict=False):
        if not before[1] > crest[1] <= after[1]:
            continue
        x, top = crest
        long = tall * rng.uniform(2.2, 3.4)
        inner = [
            (
                x + long * (0.10 * math.sin(share * math.pi * 1.6) - 0.06 * share),
                top + tall * 1.9 * share,
            )
            for share in (step / 10 for step in range(11))
        ]
        slope = [point for point in line if x <= point[0] <= x + long]
        if len(slope) > 2:
            sheet.fill(
                [[*slope, (slope[-1][0], slope[-1][1]), *reversed(inner)]],
                darker(colour, 0.2),
                0.75,
            )


def _steps(start: float, end: float, step: float) -> list[float]:
    return [start + number * step for number in range(math.ceil((end - start) / step) + 1)]
