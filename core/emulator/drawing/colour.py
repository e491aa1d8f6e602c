"""Arithmetic on colours: parse, mix, lighten, shift, measure."""

import colorsys
from typing import TypeAlias

Colour: TypeAlias = tuple[int, int, int]


def parse(text: str) -> Colour:
    """`#rrggbb` → red, green, blue."""
    return int(text[1:3], 16), int(text[3:5], 16), int(text[5:7], 16)


def mix(first: Colour, second: Colour, share: float) -> Colour:
    """`share` of `second` in `first`: 0 is all `first`, 1 all `second`."""
    red, green, blue = (round(a + (b - a) * share) for a, b in zip(first, second, strict=True))
    return red, green, blue


def lighter(colour: Colour, share: float) -> Colour:
    return mix(colour, (255, 252, 244), share)


def darker(colour: Colour, share: float) -> Colour:
    return mix(colour, (18, 16, 30), share)


def turned(colour: Colour, degrees: float) -> Colour:
    """The colour with its hue turned on the wheel."""
    hue, light, saturation = colorsys.rgb_to_hls(*(part / 255 for part in colour))
    parts = colorsys.hls_to_rgb((hue + degrees / 360) % 1, light, saturation)
    red, green, blue = (round(part * 255) for part in parts)
    return red, green, blue


def dyed(colour: Colour, dye: Colour, share: float) -> Colour:
    """The colour moved towards a dye's hue, its own lightness kept."""
    _, light, _ = colorsys.rgb_to_hls(*(part / 255 for part in colour))
    hue, _, saturation = colorsys.rgb_to_hls(*(part / 255 for part in dye))
    parts = colorsys.hls_to_rgb(hue, light, saturation * 0.8)
    red, green, blue = (round(part * 255) for part in parts)
    return mix(colour, (red, green, blue), share)


def luminance(colour: Colour) -> float:
    """How bright the colour looks: 0 is black, 1 is white."""
    red, green, blue = colour
    return (0.2126 * red + 0.7152 * green + 0.0722 * blue) / 255
