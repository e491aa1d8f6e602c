"""Pixels for what an input asks for: aspect ratios, areas, tables of sizes."""

import math
from collections.abc import Mapping
from typing import TypeAlias

Size: TypeAlias = tuple[int, int]  # width and height in pixels


def ratio_of(text: str) -> float:
    """Return width over height of `16:9` or `1024x1024`."""
    width, height = text.replace("x", ":").split(":")
    return int(width) / int(height)


def size_of(text: str) -> Size:
    """Return the size that `1024x768` names."""
    width, _, height = text.partition("x")
    return int(width), int(height)


def of_area(ratio: float, pixels: float, *, multiple: int = 16) -> Size:
    """Return the size of about so many pixels whose sides are multiples of a number."""
    width = math.sqrt(pixels * ratio)
    return rounded(width, multiple), rounded(width / ratio, multiple)


def of_short_side(ratio: float, side: float, *, multiple: int = 2) -> Size:
    """Return the size whose shorter side is given: what `720p` means for any ratio."""
    return rounded(side * max(ratio, 1), multiple), rounded(side * max(1 / ratio, 1), multiple)


def of_long_side(ratio: float, side: float, *, multiple: int = 2) -> Size:
    """Return the size whose longer side is given."""
    return of_short_side(ratio, side / max(ratio, 1 / ratio), multiple=multiple)


def at_most(size: Size, *, side: int | None = None, pixels: int | None = None) -> Size:
    """Return a size made smaller, its ratio kept, to a longest side or about so many pixels."""
    width, height = size
    scale = 1.0
    if side is not None:
        scale = min(scale, side / max(size))
    if pixels is not None:
        scale = min(scale, math.sqrt(pixels / (width * height)))
    if scale == 1.0:
        return size
    return rounded(width * scale, 2), rounded(height * scale, 2)


def both_ways(table: Mapping[str, Size]) -> dict[str, Size]:
    """Return a table of landscape sizes with each also upright."""
    upright = {":".join(reversed(ratio.split(":"))): (h, w) for ratio, (w, h) in table.items()}
    return {**upright, **table}


def rounded(length: float, multiple: int) -> int:
    """Return the nearest multiple, at least one."""
    return max(1, round(length / multiple)) * multiple
