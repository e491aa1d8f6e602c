"""A scene: layers from far to near, each with its own movement, and how they become a picture."""

import math
from dataclasses import dataclass, field
from typing import TypeAlias

from PIL import Image, ImageFilter

from core.emulator.drawing.colour import Colour
from core.emulator.drawing.particles import Particles


@dataclass(frozen=True)
class Sway:
    """A movement to and fro, in pixels, around where the layer was painted."""

    x: float = 0.0
    y: float = 0.0
    period_seconds: float = 4.0
    phase: float = 0.0

    def at(self, seconds: float) -> tuple[float, float]:
        turn = math.tau * (seconds / self.period_seconds + self.phase)
        return self.x * math.sin(turn), self.y * math.sin(turn)


STILL = Sway()


@dataclass(frozen=True)
class Layer:
    """A painted sheet. `depth` is its share of the camera's movement: 0 far, 1 near."""

    image: Image.Image = field(repr=False)
    left: int
    top: int
    depth: float
    sway: Sway


Item: TypeAlias = Layer | Particles


@dataclass(frozen=True)
class Scene:
    """Everything in a picture but its words, from the back to the front; the first is opaque."""

    width: int
    height: int
    items: tuple[Item, ...]
    ground: Colour  # the colour below, for words on it

    def picture(
        self, *, seconds: float | None = None, pan: tuple[float, float] = (0.0, 0.0)
    ) -> Image.Image:
        """The scene at a moment, or before anything moved, seen by a camera moved by `pan`."""
        frame = Image.new("RGB", (self.width, self.height))
        for item in self.items:
            match item:
                case Layer():
                    sway_x, sway_y = (0.0, 0.0) if seconds is None else item.sway.at(seconds)
                    _lay(
                        frame,
                        item,
                        item.left + sway_x - pan[0] * item.depth,
                        item.top + sway_y - pan[1] * item.depth,
                    )
                case Particles():
                    item.paint(frame, seconds or 0.0)
        return frame


def _lay(frame: Image.Image, layer: Layer, x: float, y: float) -> None:
    """Paste a layer, between pixels too, for a slow movement would else go in visible steps."""
    left, top = math.floor(x), math.floor(y)
    # The part of the layer that is seen, and the same part one pixel on.
    box = (
        max(-left, 0),
        max(-top, 0),
        min(frame.width - left, layer.image.width),
        min(frame.height - top, layer.image.height),
    )
    if box[2] <= box[0] or box[3] <= box[1]:
        return
    image = layer.image
    shown = image.crop(box)
    if x - left > 0.02:
        shown = Image.blend(shown, image.crop((box[0] - 1, box[1], box[2] - 1, box[3])), x - left)
    if y - top > 0.02:
        moved = image.crop((box[0], box[1] - 1, box[2], box[3] - 1))
        if x - left > 0.02:
            further = image.crop((box[0] - 1, box[1] - 1, box[2] - 1, box[3] - 1))
            moved = Image.blend(moved, further, x - left)
        shown = Image.blend(shown, moved, y - top)
    at = left + box[0], top + box[1]
    frame.paste(shown, at, shown if shown.mode == "RGBA" else None)


def straightened(premultiplied: Image.Image, *, moves: bool) -> Image.Image:
    """The sheet's colours as they are pasted: not multiplied by how much they cover."""
    alpha = premultiplied.getchannel("A")
    straight = Image.merge("RGBa", premultiplied.split()).convert("RGBA")
    if alpha.getextrema() == (255, 255):
        return straight.convert("RGB")
    if not moves:
        return straight
    # What is shown between pixels mixes an edge with the clear pixel beside it, so that must have
    # the edge's colour too.
    blurred = premultiplied.filter(ImageFilter.BoxBlur(2))
    around = Image.merge("RGBa", blurred.split()).convert("RGBA")
    spread = Image.composite(straight, around, alpha.point([0] + [255] * 255))
    spread.putalpha(alpha)
    return spread
