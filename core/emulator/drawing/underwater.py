"""The deep sea: light from above, weeds and corals, a shoal, bubbles."""

from core.emulator.drawing import plants, terrain
from core.emulator.drawing.colour import Colour, darker, lighter, mix
from core.emulator.drawing.motifs import MOTIFS, place_motif
from core.emulator.drawing.scene import Sway
from core.emulator.drawing.shapes import Gradient, Sheet, band
from core.emulator.drawing.stage import Stage


def paint_underwater(stage: Stage) -> None:
    height, unit, rng, palette = stage.height, stage.unit, stage.rng, stage.palette
    top, middle, deep = lighter(palette.far, 0.42), palette.far, palette.near
    sheet = stage.layer(0.0)
    sheet.wash([(0, top), (0.4, middle), (1, deep)])
    source = stage.width * rng.uniform(0.3, 0.7)
    light = stage.layer(0.05, Sway(x=unit * 0.03, period_seconds=7))
    light.glow((source, -unit * 0.1), unit * 0.9, lighter(top, 0.5), 0.6)
    for _ in range(7):
        x, wide = source + rng.uniform(-0.45, 0.45) * stage.width, unit * rng.uniform(0.015, 0.06)
        foot = x + (x - source) * 1.3
        low = height * rng.uniform(0.6, 0.95)
        light.fill(
            [
                [
                    (x - wide, -stage.bleed - 2),
                    (x + wide, -stage.bleed - 2),
                    (foot + wide * 2.4, low),
                    (foot - wide * 2.4, low),
                ]
            ],
            lighter(top, 0.6),
            0.1,
        )
    for number in range(3):
        near = number / 2
        colour = mix(mix(middle, deep, 0.45), darker(deep, 0.35), near)
        y = height * (0.76 + 0.075 * number)
        floor = stage.layer(0.2 + 0.28 * number)
        plants.weeds(
            floor, stage, y + unit * 0.02, unit * (0.12 + 0.08 * number), lighter(colour, 0.08)
        )
        _corals(floor, stage, y + unit * 0.02, unit * (0.06 + 0.03 * number), near)
        line = terrain.hills(rng, stage, y, unit * 0.03, 1.3)
        floor.fill([terrain.down(line, stage)], Gradient(lighter(colour, 0.1), darker(colour, 0.2)))
        if number == 0:
            _shoal(stage, mix(palette.accent, middle, 0.35))
        if number == 1:
            water = (middle, 0.08)
            stage.place(
                at={"under": height * 0.62, "water": height * 0.62, "sky": height * 0.6},
                depth=0.5,
                ambient=water,
            )
    stage.place_rest(height * 0.85, 0.8, (middle, 0.16))
    stage.sprinkle("bubbles", colour=lighter(top, 0.6))


def _corals(sheet: Sheet, stage: Stage, y: float, size: float, near: float) -> None:
    rng = stage.rng
    for _ in range(4):
        x = rng.uniform(stage.left, stage.right)
        tint = rng.choice(((236, 110, 110), (240, 160, 90), (176, 110, 190), (238, 150, 170)))
        colour = mix(mix(tint, stage.palette.far, 0.55 - 0.35 * near), stage.palette.near, 0.15)
        for _ in range(5):
            lean = rng.uniform(-0.8, 0.8)
            high = size * rng.uniform(0.6, 1.2)
            tip = x + lean * size, y - high
            knee = x + lean * size * 0.7, y - high * 0.45
            sheet.fill(band([(x, y), knee, tip], size * 0.17), colour)


def _shoal(stage: Stage, colour: Colour) -> None:
    rng, unit = stage.rng, stage.unit
    sheet = stage.layer(
        0.3, Sway(x=unit * 0.07, y=unit * 0.012, period_seconds=9, phase=rng.random())
    )
    x, y = stage.width * rng.uniform(0.15, 0.85), stage.height * rng.uniform(0.2, 0.4)
    for _ in range(9):
        at = x + rng.gauss(0, 0.13) * unit, y + rng.gauss(0, 0.05) * unit
        place_motif(sheet, MOTIFS["fish"], at, unit * rng.uniform(0.02, 0.034), colour=colour)
