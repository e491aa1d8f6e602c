"""Outer space: stars, a nebula, worlds near and far."""

import math

from core.emulator.drawing.colour import Colour, darker, lighter, mix
from core.emulator.drawing.scene import Sway
from core.emulator.drawing.shapes import Gradient, Outline, Sheet, ellipse
from core.emulator.drawing.stage import Stage


def paint_space(stage: Stage) -> None:
    width, height, unit, rng, palette = (
        stage.width,
        stage.height,
        stage.unit,
        stage.rng,
        stage.palette,
    )
    stage.layer(0.0).wash(
        [(0, palette.sky[0]), (0.5, mix(palette.sky[0], palette.sky[1], 0.7)), (1, palette.sky[2])]
    )
    nebula = stage.layer(0.06, Sway(x=unit * 0.02, period_seconds=19))
    tints = ((196, 70, 150), (70, 90, 210), (40, 160, 180), palette.accent)
    slope = rng.uniform(-0.5, 0.5)
    for _ in range(16):
        along = rng.uniform(-0.1, 1.1)
        at = along * width, height * (0.45 + slope * (along - 0.5)) + rng.gauss(0, 0.09) * unit
        spread = unit * rng.uniform(0.14, 0.4)
        nebula.shade(at, spread * 1.5, spread, rng.choice(tints), rng.uniform(0.1, 0.26))
    stage.sprinkle("stars", colour=(255, 250, 238))
    stage.sprinkle("stars", colour=(190, 210, 255))
    has_planet = any(subject.motif == "planet" for subject in stage.brief.subjects)
    if not has_planet:
        at = width * rng.choice((0.16, 0.84)), height * rng.uniform(0.16, 0.3)
        world = stage.layer(0.15)
        _globe(
            world, at, unit * rng.uniform(0.06, 0.1), mix(rng.choice(tints), (230, 200, 170), 0.35)
        )
    surface = stage.layer(0.5)
    below = stage.wants("ground", "table", "portrait")
    far_surface = mix(palette.far, (214, 206, 222), 0.25)
    if below or rng.random() < 0.7:
        centre, radius = (
            (width * rng.uniform(0.3, 0.7), height * 0.76 + max(width, unit) * 1.15),
            max(width, unit) * 1.15,
        )
        surface.glow((centre[0], centre[1]), radius * 1.16, lighter(palette.accent, 0.3), 0.5)
        surface.fill([_circle(centre, radius)], Gradient(far_surface, darker(far_surface, 0.9)))
        for _ in range(12):
            x = rng.uniform(stage.left, stage.right)
            edge = centre[1] - math.sqrt(max(radius**2 - (x - centre[0]) ** 2, 0))
            y = edge + unit * rng.uniform(0.035, 0.2)
            size = unit * rng.uniform(0.01, 0.045)
            surface.fill([ellipse((x, y), size, size * 0.36)], darker(far_surface, 0.42), 0.8)
            surface.fill(
                [ellipse((x, y + size * 0.1), size * 0.86, size * 0.27)],
                darker(far_surface, 0.26),
                0.8,
            )
    stage.place(at={"sky": height * (0.72 if height >= width else 0.76)}, depth=0.6)
    stage.place_rest(height * 0.85, 0.6)


def _globe(sheet: Sheet, centre: tuple[float, float], radius: float, colour: Colour) -> None:
    sheet.glow(centre, radius * 2.2, lighter(colour, 0.2), 0.3)
    sheet.fill([ellipse(centre, radius)], Gradient(lighter(colour, 0.25), darker(colour, 0.45)))
    for y, share in ((-0.35, 0.5), (0.12, 0.35), (0.5, 0.4)):
        half = radius * math.sqrt(1 - y * y) * 0.98
        level = centre[1] + y * radius
        sheet.fill([ellipse((centre[0], level), half, radius * 0.07)], darker(colour, 0.4), share)


def _circle(centre: tuple[float, float], radius: float) -> Outline:
    """A circle with enough corners to look round when it is larger than the picture."""
    return [
        (
            centre[0] + radius * math.cos(step * math.tau / 720),
            centre[1] + radius * math.sin(step * math.tau / 720),
        )
        for step in range(720)
    ]
