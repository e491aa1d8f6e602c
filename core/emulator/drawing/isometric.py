"""A block of towers, seen from above at an angle."""

import math

from core.emulator.drawing.colour import Colour, darker, lighter
from core.emulator.drawing.shapes import (
    Gradient,
    Point,
    Sheet,
)
from core.emulator.drawing.stage import Stage


def paint_isometric(stage: Stage, colours: tuple[Colour, ...]) -> None:
    """A block of towers, seen from above at an angle."""
    ground, *inks = colours
    unit, rng = stage.unit, stage.rng
    stage.layer(0.0).wash([(0, lighter(ground, 0.12)), (1, darker(ground, 0.1))])
    side = unit * 0.088
    half, quarter = side * math.cos(math.pi / 6), side * 0.5
    reach = 4
    low = stage.layer(0.4)
    centre = stage.width / 2, stage.height * 0.54
    slab = (2 * reach + 1.6) * quarter
    low.shade((centre[0], centre[1] + slab * 0.5), half * 13, quarter * 14, (16, 14, 30), 0.4)
    _block(low, (centre[0], centre[1] + slab), half * 9.6, quarter * 9.6, side * 0.3, inks[0])
    for diagonal in range(-2 * reach, 2 * reach + 1):
        for column in range(-reach, reach + 1):
            row = diagonal - column
            if abs(row) > reach or rng.random() < 0.12:
                continue
            nearness = 1 - (abs(column) + abs(row)) / (2 * reach)
            tall = side * (0.2 + rng.random() ** 2 * 2.6 * (0.35 + nearness))
            foot = (
                centre[0] + (column - row) * half,
                centre[1] + (column + row + 1) * quarter - side * 0.3,
            )
            _block(low, foot, half * 0.9, quarter * 0.9, tall, rng.choice(inks))


def _block(
    sheet: Sheet, foot: Point, half: float, quarter: float, tall: float, colour: Colour
) -> None:
    """A box whose nearest lower corner is `foot`."""
    x, y = foot
    top = y - tall
    sheet.fill(
        [[(x - half, y - quarter), (x, y), (x, top), (x - half, top - quarter)]],
        Gradient(darker(colour, 0.16), darker(colour, 0.3)),
    )
    sheet.fill(
        [[(x + half, y - quarter), (x, y), (x, top), (x + half, top - quarter)]],
        Gradient(darker(colour, 0.36), darker(colour, 0.5)),
    )
    roof = [(x, top), (x + half, top - quarter), (x, top - 2 * quarter), (x - half, top - quarter)]
    sheet.fill([roof], lighter(colour, 0.22))
