"""Reads a prompt: what the picture shows, where, in which light, weather, medium and words."""

import hashlib
import re
from dataclasses import dataclass

from core.emulator.drawing.colour import Colour, parse
from core.emulator.drawing.motifs import MOTIFS
from core.emulator.drawing.vocabulary import (
    COLOURS,
    LAND_COLOURS_NOT,
    LIGHTS,
    MEDIA,
    NUMBERS,
    SETTINGS,
    WEATHERS,
)

_READ_CHARACTERS = 1500
"""A prompt says what it shows early; reading more of a very long one only takes time."""

_MAX_SUBJECTS = 3


@dataclass(frozen=True)
class Subject:
    """A thing to show, in its own colour or the motif's, once or several times."""

    motif: str
    colour: Colour | None = None
    count: int = 1


@dataclass(frozen=True)
class Brief:
    """What a prompt asks for. What it leaves open is None, and the seed decides."""

    setting: str | None = None
    light: str | None = None
    weather: str | None = None
    medium: str | None = None
    dye: Colour | None = None
    subjects: tuple[Subject, ...] = ()
    headline: str | None = None
    is_isometric: bool = False


def read(prompt: str) -> Brief:
    """Find the words that can be drawn."""
    text = prompt[:_READ_CHARACTERS]
    words = re.findall(r"[a-z0-9]+", _without_quotes(text).lower())
    subjects, dye = _subjects(words)
    setting = _first(words, _SETTING_OF)
    if setting is None and subjects:
        setting = MOTIFS[subjects[0].motif].home
    return Brief(
        setting=setting,
        light=_first(words, _LIGHT_OF),
        weather=_first(words, _WEATHER_OF),
        medium=_first(words, _MEDIUM_OF),
        dye=dye,
        subjects=subjects,
        headline=_headline(text),
        is_isometric="isometric" in words,
    )


def digest(prompt: str, seed: int) -> int:
    """A number that is the same for the same words and seed on every machine."""
    return int.from_bytes(hashlib.sha256(f"{seed}\n{prompt}".encode("utf-8", "replace")).digest())


def _turned_over(meanings: dict[str, str]) -> dict[str, str]:
    found: dict[str, str] = {}
    for meaning, words in meanings.items():
        for word in words.split():
            found.setdefault(word, meaning)
    return found


_SETTING_OF = _turned_over(SETTINGS)
_LIGHT_OF = _turned_over(LIGHTS)
_WEATHER_OF = _turned_over(WEATHERS)
_MEDIUM_OF = _turned_over(MEDIA)
_MOTIF_OF: dict[str, tuple[str, Colour | None]] = {
    word: (name, colour) for name, motif in MOTIFS.items() for word, colour in motif.words.items()
}


def _first(words: list[str], meaning_of: dict[str, str]) -> str | None:
    return next((meaning_of[word] for word in words if word in meaning_of), None)


def _subjects(words: list[str]) -> tuple[tuple[Subject, ...], Colour | None]:
    """The things to show, each with the colour named before it; a colour of none is the dye."""
    found: dict[str, Subject] = {}
    dye: Colour | None = None
    colour: str | None = None
    count: int | None = None
    for before, word in zip(["", *words], words, strict=False):
        singular = _singular(word)
        if singular == "tree" and _singular(before) is not None:
            # A palm tree is a palm, an apple tree a tree.
            fruit = found.pop("apple", None)
            if fruit is not None:
                found["tree"] = Subject("tree", fruit.colour, fruit.count)
            continue
        if word in COLOURS and word not in _MOTIF_OF:
            colour = word
            if dye is None and word not in LAND_COLOURS_NOT:
                dye = parse(COLOURS[word])
        elif word in NUMBERS:
            count = NUMBERS[word]
        elif singular is not None:
            motif, own = _MOTIF_OF[singular]
            named = parse(COLOURS[colour]) if colour else None
            if named is not None and dye == named:
                dye = None  # it was the thing's colour, not the picture's
            several = 3 if word != singular else 1
            found.setdefault(motif, Subject(motif, named or own, count or several))
            colour, count = None, None
        if len(found) == _MAX_SUBJECTS:
            break
    if len(found) > 1 and "portrait" in found:
        # "A portrait of a fox" shows the fox; that of a woman a portrait, not a small figure.
        del found["person" if "person" in found else "portrait"]
    return tuple(found.values()), dye


def _singular(word: str) -> str | None:
    """The form of the word that names a motif, if one does."""
    candidates = [word, word.removesuffix("s"), word.removesuffix("es")]
    if word.endswith("ies"):
        candidates.append(word[:-3] + "y")
    if word.endswith("ves"):
        candidates.append(word[:-3] + "f")
    return next((candidate for candidate in candidates if candidate in _MOTIF_OF), None)


_QUOTED = re.compile(
    r'"([^"\n]{1,80})"|“([^”\n]{1,80})”|«([^»\n]{1,80})»|(?:(?<=\s)|^)[\'‘]([^\'’\n]{1,80})[\'’](?=\W|$)'
)


def _headline(text: str) -> str | None:
    """The first words in quotation marks: those that the picture should say."""
    found = _QUOTED.search(text)
    if found is None:
        return None
    return next(group for group in found.groups() if group is not None).strip() or None


def _without_quotes(text: str) -> str:
    return _QUOTED.sub(" ", text)
