"""Scenes out of doors: mountains, meadow, forest, ocean, desert. Each paints from back to front."""

from random import Random

from core.emulator.drawing import plants, terrain
from core.emulator.drawing.colour import darker, lighter, mix
from core.emulator.drawing.motifs import MOTIFS, place_motif
from core.emulator.drawing.palettes import Palette
from core.emulator.drawing.scene import Sway
from core.emulator.drawing.shapes import Gradient, band, rectangle
from core.emulator.drawing.sky import paint_sky
from core.emulator.drawing.stage import Stage


def paint_mountains(stage: Stage) -> None:
    _, height, unit, rng, palette = _measures(stage)
    paint_sky(stage, 0.7)
    snowy = stage.brief.weather == "snow"
    for number, (base, tall) in enumerate(((0.62, 0.34), (0.7, 0.3), (0.79, 0.2))):
        nearness = 0.1 + 0.28 * number
        sheet = stage.layer(0.12 + 0.14 * number)
        colour = palette.land(nearness)
        line, peaks = terrain.peaks(
            rng, stage, height * base, min(height * tall, unit * 0.55), unit * (0.3 + 0.06 * number)
        )
        sheet.fill(
            [terrain.down(line, stage)], Gradient(colour, mix(colour, palette.horizon, 0.45))
        )
        sheet.fill(terrain.shades(peaks), darker(colour, 0.16), 0.7)
        if number < 2:
            cap = lighter(mix(palette.horizon, (255, 255, 255), 0.5), 0.6)
            sheet.fill(
                terrain.caps(rng, peaks, 0.55 if snowy else 0.34), mix(cap, *palette.ambient)
            )
    stage.place(at={"sky": height * 0.5}, depth=0.3)
    middle = stage.layer(0.55)
    plants.conifers(middle, stage, height * 0.8, unit * 0.13, palette.land(0.75), spacing=0.5)
    middle.fill(
        [terrain.down(terrain.hills(rng, stage, height * 0.79, unit * 0.02, 1.2), stage)],
        palette.land(0.75),
    )
    ground = palette.land(1.0)
    near = stage.layer(0.75)
    line = terrain.hills(rng, stage, height * 0.83, unit * 0.025, 0.9)
    near.fill([terrain.down(line, stage)], Gradient(lighter(ground, 0.08), darker(ground, 0.12)))
    stage.place_rest(height * 0.85, 0.8)


def paint_meadow(stage: Stage) -> None:
    _, height, unit, rng, palette = _measures(stage)
    paint_sky(stage, 0.66)
    for number in range(4):
        nearness = 0.12 + 0.24 * number
        sheet = stage.layer(0.12 + 0.16 * number)
        colour = palette.land(nearness)
        line = terrain.hills(
            rng,
            stage,
            height * (0.56 + 0.085 * number),
            unit * (0.055 - 0.006 * number),
            0.7 + 0.15 * number,
        )
        if number in {1, 2}:
            plants.grove(
                sheet, stage, line, unit * (0.07 + 0.04 * (number - 1)), darker(colour, 0.22)
            )
        sheet.fill(
            [terrain.down(line, stage)], Gradient(lighter(colour, 0.14), darker(colour, 0.05))
        )
    stage.place(at={"sky": height * 0.52}, depth=0.35)
    ground = palette.land(1.0)
    near = stage.layer(0.8)
    line = terrain.hills(rng, stage, height * 0.82, unit * 0.02, 0.8)
    near.fill([terrain.down(line, stage)], Gradient(ground, darker(ground, 0.25)))
    stage.place_rest(height * 0.85, 0.82)
    plants.grass(stage, height * 0.985, ground)


def paint_forest(stage: Stage) -> None:
    _, height, unit, rng, palette = _measures(stage)
    sun = paint_sky(stage, 0.78)
    for number in range(4):
        nearness = 0.05 + 0.24 * number
        sheet = stage.layer(0.1 + 0.16 * number)
        base = height * (0.66 + 0.06 * number)
        colour = palette.land(nearness)
        plants.conifers(sheet, stage, base, unit * (0.2 + 0.085 * number), colour, spacing=0.36)
        line = terrain.hills(rng, stage, base - unit * 0.01, unit * 0.02, 1.0)
        sheet.fill(
            [terrain.down(line, stage)], Gradient(colour, mix(colour, palette.horizon, 0.28))
        )
        if number == 1:
            terrain.beams(stage, sun)
    stage.place(at={"sky": height * 0.55}, depth=0.5)
    ground = palette.land(0.95)
    near = stage.layer(0.8)
    line = terrain.hills(rng, stage, height * 0.82, unit * 0.02, 0.8)
    near.fill([terrain.down(line, stage)], Gradient(lighter(ground, 0.1), darker(ground, 0.2)))
    stage.place_rest(height * 0.85, 0.82)
    plants.trunks(stage, darker(palette.near, 0.35))


def paint_ocean(stage: Stage) -> None:
    width, height, unit, rng, palette = _measures(stage)
    level = 0.56
    sun = paint_sky(stage, level)
    if rng.random() < 0.6:
        island = stage.layer(0.1)
        x, size = width * rng.uniform(0.1, 0.9), unit * rng.uniform(0.16, 0.3)
        line = [
            (x - size, height * level),
            (x - size * 0.4, height * level - size * 0.3),
            (x - size * 0.1, height * level - size * 0.42),
            (x + size * 0.3, height * level - size * 0.2),
            (x + size * 0.6, height * level - size * 0.24),
            (x + size, height * level),
        ]
        island.fill([line], mix(palette.land(0.2), palette.horizon, 0.35))
    sea = stage.layer(0.12)
    deep = palette.land(0.85)
    top, bottom = stage.height * level, stage.height + stage.bleed + 2
    sea.fill(
        [rectangle(stage.left, top, stage.right, bottom)],
        Gradient(mix(palette.far, palette.horizon, 0.45), deep),
    )
    if stage.brief.light != "storm":
        terrain.glitter(stage, sun[0], height * level)
    stage.place(at={"sky": height * 0.5}, depth=0.2)
    if stage.wants("ground", "table", "portrait"):
        terrain.shore(stage)
        return
    for number in range(4):
        near = number / 3
        y = height * (level + 0.1 + 0.1 * number)
        if number == 2:
            stage.place(at={"water": y + unit * 0.045, "under": y - unit * 0.05}, depth=0.5)
        colour = mix(palette.land(0.45 + 0.18 * number), palette.near, near * 0.5)
        sheet = stage.layer(
            0.25 + 0.2 * number,
            Sway(unit * (0.018 + 0.012 * number), unit * 0.006, 4.5 - 0.4 * number, rng.random()),
        )
        line = terrain.swell(
            rng, stage, y, unit * (0.012 + 0.008 * number), unit * (0.17 + 0.07 * number)
        )
        sheet.fill(
            [terrain.down(line, stage)], Gradient(lighter(colour, 0.1), darker(colour, 0.12))
        )
        crest = lighter(mix(colour, palette.horizon, 0.4), 0.25)
        sheet.fill(band(line, unit * 0.0035), crest, 0.8)


def paint_desert(stage: Stage) -> None:
    width, height, unit, rng, palette = _measures(stage)
    paint_sky(stage, 0.64)
    mesas = stage.layer(0.1)
    for _ in range(rng.randint(1, 3)):
        x, size = width * rng.uniform(0.05, 0.95), unit * rng.uniform(0.1, 0.2)
        y = height * 0.64
        mesa = [
            (x - size * 1.4, y),
            (x - size * 0.9, y - size * 0.75),
            (x + size * 0.8, y - size * 0.75),
            (x + size * 1.3, y),
        ]
        mesas.fill([mesa], palette.land(0.16))
    for number in range(4):
        sheet = stage.layer(0.14 + 0.18 * number)
        colour = palette.land(0.2 + 0.25 * number)
        if number == 3:
            stage.place(at={"sky": height * 0.5}, depth=0.5)
        terrain.dunes(
            sheet, stage, height * (0.63 + 0.08 * number), unit * (0.08 + 0.03 * number), colour
        )
        if number == 2 and not any(subject.motif == "cactus" for subject in stage.brief.subjects):
            for _ in range(3):
                x = rng.uniform(0.04, 0.96) * width
                place_motif(
                    sheet,
                    MOTIFS["cactus"],
                    (x, height * 0.85),
                    unit * rng.uniform(0.09, 0.15),
                    colour=mix(palette.near, (62, 110, 84), 0.5),
                    ambient=palette.ambient,
                )
    stage.place_rest(height * 0.85, 0.8)


def _measures(stage: Stage) -> tuple[int, int, int, Random, Palette]:
    return stage.width, stage.height, stage.unit, stage.rng, stage.palette
