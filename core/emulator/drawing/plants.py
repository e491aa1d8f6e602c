"""What grows in a landscape: rows of firs, groves, grass, near trunks, sea grass."""

import math
from random import Random

from core.emulator.drawing.colour import Colour, darker, lighter, mix
from core.emulator.drawing.shapes import Outline, Point, Sheet, ellipse
from core.emulator.drawing.stage import Stage


def conifers(
    sheet: Sheet, stage: Stage, y: float, tall: float, colour: Colour, *, spacing: float
) -> None:
    """A row of firs of many sizes; `spacing` is a share of their height."""
    rng = stage.rng
    x = stage.left - tall * rng.random()
    outlines: list[Outline] = []
    while x < stage.right + tall:
        outlines.append(_conifer(x, y + tall * 0.12, tall * rng.uniform(0.55, 1.15), rng))
        x += tall * spacing * rng.uniform(0.5, 1.4)
    sheet.fill(outlines, colour)


def _conifer(x: float, y: float, tall: float, rng: Random) -> Outline:
    half = tall * rng.uniform(0.17, 0.24)
    left, right = list[Point](), list[Point]()
    tiers = 6
    for tier in range(tiers):
        top = y - tall * (1 - tier / tiers)
        bottom = y - tall * (1 - (tier + 1.15) / tiers)
        wide = half * ((tier + 1) / tiers) ** 0.9
        left += [(x - wide * 0.35, top), (x - wide, bottom)]
        right += [(x + wide * 0.35, top), (x + wide, bottom)]
    return [(x, y - tall * 1.05), *right, *reversed(left)]


def grove(sheet: Sheet, stage: Stage, line: Outline, size: float, colour: Colour) -> None:
    """Round trees, some firs between them, in groups along a line."""
    rng = stage.rng
    crowns: list[Outline] = []
    for _ in range(rng.randint(2, 4)):
        middle = rng.randrange(len(line))
        for _ in range(rng.randint(2, 5)):
            x, y = line[max(min(middle + rng.randint(-16, 16), len(line) - 1), 0)]
            tall = size * rng.uniform(0.6, 1.2)
            if rng.random() < 0.3:
                crowns.append(_conifer(x, y + tall * 0.1, tall * 1.5, rng))
            else:
                crowns.append(ellipse((x, y - tall * 0.72), tall * 0.36, tall * 0.48))
                trunk = tall * 0.045
                crowns.append(
                    [
                        (x - trunk, y - tall * 0.5),
                        (x + trunk, y - tall * 0.5),
                        (x + trunk, y + 3),
                        (x - trunk, y + 3),
                    ]
                )
    sheet.fill(crowns, colour)


def grass(stage: Stage, y: float, colour: Colour) -> None:
    """Blades and flowers at the picture's foot, close to the eye."""
    rng, unit = stage.rng, stage.unit
    sheet = stage.layer(1.0)
    blades: list[Outline] = []
    x: float = stage.left
    bottom = stage.height + stage.bleed + 2
    while x < stage.right:
        tall = unit * rng.uniform(0.02, 0.075)
        lean = tall * rng.uniform(-0.35, 0.35)
        half = unit * 0.0035
        blades.append([(x - half, bottom), (x + lean, y - tall), (x + half, bottom)])
        x += unit * rng.uniform(0.006, 0.016)
    sheet.fill(blades, darker(colour, 0.42))
    if stage.brief.weather == "snow":
        return
    for tint in (stage.palette.accent, lighter(stage.palette.accent, 0.6), stage.palette.horizon):
        heads = [
            ellipse(
                (rng.uniform(stage.left, stage.right), y - unit * rng.uniform(-0.005, 0.06)),
                unit * rng.uniform(0.005, 0.009),
            )
            for _ in range(round(9 * stage.width / unit))
        ]
        sheet.fill(heads, mix(tint, *stage.palette.ambient))


def trunks(stage: Stage, colour: Colour) -> None:
    """Two or three near trees that frame the picture, and ferns between them."""
    rng, unit = stage.rng, stage.unit
    sheet = stage.layer(1.1)
    for share in (rng.uniform(-0.02, 0.07), rng.uniform(0.93, 1.02)):
        x = share * stage.width
        half = unit * rng.uniform(0.025, 0.045)
        top, bottom = -stage.bleed - 2, stage.height + stage.bleed + 2
        lean = unit * rng.uniform(-0.03, 0.03)
        sheet.fill(
            [
                [
                    (x - half * 0.8 + lean, top),
                    (x + half * 0.8 + lean, top),
                    (x + half, bottom * 0.9),
                    (x + half * 2, bottom),
                    (x - half * 2, bottom),
                    (x - half, bottom * 0.9),
                ]
            ],
            colour,
        )
        for _ in range(3):
            y = stage.height * rng.uniform(0.05, 0.5)
            side = rng.choice((-1, 1))
            long = unit * rng.uniform(0.1, 0.2)
            thick = unit * 0.008
            sheet.fill([[(x, y), (x + side * long, y - long * 0.5), (x, y + thick * 2.4)]], colour)


def weeds(sheet: Sheet, stage: Stage, y: float, tall: float, colour: Colour) -> None:
    """Sea grass in tufts."""
    rng = stage.rng
    for _ in range(6):
        x = rng.uniform(stage.left, stage.right)
        for _ in range(rng.randint(3, 6)):
            at = x + rng.uniform(-0.05, 0.05) * stage.unit
            high, phase = tall * rng.uniform(0.5, 1.2), rng.random() * math.tau
            half = stage.unit * 0.008
            spine = [
                (at + math.sin(share * 4 + phase) * half * 2.2, y - high * share)
                for share in (step / 12 for step in range(13))
            ]
            left = [(px - half * (1 - step / 13), py) for step, (px, py) in enumerate(spine)]
            right = [(px + half * (1 - step / 13), py) for step, (px, py) in enumerate(spine)]
            sheet.fill([[*left, *reversed(right)]], colour)
