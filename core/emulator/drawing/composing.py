"""From a brief to a finished picture: chooses the scene, paints it, finishes and letters it."""

from collections.abc import Sequence
from random import Random

from PIL import Image, ImageOps

from core.emulator.drawing import (
    abstracts,
    city,
    interiors,
    isometric,
    landscapes,
    palettes,
    space,
    underwater,
)
from core.emulator.drawing.brief import Brief
from core.emulator.drawing.colour import Colour, parse
from core.emulator.drawing.finish import Finish
from core.emulator.drawing.lettering import Caption, Lettering, below, in_corner, set_large
from core.emulator.drawing.scene import Scene
from core.emulator.drawing.stage import Stage

_PAINTERS = {
    "mountains": landscapes.paint_mountains,
    "meadow": landscapes.paint_meadow,
    "forest": landscapes.paint_forest,
    "ocean": landscapes.paint_ocean,
    "desert": landscapes.paint_desert,
    "city": city.paint_city,
    "underwater": underwater.paint_underwater,
    "space": space.paint_space,
    "room": interiors.paint_room,
}

_GRAIN_COLOURS = {
    "snow": "#ffffff",
    "rain": "#e4ecf4",
    "petals": "#f7b9cc",
    "sparks": "#ffdf8a",
    "bubbles": "#e4f6f8",
}


def compose(
    brief: Brief,
    rng: Random,
    *,
    width: int,
    height: int,
    bleed: int = 0,
    references: Sequence[Image.Image] = (),
) -> Scene:
    """Paint the scene that a brief asks for, reaching `bleed` pixels beyond the picture."""
    setting = setting_of(brief)
    if references:
        setting = "room" if setting == "abstract" else setting
    if setting == "abstract":
        colours = palettes.choose_abstract(brief, rng)
        stage = _stage(brief, "room", rng, width, height, bleed)
        if brief.is_isometric:
            isometric.paint_isometric(stage, colours)
        else:
            abstracts.paint_abstract(stage, colours)
        stage.place(at={"sky": height * 0.72}, depth=0.9)
        stage.place_rest(height * 0.86, 0.9)
        _weather(stage)
        return stage.scene(colours[1])
    stage = _stage(brief, setting, rng, width, height, bleed)
    if len(references) > 1:
        interiors.paint_gallery(stage, references)
    elif references:
        _backdrop(stage, references[0])
    else:
        _PAINTERS[setting](stage)
    _weather(stage)
    return stage.scene(stage.palette.near)


def lettering(
    picture: Image.Image, *, headline: str | None, words: Caption | None, shade: Colour
) -> Lettering:
    """The words for a picture: the headline if the prompt asks for one, else the caption."""
    if headline:
        return set_large(headline, picture)
    if words is None:
        return Lettering(())
    return in_corner(words, picture.size, shade=shade)


def mount(
    picture: Image.Image, words: Caption | None, *, paper: Colour = (251, 248, 240)
) -> Image.Image:
    """The picture on a sheet of paper of the same size, its words in the margin below."""
    unit = min(picture.size)
    margin = round(unit * 0.055)
    foot = round(unit * (0.15 if words else 0.055))
    inner = max(picture.width - 2 * margin, 1), max(picture.height - margin - foot, 1)
    sheet = Image.new("RGB", picture.size, paper)
    # A hairline of shade, or a light picture would run into the paper.
    edge = max(round(unit / 500), 1)
    sheet.paste(
        (226, 220, 208),
        (margin - edge, margin - edge, margin + inner[0] + edge, margin + inner[1] + edge),
    )
    sheet.paste(ImageOps.fit(picture, inner, Image.Resampling.LANCZOS), (margin, margin))
    if words is not None:
        return below(words, picture.size, top=margin + inner[1], left=margin).onto(sheet)
    return sheet


def finish_for(
    brief: Brief, rng: Random, *, width: int, height: int, moves: bool = False
) -> Finish:
    """The finish for a brief's medium; one that `moves` is for each of a clip's frames."""
    seed = rng.getrandbits(32)
    return Finish(brief.medium, width=width, height=height, seed=seed, moves=moves)


def setting_of(brief: Brief) -> str:
    """The setting, or one for a prompt that only names a light or a weather."""
    if brief.setting is not None:
        return brief.setting
    if brief.light in {"sunset", "dawn", "storm", "mist", "aurora"}:
        return "mountains"
    if brief.weather in {"snow", "rain"}:
        return "mountains"
    if brief.light == "night" or brief.weather in {"leaves", "petals", "sparks"}:
        return "forest"
    return "abstract"


def _stage(brief: Brief, setting: str, rng: Random, width: int, height: int, bleed: int) -> Stage:
    palette = palettes.choose(brief, setting, rng)
    return Stage(brief, palette, rng, width=width, height=height, bleed=bleed)


def _backdrop(stage: Stage, reference: Image.Image) -> None:
    """The reference fills the picture, a little in the scene's light; the subjects stand in it."""
    size = stage.width + 2 * stage.bleed, stage.height + 2 * stage.bleed
    sheet = stage.layer(0.2)
    filled = ImageOps.fit(reference, size, Image.Resampling.LANCZOS)
    tint, share = stage.palette.ambient
    if stage.brief.dye is not None:
        tint, share = stage.brief.dye, 0.4
    graded = Image.blend(filled, Image.new("RGB", size, tint), min(share, 0.4) * 0.7)
    sheet.stick(graded, (-stage.bleed, -stage.bleed))
    stage.place(at={"sky": stage.height * 0.5}, depth=0.5)
    stage.place_rest(stage.height * 0.85, 0.7)


def _weather(stage: Stage) -> None:
    weather = stage.brief.weather
    if weather is None or (weather == "bubbles" and stage.brief.setting == "underwater"):
        return
    if weather == "leaves":
        for tint in ("#e8702f", "#d99a2f", "#b5432a"):
            stage.sprinkle("leaves", colour=parse(tint))
        return
    stage.sprinkle(weather, colour=parse(_GRAIN_COLOURS[weather]))
