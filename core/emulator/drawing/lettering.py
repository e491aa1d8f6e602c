"""Sets a prompt's words on its picture: a title and a line below it, or a large headline."""

import math
import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache

from PIL import Image, ImageDraw, ImageFilter, ImageFont, ImageStat

from core.emulator.drawing.colour import Colour, darker, lighter, luminance

_READ_CHARACTERS = 400
_TITLE_CHARACTERS = 72
_SUBTITLE_CHARACTERS = 64
_LEADING = 1.16
_REPLACED = str.maketrans(
    {
        "—": "-",
        "–": "-",
        "‒": "-",
        "−": "-",
        "\u00a0": " ",
        "ß": "ss",
        "ø": "o",
        "Ø": "O",
        "ł": "l",
        "æ": "ae",
        "œ": "oe",
        "‹": "'",
        "›": "'",
    }
)


@dataclass(frozen=True)
class Caption:
    """What stands in a picture's corner."""

    title: str
    subtitle: str = ""


def caption(prompt: str) -> Caption | None:
    """The prompt's first clause as a title and the next as a line below, as far as the font goes.

    A prompt that mostly consists of letters which the font lacks has no caption: words with holes
    are worse than none.
    """
    whole = prompt[:_READ_CHARACTERS]
    text = legible(whole)
    letters = sum(character.isalnum() for character in text)
    if letters < 2 or letters < 0.6 * sum(
        character.isalpha() or ord(character) > 0x2190 for character in whole
    ):
        return None
    clauses = [clause.strip(" ,.;:-'\"") for clause in re.split(r"[,.;:\n]\s|[,.;:]$| - ", text)]
    clauses = [clause for clause in clauses if clause]
    if not clauses:
        return None
    title = _shortened(clauses[0], _TITLE_CHARACTERS)
    rest = clauses[1:]
    if title.endswith("…"):
        rest = []
    return Caption(title[0].upper() + title[1:], _shortened(", ".join(rest), _SUBTITLE_CHARACTERS))


def legible(text: str) -> str:
    """The text in characters that the font has: accents it lacks fall off, other letters drop."""
    text = unicodedata.normalize("NFC", text.translate(_REPLACED))
    kept = []
    for character in text:
        if character.isspace():
            kept.append(" ")
        elif _has_glyph(character):
            kept.append(character)
        else:
            kept.extend(
                part for part in unicodedata.normalize("NFKD", character) if _has_glyph(part)
            )
    return re.sub(r"\s+", " ", "".join(kept)).strip()


@lru_cache(maxsize=4096)
def _has_glyph(character: str) -> bool:
    if not character.isprintable():
        return False
    font = ImageFont.load_default(size=24)
    shape, missing = font.getmask(character), font.getmask("\uffff")
    return shape.getbbox() is not None and bytes(shape) != bytes(missing)


def _shortened(text: str, longest: int) -> str:
    if len(text) <= longest:
        return text
    cut = text[: longest - 1]
    # At a word's end, unless that would lose most of it.
    space = cut.rfind(" ")
    return (cut[:space] if space > longest // 2 else cut).rstrip(" ,-") + "…"


@dataclass(frozen=True)
class Lettering:
    """Words ready to be laid on a picture, or on each of a clip's: colours and their masks."""

    inks: tuple[tuple[Colour, Image.Image, tuple[int, int]], ...]

    def onto(self, picture: Image.Image, opacity: float = 1.0) -> Image.Image:
        result = picture.copy()
        for colour, mask, at in self.inks:
            seen = (
                mask
                if opacity == 1
                else mask.point([round(level * opacity) for level in range(256)])
            )
            result.paste(colour, (*at, at[0] + mask.width, at[1] + mask.height), seen)
        return result


def in_corner(words: Caption, size: tuple[int, int], *, shade: Colour) -> Lettering:
    """The caption at a picture's lower left, on a shadow that rises from the foot."""
    width, height = size
    margin = round(min(size) * 0.05)
    block = _Block(words, room=width - 2 * margin, size=min(size) * 0.042)
    shadow = _shadow(width, min(round(block.tall * 2) + margin * 2, height))
    top = height - margin - math.ceil(block.tall)
    title, subtitle = block.masks(width - margin)
    return Lettering(
        (
            (darker(shade, 0.55), shadow, (0, height - shadow.height)),
            ((255, 251, 240), title, (margin, top)),
            ((244, 236, 220), subtitle, (margin, top)),
        )
    )


def below(words: Caption, size: tuple[int, int], *, top: int, left: int) -> Lettering:
    """The caption in pencil on a bare margin, below the picture."""
    width, height = size
    high = height - top
    block = _Block(words, room=width - 2 * left, size=high * 0.28)
    title, subtitle = block.masks(width - left)
    at = left, top + max(round((high - block.tall) * 0.4), 0)
    return Lettering((((62, 58, 66), title, at), ((116, 110, 114), subtitle, at)))


class _Block:
    """A caption broken into lines for a room's width: one or two of title, one of subtitle."""

    def __init__(self, words: Caption, *, room: float, size: float) -> None:
        self._font = _font(max(size, 12.0))
        self._small_font = _font(max(size * 0.56, 9.0))
        self._lines = [words.title]
        if self._font.getlength(words.title) > room:
            self._font = _font(max(size * 0.84, 11.0))
            self._lines = _balanced(words.title.split(" "), 2)
        self._lines = [_cut(line, self._font, room) for line in self._lines]
        # At the size of a thumbnail a second, smaller line is only noise.
        subtitle = words.subtitle if size > 13 and len(self._lines) == 1 else ""
        self._subtitle = _cut(subtitle, self._small_font, room)

    @property
    def tall(self) -> float:
        gap = self._font.size * 0.3 if self._subtitle else 0
        small = self._small_font.size * _LEADING if self._subtitle else 0
        return self._font.size * _LEADING * len(self._lines) + gap + small

    def masks(self, width: int) -> tuple[Image.Image, Image.Image]:
        """The title and the subtitle, in their places in one block."""
        size = max(width, 1), math.ceil(self.tall) + 2
        title, subtitle = Image.new("L", size), Image.new("L", size)
        y = 0.0
        for line in self._lines:
            ImageDraw.Draw(title).text((0, y), line, font=self._font, fill=255)
            y += self._font.size * _LEADING
        if self._subtitle:
            y += self._font.size * 0.3
            ImageDraw.Draw(subtitle).text((0, y), self._subtitle, font=self._small_font, fill=255)
        return title, subtitle


def set_large(words: str, picture: Image.Image) -> Lettering:
    """The words large across a picture's upper part, in the tone that reads best on it."""
    text = legible(words)
    if not text:
        return Lettering(())
    width, height = picture.size
    lines, font = _broken(text, width * 0.86, height * 0.4)
    bold = max(round(font.size * 0.035), 1)
    step = font.size * 1.08
    top = height * 0.09
    area = picture.crop((0, round(top), width, min(round(top + step * len(lines)) + 1, height)))
    red, green, blue = (round(level) for level in ImageStat.Stat(area).mean)
    mean = (red, green, blue)
    dark_ground = luminance(mean) < 0.6
    fill = lighter(mean, 0.94) if dark_ground else darker(mean, 0.88)
    halo = darker(mean, 0.8) if dark_ground else lighter(mean, 0.9)
    mask = Image.new("L", picture.size)
    pen = ImageDraw.Draw(mask)
    for number, line in enumerate(lines):
        pen.text(
            (width / 2, top + step * number),
            line,
            font=font,
            anchor="ma",
            fill=255,
            stroke_width=bold,
            stroke_fill=255,
        )
    soft = mask.reduce(2).filter(ImageFilter.GaussianBlur(font.size * 0.08)).resize(picture.size)
    return Lettering(
        (
            (halo, soft.point([min(round(level * 0.75), 190) for level in range(256)]), (0, 0)),
            (fill, mask, (0, 0)),
        )
    )


def _broken(text: str, width: float, height: float) -> tuple[list[str], ImageFont.FreeTypeFont]:
    """The words in the lines that let them be largest."""
    words = text.split(" ")
    best: tuple[float, list[str]] = (0.0, [text])
    probe = _font(100)
    for count in range(1, min(len(words), 5) + 1):
        lines = _balanced(words, count)
        longest = max(probe.getlength(line) for line in lines)
        size = min(width / longest * 100, height / (len(lines) * 1.08), height * 0.62)
        if size > best[0] * 1.02:
            best = size, lines
    size, lines = best
    return lines, _font(max(size * 0.97, 10.0))


def _balanced(words: list[str], count: int) -> list[str]:
    """The words in `count` lines of about one length."""
    share = sum(len(word) + 1 for word in words) / count
    lines: list[list[str]] = [[]]
    used = 0.0
    for word in words:
        if lines[-1] and used + len(word) / 2 > share * len(lines) and len(lines) < count:
            lines.append([])
        lines[-1].append(word)
        used += len(word) + 1
    return [" ".join(line) for line in lines]


def _cut(text: str, font: ImageFont.FreeTypeFont, room: float) -> str:
    """The text, shortened until it fits the room."""
    while len(text) > 1 and font.getlength(text) > room:
        text = _shortened(text, max(min(round(len(text) * 0.9), len(text) - 1), 1))
    return text


def _font(size: float) -> ImageFont.FreeTypeFont:
    font = ImageFont.load_default(size=size)
    assert isinstance(font, ImageFont.FreeTypeFont)  # the bundled one, which Pillow always has
    return font


def _shadow(width: int, height: int) -> Image.Image:
    ramp = [round((level / 255) ** 1.2 * 178) for level in range(256)]
    return Image.linear_gradient("L").point(ramp).resize((width, height))
