"""Compositions of pure form, for prompts that name nothing to show."""

import math

from core.emulator.drawing.colour import Colour, darker, lighter, luminance, mix
from core.emulator.drawing.scene import Sway
from core.emulator.drawing.shapes import (
    Gradient,
    Outline,
    Point,
    Sheet,
    band,
    ellipse,
    rectangle,
    ring,
    smooth,
)
from core.emulator.drawing.stage import Stage


def paint_abstract(stage: Stage, colours: tuple[Colour, ...]) -> None:
    """One of several compositions in a ground and four colours; the seed chooses which."""
    stage.rng.choice((_tiles, _orbits, _ribbons, _cutouts, _arches))(stage, colours)


def _tiles(stage: Stage, colours: tuple[Colour, ...]) -> None:
    """A grid of quarter circles, discs, arches and stripes."""
    ground, *inks = colours
    rng, unit = stage.rng, stage.unit
    stage.layer(0.0).wash([(0, ground), (1, ground)])
    # Whole pixels, or the ground would show as hairlines between tiles.
    size = max(round(unit / rng.choice((4, 5))), 2)
    sheets = [
        stage.layer(0.3, Sway(y=unit * 0.012, period_seconds=5)),
        stage.layer(0.5, Sway(y=-unit * 0.012, period_seconds=5)),
    ]
    columns = math.ceil((stage.width + 2 * stage.bleed) / size / 2) + 1
    rows = math.ceil((stage.height + 2 * stage.bleed) / size / 2) + 1
    for column in range(-columns, columns):
        for row in range(-rows, rows):
            left, top = stage.width // 2 + column * size, stage.height // 2 + row * size
            _tile(sheets[column % 2], stage, left, top, size, rng.sample([ground, *inks], 3))


def _tile(
    sheet: Sheet, stage: Stage, left: float, top: float, size: float, tints: list[Colour]
) -> None:
    back, front, third = tints
    right, bottom = left + size, top + size
    centre = left + size / 2, top + size / 2
    sheet.fill([rectangle(left, top, right, bottom)], back)
    match stage.rng.randrange(7):
        case 0 | 1:
            corner = stage.rng.choice(((left, top), (right, top), (left, bottom), (right, bottom)))
            sheet.fill([_quarter(corner, centre, size)], front)
            sheet.fill([_quarter(corner, centre, size * 0.5)], third)
        case 2:
            sheet.fill([ellipse(centre, size * 0.4)], front)
            sheet.fill([ellipse(centre, size * 0.16)], third)
        case 3:
            sheet.fill([[(left, bottom), (right, bottom), (right, top)]], front)
        case 4:
            for stripe in range(3):
                y = top + size * (stripe * 2 + 1) / 6
                sheet.fill([rectangle(left, y - size / 12, right, y + size / 12)], front)
        case 5:
            for radius, tint in ((0.5, front), (0.34, back), (0.18, third)):
                arch = [
                    (
                        centre[0] + size * radius * math.cos(turn),
                        bottom + size * -0.5 - size * radius * math.sin(turn),
                    )
                    for turn in (step * math.pi / 36 for step in range(37))
                ]
                foot = [(centre[0] - size * radius, bottom), (centre[0] + size * radius, bottom)]
                sheet.fill([[*arch, *foot]], tint)
        case _:
            sheet.fill([_quarter((left, top), centre, size * 0.5)], front)
            sheet.fill([_quarter((right, bottom), centre, size * 0.5)], front)


def _quarter(corner: Point, inside: Point, radius: float) -> Outline:
    """A quarter disc around a corner, on the side where `inside` lies."""
    side_x = math.copysign(radius, inside[0] - corner[0])
    side_y = math.copysign(radius, inside[1] - corner[1])
    arc = [
        (corner[0] + side_x * math.cos(turn), corner[1] + side_y * math.sin(turn))
        for turn in (step * math.pi / 2 / 24 for step in range(25))
    ]
    return [corner, *arc]


def _orbits(stage: Stage, colours: tuple[Colour, ...]) -> None:
    """Translucent discs and thin rings around a few centres."""
    ground, *inks = colours
    rng, unit = stage.rng, stage.unit
    stage.layer(0.0).wash([(0, lighter(ground, 0.06)), (1, darker(ground, 0.06))])
    reach = max(stage.width, stage.height) / unit
    for number in range(7):
        sheet = stage.layer(
            0.1 + 0.12 * number,
            Sway(unit * 0.03, unit * 0.022, rng.uniform(4, 7), rng.random()),
        )
        for _ in range(max(round(reach * 0.8), 1)):
            centre = stage.width * rng.uniform(0.05, 0.95), stage.height * rng.uniform(0.08, 0.92)
            radius = unit * (0.34 - 0.042 * number) * rng.uniform(0.75, 1.2)
            ink = inks[number % len(inks)]
            match rng.randrange(4):
                case 0:
                    rings = [
                        ring(centre, radius * share, unit * 0.006) for share in (1, 0.82, 0.64)
                    ]
                    sheet.fill(rings, ink)
                case 1:
                    turn = rng.random() * math.tau
                    half = [
                        (
                            centre[0] + radius * math.cos(turn + step * math.pi / 60),
                            centre[1] + radius * math.sin(turn + step * math.pi / 60),
                        )
                        for step in range(61)
                    ]
                    sheet.fill([half], ink, 0.92)
                case _:
                    sheet.fill([ellipse(centre, radius)], Gradient(lighter(ink, 0.16), ink), 0.84)


def _ribbons(stage: Stage, colours: tuple[Colour, ...]) -> None:
    """Waves of colour, one before the other, with a disc behind them."""
    ground, *inks = colours
    rng, unit = stage.rng, stage.unit
    stage.layer(0.0).wash([(0, lighter(ground, 0.1)), (1, mix(ground, inks[0], 0.3))])
    disc = stage.layer(0.05)
    centre = stage.width * rng.uniform(0.28, 0.72), stage.height * rng.uniform(0.26, 0.38)
    disc.fill([ellipse(centre, unit * 0.17)], Gradient(lighter(inks[1], 0.2), inks[1]))
    count = 7
    bottom = stage.height + stage.bleed + 2
    phase = rng.random() * math.tau
    for number in range(count):
        sheet = stage.layer(
            0.15 + 0.12 * number,
            Sway(unit * 0.07, unit * 0.012, 5 + 0.5 * number, number / count),
        )
        y = stage.height * (0.34 + 0.1 * number)
        tall, bend = unit * rng.uniform(0.07, 0.11), rng.uniform(0.8, 1.25)
        phase += rng.uniform(0.5, 1.1)
        line = [
            (
                x,
                y
                + tall
                * (
                    math.sin(x / unit * 3.4 * bend + phase)
                    + 0.4 * math.sin(x / unit * 7 + phase * 2)
                ),
            )
            for x in (
                stage.left - unit * 0.1 + step * (stage.width + 2 * stage.bleed + unit * 0.2) / 240
                for step in range(241)
            )
        ]
        ink = mix(inks[number % len(inks)], inks[(number + 1) % len(inks)], 0.25)
        sheet.fill(
            [[*line, (line[-1][0], bottom), (line[0][0], bottom)]],
            Gradient(lighter(ink, 0.18), darker(ink, 0.2)),
        )
        sheet.fill(band(line, unit * 0.003), lighter(ink, 0.5), 0.7)


def _cutouts(stage: Stage, colours: tuple[Colour, ...]) -> None:
    """Cut paper: soft pebbles, leaves and a few dots."""
    ground, *inks = colours
    rng, unit = stage.rng, stage.unit
    stage.layer(0.0).wash([(0, ground), (1, ground)])
    spots = _scattered(stage, apart=0.29)
    for number, (x, y) in enumerate(spots):
        sheet = stage.layer(
            0.15 + 0.6 * number / len(spots),
            Sway(unit * 0.014, unit * 0.02, rng.uniform(3.5, 6), rng.random()),
        )
        ink = inks[number % len(inks)]
        size = unit * rng.uniform(0.12, 0.19)
        if number % 3 == 2:
            _frond(sheet, (x, y), size * 1.3, rng.uniform(-0.9, 0.9), ink)
            continue
        pebble = smooth(
            [
                (
                    x + size * rng.uniform(0.65, 1.15) * math.cos(turn),
                    y + size * rng.uniform(0.65, 1.15) * math.sin(turn),
                )
                for turn in (step * math.tau / 7 for step in range(7))
            ]
        )
        sheet.fill(
            [[(px + unit * 0.006, py + unit * 0.01) for px, py in pebble]],
            darker(ground, 0.5),
            0.25,
        )
        sheet.fill([pebble], ink)
        inner = inks[(number + 1) % len(inks)]
        if rng.random() < 0.6:
            sheet.fill([ellipse((x, y), size * 0.34)], inner)
    dots = stage.layer(0.9)
    light = ground if luminance(ground) > 0.5 else inks[0]
    dots.fill(
        [
            ellipse((stage.width * rng.random(), stage.height * rng.random()), unit * 0.008)
            for _ in range(26)
        ],
        darker(light, 0.7) if luminance(ground) > 0.5 else lighter(light, 0.5),
    )


def _scattered(stage: Stage, *, apart: float) -> list[Point]:
    """Places that keep their distance, as a share of the shorter side."""
    found: list[Point] = []
    for _ in range(400):
        at = (
            stage.width * stage.rng.uniform(0.02, 0.98),
            stage.height * stage.rng.uniform(0.02, 0.98),
        )
        if all(math.dist(at, other) > apart * stage.unit for other in found):
            found.append(at)
    return found


def _frond(sheet: Sheet, centre: Point, size: float, turn: float, colour: Colour) -> None:
    """A leaf with fingers, as cut from paper."""

    def turned(x: float, y: float) -> Point:
        return (
            centre[0] + size * (x * math.cos(turn) - y * math.sin(turn)),
            centre[1] + size * (x * math.sin(turn) + y * math.cos(turn)),
        )

    outlines = list(band([turned(0, 0.9), turned(0, -0.7)], size * 0.12))
    for step in range(5):
        y = 0.55 - 0.3 * step
        for side in (-1, 1):
            long = 0.62 - 0.08 * abs(step - 1.5)
            outlines.append(
                smooth(
                    [
                        turned(0, y),
                        turned(side * long * 0.5, y - 0.34),
                        turned(side * long, y - 0.5),
                        turned(side * long * 0.75, y - 0.14),
                    ]
                )
            )
    sheet.fill(outlines, colour)


def _arches(stage: Stage, colours: tuple[Colour, ...]) -> None:
    """Rainbows and suns of bands that rise from the foot of the picture."""
    ground, *inks = colours
    rng, unit = stage.rng, stage.unit
    stage.layer(0.0).wash([(0, ground), (1, lighter(ground, 0.14))])
    reach = stage.width / unit
    spots = sorted(
        (
            (stage.width * (number + rng.uniform(0.2, 0.8)) / count, rng.uniform(0.55, 1.02))
            for count in [max(round(reach * 3), 3)]
            for number in range(count)
        ),
        key=lambda spot: spot[1],
    )
    sun = stage.layer(0.05)
    sun.fill(
        [ellipse((stage.width * rng.uniform(0.25, 0.75), stage.height * 0.24), unit * 0.12)],
        inks[0],
    )
    for number, (x, level) in enumerate(spots):
        sheet = stage.layer(
            0.2 + 0.7 * number / len(spots),
            Sway(y=unit * 0.02, period_seconds=5, phase=rng.random()),
        )
        radius = unit * rng.uniform(0.24, 0.38)
        y = stage.height * level
        tints = rng.sample(inks, len(inks))
        bands = 5
        for step in range(bands):
            size = radius * (1 - step / bands)
            tint = ground if step == bands - 1 else tints[step % len(tints)]
            arc = [
                (x + size * math.cos(turn), y - size * math.sin(turn))
                for turn in (part * math.pi / 60 for part in range(61))
            ]
            low = stage.height + stage.bleed + unit * 0.05
            sheet.fill([[*arc, (x - size, low), (x + size, low)]], tint)
