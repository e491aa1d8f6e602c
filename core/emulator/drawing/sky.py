"""The sky over a landscape: its gradient, sun or moon, stars, clouds, aurora, lightning."""

import math
from random import Random

from core.emulator.drawing.colour import Colour, lighter, mix
from core.emulator.drawing.scene import Sway
from core.emulator.drawing.shapes import Gradient, Outline, Point, Sheet, ellipse, rectangle
from core.emulator.drawing.stage import Stage


def paint_sky(stage: Stage, horizon: float) -> Point:
    """Paint the sky down to a share of the height and return where the sun or moon stands."""
    palette, rng, unit = stage.palette, stage.rng, stage.unit
    light = stage.brief.light
    sheet = stage.layer(0.0)
    reach = len(palette.sky) - 1
    # Coordinates of a wash are shares of the sheet, which bleeds beyond the picture.
    whole = stage.height + 2 * stage.bleed
    sheet.wash(
        [
            ((stage.bleed + horizon * stage.height * step / reach) / whole, colour)
            for step, colour in enumerate(palette.sky)
        ]
    )
    centre = (
        stage.width * rng.choice((rng.uniform(0.2, 0.36), rng.uniform(0.64, 0.8))),
        stage.height
        * (rng.uniform(0.2, 0.3) if palette.is_dark else rng.uniform(0.3, 0.44) * horizon / 0.6),
    )
    if light == "storm":
        _storm_clouds(stage, horizon)
        return centre
    retro = light == "neon"
    radius = unit * (0.19 if retro else rng.uniform(0.065, 0.1))
    if retro:
        centre = (stage.width * 0.5, stage.height * horizon - radius * 0.55)
    if palette.is_dark and not retro:
        stage.sprinkle("stars", until=horizon, colour=(255, 250, 232))
    sun = stage.layer(0.04)
    sun.glow(centre, radius * 6.5, palette.sun, 0.34 if palette.is_dark else 0.5)
    sun.glow(centre, radius * 2.6, palette.sun, 0.45)
    sun.fill(
        [ellipse(centre, radius)], Gradient(palette.sun, mix(palette.sun, palette.horizon, 0.25))
    )
    if retro:
        _cut_stripes(sun, centre, radius, palette.horizon)
    elif palette.is_dark:
        for x, y, size in ((-0.3, -0.25, 0.22), (0.3, 0.2, 0.3), (-0.15, 0.42, 0.14)):
            crater = (centre[0] + x * radius, centre[1] + y * radius)
            sun.fill([ellipse(crater, size * radius)], mix(palette.sun, palette.sky[1], 0.22))
    if light == "aurora":
        _aurora(stage, horizon)
    elif not retro:
        _clouds(stage, horizon)
    return centre


def _cut_stripes(sheet: Sheet, centre: Point, radius: float, colour: Colour) -> None:
    for step in range(5):
        y = centre[1] + radius * (0.05 + 0.19 * step)
        half = math.sqrt(max(radius**2 - (y - centre[1]) ** 2, 0)) + 1
        thickness = radius * (0.03 + 0.018 * step)
        sheet.fill([rectangle(centre[0] - half, y, centre[0] + half, y + thickness)], colour)


def _clouds(stage: Stage, horizon: float) -> None:
    palette, rng = stage.palette, stage.rng
    for depth, opacity in ((0.08, 0.5), (0.16, 0.72)):
        sheet = stage.layer(depth, Sway(x=stage.unit * 0.05, period_seconds=26, phase=rng.random()))
        for _ in range(rng.randint(1, 3)):
            x = rng.uniform(0, stage.width)
            y = stage.height * horizon * rng.uniform(0.12, 0.72)
            size = stage.unit * rng.uniform(0.09, 0.17) * (0.7 + depth * 4)
            colour = lighter(
                mix(palette.sky[1], palette.horizon, 0.5), 0.15 if palette.is_dark else 0.6
            )
            share = opacity * (0.35 if palette.is_dark else 1.0)
            sheet.fill(
                cloud(rng, x, y, size), Gradient(colour, mix(colour, palette.horizon, 0.6)), share
            )


def cloud(rng: Random, x: float, y: float, size: float) -> list[Outline]:
    """A flat-bottomed heap of rounds, about four sizes wide."""
    lumps: list[Outline] = []
    count = rng.randint(4, 6)
    for number in range(count):
        along = number / (count - 1) * 2 - 1
        radius = size * (0.62 - 0.34 * abs(along) + rng.uniform(-0.06, 0.1))
        lumps.append(ellipse((x + along * size * 1.5, y - radius * 0.5), radius, radius * 0.72))
    base = size * 0.2
    lumps.append(ellipse((x, y - base * 0.6), size * 1.9, base))
    return lumps


def _storm_clouds(stage: Stage, horizon: float) -> None:
    palette, rng = stage.palette, stage.rng
    _lightning(stage, horizon)
    for row in range(3):
        sheet = stage.layer(
            0.06 + 0.05 * row, Sway(x=stage.unit * 0.05, period_seconds=17, phase=rng.random())
        )
        colour = mix(palette.sky[1], palette.sky[0], 0.75 - 0.25 * row)
        y = stage.height * horizon * (0.42 - 0.17 * row)
        step = stage.unit * 0.22
        for number in range(math.ceil((stage.right - stage.left) / step) + 1):
            size = stage.unit * rng.uniform(0.16, 0.26)
            at = stage.left + number * step, y + rng.uniform(-0.03, 0.03) * stage.unit
            sheet.fill(cloud(rng, *at, size), Gradient(lighter(colour, 0.1), colour), 0.94)


def _lightning(stage: Stage, horizon: float) -> None:
    rng, unit = stage.rng, stage.unit
    sheet = stage.layer(0.04)
    x, y = stage.width * rng.uniform(0.2, 0.8), stage.height * 0.2
    sheet.glow((x, y + unit * 0.1), unit * 0.5, (214, 224, 244), 0.6)
    left, right = [(x, y)], [(x + unit * 0.016, y)]
    bottom = stage.height * horizon
    while y < bottom:
        y += unit * rng.uniform(0.035, 0.08)
        x += unit * rng.uniform(-0.05, 0.045)
        thickness = unit * 0.014 * max(1 - y / bottom, 0.05)
        left.append((x, y))
        right.append((x + thickness, y))
    sheet.fill([[*left, *reversed(right)]], (250, 247, 230), 0.95)


def _aurora(stage: Stage, horizon: float) -> None:
    rng, unit = stage.rng, stage.unit
    for number, colour in enumerate(((98, 232, 170), (84, 190, 214), (164, 120, 220))):
        sheet = stage.layer(0.06, Sway(x=unit * 0.05, period_seconds=7, phase=number / 3))
        phase = rng.random() * math.tau
        step = unit * 0.035
        for column in range(math.ceil((stage.right - stage.left) / step)):
            x = stage.left + column * step
            along = x / stage.width * 5 + phase
            y = stage.height * horizon * (0.36 + 0.12 * number + 0.13 * math.sin(along))
            tall = unit * (0.2 + 0.07 * math.sin(along * 2.7))
            sheet.shade((x, y - tall * 0.4), step * 1.9, tall, colour, 0.34)
