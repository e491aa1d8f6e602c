"""The things that a picture can show, read from `motifs.toml`, and how one is painted."""

import tomllib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, TypeAlias

from core.emulator.drawing.colour import Colour, darker, lighter, mix, parse
from core.emulator.drawing.shapes import Outline, Sheet, path

Place: TypeAlias = Literal["ground", "sky", "water", "under", "table", "portrait"]

_GLOW: Colour = (255, 222, 142)


@dataclass(frozen=True)
class Motif:
    """A thing: what it is called, where it belongs, how it looks. `motifs.toml` explains each."""

    home: str
    words: dict[str, Colour | None]
    place: Place
    height: float
    colour: Colour
    parts: tuple[tuple[str, tuple[Outline, ...]], ...] = field(repr=False)


def place_motif(
    sheet: Sheet,
    motif: Motif,
    foot: tuple[float, float],
    height: float,
    *,
    colour: Colour | None = None,
    ambient: tuple[Colour, float] = ((0, 0, 0), 0.0),
    flipped: bool = False,
) -> None:
    """Paint the motif with the middle of its floor at `foot`.

    `ambient` is the colour of the scene's light and how much of it the motif takes on.
    """
    body = colour or motif.colour
    scale = height / 100
    side = -scale if flipped else scale

    def moved(outline: Outline) -> Outline:
        return [(foot[0] + (x - 50) * side, foot[1] + (y - 100) * scale) for x, y in outline]

    for tone, outlines in motif.parts:
        # What shines by itself doesn't take on the light around it.
        paint = _GLOW if tone == "glow" else mix(_tone(tone, body), *ambient)
        sheet.fill([moved(outline) for outline in outlines], paint)


def _tone(name: str, body: Colour) -> Colour:
    match name:
        case "body":
            return body
        case "shade":
            return darker(body, 0.22)
        case "deep":
            return darker(body, 0.5)
        case "light":
            return lighter(body, 0.35)
        case "pale":
            return lighter(body, 0.82)
        case "ink":
            return (30, 26, 38)
        case _:
            return parse(name)


def _read() -> dict[str, Motif]:
    entries = tomllib.loads(Path(__file__).with_suffix(".toml").read_text(encoding="utf-8"))
    return {
        name: Motif(
            home=entry["home"],
            words={
                word: parse(colour) if colour else None
                for word, _, colour in (part.partition("=") for part in entry["words"].split())
            },
            place=entry["place"],
            height=entry["height"],
            colour=parse(entry["colour"]),
            parts=tuple(
                (tone, tuple(path(text)))
                for tone, text in (line.split(maxsplit=1) for line in entry["parts"].splitlines())
            ),
        )
        for name, entry in entries.items()
    }


MOTIFS = _read()
"""Every motif, by its name."""
