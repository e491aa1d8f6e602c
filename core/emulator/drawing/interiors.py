"""Scenes indoors: a room with a table, and a gallery wall with framed prints."""

import math
from collections.abc import Sequence

from PIL import Image, ImageOps

from core.emulator.drawing.colour import Colour, darker, lighter, mix
from core.emulator.drawing.scene import Sway
from core.emulator.drawing.shapes import Gradient, Sheet, band, ellipse, rectangle, smooth
from core.emulator.drawing.stage import Stage


def paint_room(stage: Stage) -> None:
    width, height, unit, rng, palette = (
        stage.width,
        stage.height,
        stage.unit,
        stage.rng,
        stage.palette,
    )
    wall = mix(palette.far, palette.sky[1], 0.42)
    if palette.is_dark:
        wall = mix(palette.sky[1], palette.accent, 0.12)
    sheet = stage.layer(0.1)
    sheet.wash([(0, darker(wall, 0.12)), (0.6, wall), (1, lighter(wall, 0.12))])
    centre = width * rng.uniform(0.44, 0.58), height * 0.46
    if stage.wants("portrait"):
        halo = stage.layer(0.2)
        radius = unit * 0.36
        halo.fill(
            [ellipse((width * 0.5, height * 0.5), radius)],
            Gradient(lighter(palette.accent, 0.25), palette.accent),
        )
        stage.place_rest(height * 1.01 + stage.bleed * 0.5, 0.5)
        return
    table = height * 0.74
    halo = stage.layer(0.15)
    if rng.random() < 0.5:
        halo.fill([ellipse(centre, unit * 0.3)], mix(wall, palette.accent, 0.5), 0.75)
    else:
        _window_light(
            halo, centre, unit, lighter(palette.sun, 0.1), 0.2 if palette.is_dark else 0.5
        )
    _sprig(
        stage,
        width * rng.choice((rng.uniform(0.1, 0.2), rng.uniform(0.82, 0.9))),
        table + unit * 0.03,
    )
    wood = mix(palette.near, palette.accent, 0.14)
    board = stage.layer(0.5)
    bottom = height + stage.bleed + 2
    board.fill(
        [rectangle(stage.left, table, stage.right, bottom)],
        Gradient(lighter(wood, 0.16), darker(wood, 0.3)),
    )
    board.fill(
        [rectangle(stage.left, table, stage.right, table + unit * 0.008)], lighter(wood, 0.36)
    )
    stage.place(at={"sky": height * 0.62}, depth=0.4)
    stage.place_rest(height * 0.86, 0.55)


def _window_light(
    sheet: Sheet, centre: tuple[float, float], unit: float, colour: Colour, opacity: float
) -> None:
    """Sun through a window, as four leaning panes on the wall."""
    pane, gap, lean = unit * 0.21, unit * 0.018, unit * 0.1
    panes = []
    for row in (-1, 0):
        for column in (-1, 0):
            left, top = (
                centre[0] + column * pane + (column + 0.5) * gap,
                centre[1] + row * pane * 1.25 + (row + 0.5) * gap,
            )
            skew = [lean * (top - centre[1]) / pane, lean * (top + pane * 1.25 - centre[1]) / pane]
            panes.append(
                [
                    (left - skew[0], top),
                    (left + pane - skew[0], top),
                    (left + pane - skew[1], top + pane * 1.25),
                    (left - skew[1], top + pane * 1.25),
                ]
            )
    sheet.fill(panes, colour, opacity)


def _sprig(stage: Stage, x: float, y: float) -> None:
    """A vase with leaves, out of the way."""
    rng, unit = stage.rng, stage.unit
    sheet = stage.layer(0.52, Sway(x=unit * 0.003, period_seconds=5))
    leaf = mix((86, 128, 96), *stage.palette.ambient)
    tall = unit * 0.3
    for number in range(5):
        lean = (number - 2) * 0.3 + rng.uniform(-0.08, 0.08)
        base = y - unit * 0.13
        tip = x + lean * tall * 0.8, base - tall * (0.8 - 0.12 * abs(number - 2))
        sheet.fill(band([(x, base), tip], unit * 0.004), darker(leaf, 0.2))
        for share in (0.4, 0.62, 0.84, 1.0):
            px, py = x + (tip[0] - x) * share, base + (tip[1] - base) * share
            for side in (-1, 1):
                end = px + side * unit * 0.042 + lean * unit * 0.02, py - unit * 0.03
                middle = (px + end[0]) / 2, (py + end[1]) / 2
                sheet.fill(
                    [
                        smooth(
                            [
                                (px, py),
                                (middle[0], middle[1] - unit * 0.015),
                                end,
                                (middle[0], middle[1] + unit * 0.012),
                            ]
                        )
                    ],
                    leaf if side > 0 else darker(leaf, 0.14),
                )
    vase = mix(stage.palette.accent, stage.palette.far, 0.45)
    half = unit * 0.055
    outline = smooth(
        [
            (x - half * 0.45, y - unit * 0.15),
            (x + half * 0.45, y - unit * 0.15),
            (x + half * 0.5, y - unit * 0.11),
            (x + half, y - unit * 0.05),
            (x + half * 0.6, y),
            (x - half * 0.6, y),
            (x - half, y - unit * 0.05),
            (x - half * 0.5, y - unit * 0.11),
        ]
    )
    sheet.shade((x, y), half * 1.6, unit * 0.016, (16, 14, 30), 0.5)
    sheet.fill([outline], mix(vase, *stage.palette.ambient))


def paint_gallery(stage: Stage, prints: Sequence[Image.Image]) -> None:
    """A wall with framed prints in a row, or rows where that shows them larger."""
    width, height, unit, palette = stage.width, stage.height, stage.unit, stage.palette
    wall = mix(palette.far, palette.sky[1], 0.5)
    sheet = stage.layer(0.05)
    sheet.wash([(0, darker(wall, 0.1)), (1, lighter(wall, 0.2))])
    floor = height * 0.88
    board = stage.layer(0.1)
    board.fill(
        [rectangle(stage.left, floor, stage.right, height + stage.bleed + 2)],
        darker(mix(palette.near, wall, 0.3), 0.2),
    )
    board.fill([rectangle(stage.left, floor - unit * 0.02, stage.right, floor)], lighter(wall, 0.5))
    count = len(prints)
    rows = max(
        range(1, count + 1),
        key=lambda rows: min(width / math.ceil(count / rows), floor * 0.94 / rows),
    )
    columns = math.ceil(count / rows)
    cell = min(width * 0.94 / columns, floor * 0.9 / rows)
    hung = stage.layer(0.3)
    for number, reference in enumerate(prints):
        row, column = divmod(number, columns)
        in_row = min(columns, count - row * columns)
        x = width / 2 + (column - (in_row - 1) / 2) * cell
        y = floor / 2 + (row - (rows - 1) / 2) * cell
        _hang(hung, reference, (x, y), cell * 0.84, unit)
    stage.place_rest(height * 0.85, 0.6)


def _hang(
    sheet: Sheet, reference: Image.Image, centre: tuple[float, float], size: float, unit: int
) -> None:
    """A print with a mat and a frame, and its shadow on the wall."""
    frame, mat = size * 0.035, size * 0.06
    inner = size - 2 * (frame + mat)
    fitted = ImageOps.contain(
        reference, (max(round(inner), 1), max(round(inner), 1)), Image.Resampling.LANCZOS
    )
    wide, high = fitted.width / 2 + mat, fitted.height / 2 + mat
    x, y = centre
    sheet.shade((x, y + high * 0.2), wide * 1.5, high * 1.5, (20, 16, 26), 0.5)
    sheet.fill(
        [rectangle(x - wide - frame, y - high - frame, x + wide + frame, y + high + frame)],
        (44, 36, 38),
    )
    sheet.fill([rectangle(x - wide, y - high, x + wide, y + high)], (247, 243, 234))
    sheet.stick(fitted, (x - fitted.width / 2, y - fitted.height / 2))
