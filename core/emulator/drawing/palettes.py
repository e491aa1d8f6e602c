"""The colours of a picture: skies by light, land by setting, and sets for abstract work."""

from dataclasses import dataclass
from random import Random

from core.emulator.drawing.brief import Brief
from core.emulator.drawing.colour import Colour, darker, dyed, lighter, mix, parse, turned


@dataclass(frozen=True)
class Palette:
    """What a scene is painted with, from the sky's top to the nearest ground."""

    sky: tuple[Colour, ...]  # top to horizon
    sun: Colour  # or moon
    far: Colour
    near: Colour
    accent: Colour
    ambient: tuple[Colour, float]  # the light that things take on, and how much of it
    is_dark: bool

    @property
    def horizon(self) -> Colour:
        return self.sky[-1]

    def land(self, nearness: float) -> Colour:
        """The ground's colour: 0 fades into the horizon's air, 1 is the nearest."""
        air = max(0.62 - nearness, 0)
        return mix(mix(self.far, self.near, nearness), self.horizon, air)


_SKIES = {
    # light: sky from top to horizon, sun or moon, ambient colour and its share
    "day": ("#4d9fd0 #9bd1ea #f6eed8", "#fff6d6", "#fff3d6", 0.0),
    "dawn": ("#8fb0d4 #e6c3c6 #ffe6c4", "#fff4d8", "#f4c9b5", 0.14),
    "sunset": ("#3d2c63 #b0507a #f28a5b #ffd58f", "#ffeab0", "#d9683f", 0.2),
    "night": ("#0a1130 #1b2a5e #4a5c94", "#f6f1da", "#1a2350", 0.42),
    "storm": ("#272f3c #4e5b69 #9aa3a5", "#d9dcd6", "#3a4553", 0.34),
    "mist": ("#9fb0b8 #c4cfd1 #ece8dd", "#fbf6e6", "#c4cfd1", 0.2),
    "neon": ("#140a33 #43146e #c22a86 #ff7d8a", "#ffc04a", "#4a1a78", 0.3),
    "aurora": ("#071226 #0f2b45 #2a5f6d", "#f3f3e0", "#123348", 0.42),
    "space": ("#04050e #0b0d2b #1f1a4a", "#f4e8c9", "#141437", 0.16),
}

_LANDS = {
    # setting: far, near, accent
    "mountains": ("#8196b8", "#27405a", "#e8a04a"),
    "meadow": ("#8fb98a", "#2f6b4c", "#e8b54a"),
    "forest": ("#86a998", "#143630", "#e0913f"),
    "ocean": ("#5fa9bb", "#123f62", "#f0b35a"),
    "underwater": ("#2f9db0", "#0c3357", "#f08a5c"),
    "desert": ("#ebbd86", "#a9532f", "#3f8a7a"),
    "city": ("#8592b6", "#1e2340", "#ffcf70"),
    "space": ("#5c5a8f", "#1a1838", "#e8a04a"),
    "room": ("#e6d3b8", "#8d5f45", "#d9694a"),
}

_ABSTRACTS = (
    "#f4ead7 #e4572e #17434f #f3a712 #76b0a8",
    "#f6efe4 #d8435a #29335c #f3a953 #8fb8c9",
    "#f1e8da #2a6f6b #e9b44c #9b2915 #50a2a7",
    "#fbf1e3 #f26a4b #3d348b #f7b801 #7678ed",
    "#eef0e8 #31572c #d98e73 #132a13 #90a955",
    "#fbeee6 #b5446e #525b76 #f2b5a7 #2f9c95",
)

_DARK_ABSTRACTS = (
    "#1d1e33 #ef7a5d #f7d08a #5f7adb #e3f09b",
    "#0f2a33 #f2545b #f5dfbb #19c2a9 #e8a23d",
    "#1c1026 #ff4f8b #3ddad7 #ffd23f #7a5cff",
)

_OPEN_LIGHTS = {
    "room": ("day", "dawn", "sunset"),
    "city": ("sunset", "night", "dawn"),
    "space": ("space",),
    "underwater": ("day",),
}


def choose(brief: Brief, setting: str, rng: Random) -> Palette:
    """The colours for a setting, in the brief's light or one that suits it."""
    light = brief.light or rng.choice(_OPEN_LIGHTS.get(setting, ("day", "dawn", "sunset")))
    if setting == "space":
        light = "space"
    sky_text, sun, ambient, share = _SKIES[light]
    sky = [parse(stop) for stop in sky_text.split()]
    far, near, accent = (parse(part) for part in _LANDS[setting])
    far, near = mix(far, parse(ambient), share * 0.9), mix(near, parse(ambient), share)
    match brief.weather:
        case "snow":
            bright = 0.2 if light in {"night", "aurora", "neon"} else 0.62
            far, near = lighter(far, bright), mix(near, parse("#dfe8f2"), bright)
        case "leaves":
            far, near = dyed(far, parse("#d98a3f"), 0.75), dyed(near, parse("#b5502a"), 0.6)
            accent = parse("#e8702f")
        case "petals":
            far, accent = dyed(far, parse("#eda3b8"), 0.4), parse("#f09cb5")
        case _:
            pass
    if brief.dye is not None:
        sky = [dyed(stop, brief.dye, 0.75) for stop in sky]
        far, near = dyed(far, brief.dye, 0.7), dyed(near, brief.dye, 0.65)
        accent = brief.dye
    # A few degrees on the wheel, so that each seed has a mood of its own.
    turn = rng.uniform(-9, 9)
    return Palette(
        sky=tuple(turned(stop, turn) for stop in sky),
        sun=parse(sun),
        far=turned(far, turn),
        near=turned(near, turn),
        accent=accent,
        ambient=(turned(parse(ambient), turn), share),
        is_dark=light in {"night", "storm", "neon", "aurora", "space"},
    )


def choose_abstract(brief: Brief, rng: Random) -> tuple[Colour, ...]:
    """A ground and four colours for it."""
    sets = _DARK_ABSTRACTS if brief.light in {"night", "neon"} else _ABSTRACTS + _DARK_ABSTRACTS[:2]
    ground, *inks = (parse(part) for part in rng.choice(sets).split())
    if brief.dye is not None:
        # Cousins of the colour asked for, and one opposite that makes it sing.
        inks = [
            brief.dye,
            darker(turned(brief.dye, -18), 0.4),
            lighter(turned(brief.dye, 24), 0.3),
            turned(lighter(brief.dye, 0.15), 165),
        ]
        ground = lighter(brief.dye, 0.86) if sum(ground) > 380 else darker(brief.dye, 0.8)
    rng.shuffle(inks)
    return (ground, *inks)
