"""A city: rows of houses with lit windows, neon signs, lamps, a street that shines."""

import math

from core.emulator.drawing.colour import Colour, darker, lighter, mix
from core.emulator.drawing.shapes import Gradient, Outline, Sheet, band, ellipse, rectangle
from core.emulator.drawing.sky import paint_sky
from core.emulator.drawing.stage import Stage


def paint_city(stage: Stage) -> None:
    height, unit, rng, palette = stage.height, stage.unit, stage.rng, stage.palette
    neon = stage.brief.light == "neon" or stage.brief.medium == "neon"
    paint_sky(stage, 0.76)
    foot = height * 0.8
    for number in range(3):
        sheet = stage.layer(0.12 + 0.2 * number)
        _buildings(
            sheet,
            stage,
            foot=foot,
            tall=min(height * (0.54 - 0.08 * number), unit * 0.8),
            wide=unit * (0.08 + 0.03 * number),
            colour=palette.land(0.12 + 0.34 * number),
            lit=(0.0, 0.3, 0.5)[number] if palette.is_dark or neon else (0.0, 0.15, 0.24)[number],
        )
        if number == 1:
            stage.place(at={"sky": height * 0.46}, depth=0.3)
    if neon:
        _signs(stage, foot)
    street = stage.layer(0.7)
    ground = mix(darker(palette.near, 0.15), palette.horizon, 0.1)
    bottom = height + stage.bleed + 2
    street.fill(
        [rectangle(stage.left, foot - 1, stage.right, bottom)],
        Gradient(lighter(ground, 0.14), darker(ground, 0.4)),
    )
    street.fill(
        [rectangle(stage.left, foot - 1, stage.right, foot + unit * 0.006)], lighter(ground, 0.3)
    )
    # Lights lie on the street as if it had rained.
    tints = (palette.accent, palette.horizon, (90, 220, 230) if neon else palette.sun)
    for _ in range(9):
        x = rng.uniform(stage.left, stage.right)
        street.shade((x, height * 0.9), unit * 0.035, height * 0.1, rng.choice(tints), 0.42)
    if not neon:
        _lamps(stage, foot)
    stage.place_rest(height * 0.85, 0.82)


def _buildings(
    sheet: Sheet, stage: Stage, *, foot: float, tall: float, wide: float, colour: Colour, lit: float
) -> None:
    """A row of houses, `lit` of whose windows are."""
    rng, unit = stage.rng, stage.unit
    windows: list[Outline] = []
    x = stage.left - wide * rng.random()
    while x < stage.right:
        width, high = wide * rng.uniform(0.8, 1.7), tall * rng.uniform(0.35, 1.0)
        top = foot - high
        front = rectangle(x, top, x + width, foot)
        sheet.fill(
            [front, *_roof(stage, x, top, width)],
            Gradient(colour, mix(colour, stage.palette.horizon, 0.2)),
        )
        sheet.fill([rectangle(x + width * 0.78, top, x + width, foot)], darker(colour, 0.25), 0.5)
        pane, gap = unit * 0.0085, unit * 0.0085
        if lit:
            columns = int((width - gap * 2) / (pane + gap))
            rows = int((high - gap * 3) / (pane * 1.5 + gap * 1.2))
            for row in range(rows):
                for column in range(columns):
                    if rng.random() < lit:
                        left = x + gap * 1.5 + column * (pane + gap)
                        upper = top + gap * 2 + row * (pane * 1.5 + gap * 1.2)
                        windows.append(rectangle(left, upper, left + pane, upper + pane * 1.5))
        x += width * rng.uniform(0.92, 1.15)
    rng.shuffle(windows)
    third = len(windows) // 3
    sheet.fill(windows[third:], mix(stage.palette.accent, (255, 226, 150), 0.6), 0.9)
    sheet.fill(windows[:third], mix(stage.palette.horizon, (255, 240, 210), 0.4), 0.8)


def _roof(stage: Stage, x: float, top: float, width: float) -> list[Outline]:
    rng, unit = stage.rng, stage.unit
    match rng.randrange(5):
        case 0:
            mast = unit * 0.0025
            middle = x + width * 0.5
            return [
                rectangle(x + width * 0.2, top - width * 0.16, x + width * 0.8, top + 1),
                rectangle(middle - mast, top - width * 0.75, middle + mast, top),
            ]
        case 1:
            return [[(x, top + 1), (x + width * 0.5, top - width * 0.45), (x + width, top + 1)]]
        case 2:
            return [rectangle(x + width * 0.12, top - width * 0.12, x + width * 0.5, top + 1)]
        case 3:
            return [[(x, top + 1), (x, top - width * 0.3), (x + width, top + 1)]]
        case _:
            return []


def _signs(stage: Stage, foot: float) -> None:
    """Neon boards on the near houses."""
    rng, unit = stage.rng, stage.unit
    sheet = stage.layer(0.56)
    for _ in range(round(6 * stage.width / stage.unit)):
        tint = rng.choice(((255, 64, 140), (60, 226, 236), (255, 196, 70), (150, 96, 255)))
        x, y = rng.uniform(0, stage.width), foot - unit * rng.uniform(0.12, 0.34)
        wide, high = unit * rng.uniform(0.022, 0.036), unit * rng.uniform(0.06, 0.13)
        sheet.glow((x, y), high * 1.9, tint, 0.5)
        sheet.fill([rectangle(x - wide, y - high, x + wide, y + high)], darker(tint, 0.6))
        frame = [
            (x - wide, y - high),
            (x + wide, y - high),
            (x + wide, y + high),
            (x - wide, y + high),
            (x - wide, y - high),
        ]
        sheet.fill(band(frame, unit * 0.005), lighter(tint, 0.3))
        strokes = 4
        for stroke in range(strokes):
            level = y - high * 0.68 + stroke * high * 1.36 / (strokes - 1)
            half = wide * rng.uniform(0.3, 0.6)
            sheet.fill(
                band([(x - half, level), (x + half, level)], unit * 0.006), lighter(tint, 0.55)
            )


def _lamps(stage: Stage, foot: float) -> None:
    unit = stage.unit
    sheet = stage.layer(0.72)
    ink = darker(stage.palette.near, 0.5)
    step = unit * 0.44
    for number in range(math.ceil((stage.right - stage.left) / step)):
        x = stage.left + step * (number + 0.35)
        tall = unit * 0.2
        sheet.fill(
            band(
                [(x, foot), (x, foot - tall), (x + unit * 0.025, foot - tall * 1.06)], unit * 0.006
            ),
            ink,
        )
        head = x + unit * 0.03, foot - tall * 1.04
        if stage.palette.is_dark:
            sheet.glow(head, unit * 0.1, (255, 222, 150), 0.7)
        sheet.fill([ellipse(head, unit * 0.013, unit * 0.009)], (255, 236, 186))
