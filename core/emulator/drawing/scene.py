"""A scene: layers from far to near, each with its own movement, and how they become a picture."""

import math
from dataclasses import dataclass, field
from random import Random
from typing import TypeAlias

from PIL import Image, ImageFilter

from core.emulator.drawing.brief import Brief, Subject
from core.emulator.drawing.colour import Colour
from core.emulator.drawing.motifs import MOTIFS, Motif, place_motif
from core.emulator.drawing.palettes import Palette
from core.emulator.drawing.particles import Particles
from core.emulator.drawing.shapes import Sheet


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
    is_dark: bool

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


def _straightened(premultiplied: Image.Image, *, moves: bool) -> Image.Image:
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


class Stage:
    """Where a scene is built: hands out sheets from back to front, places the subjects on them."""

    def __init__(
        self, brief: Brief, palette: Palette, rng: Random, *, width: int, height: int, bleed: int
    ) -> None:
        self.brief, self.palette, self.rng = brief, palette, rng
        self.width, self.height, self.bleed = width, height, bleed
        self.unit = min(width, height)
        """The length that sizes are shares of, whatever the aspect."""
        self.left, self.right = -bleed - 2, width + bleed + 2
        self._pending: list[tuple[Sheet, float, Sway] | Particles] = []
        self._waiting = list(brief.subjects)
        # Things take on less of the light than the land does, or they would be lost in it.
        self._ambient = palette.ambient[0], palette.ambient[1] * 0.6

    def layer(self, depth: float, sway: Sway = Sway()) -> Sheet:
        sheet = Sheet(self.width, self.height, self.bleed)
        self._pending.append((sheet, depth, sway))
        return sheet

    def sprinkle(self, kind: str, *, until: float = 1.0, colour: Colour = (255, 255, 255)) -> None:
        """Add particles down to a share of the height."""
        self._pending.append(
            Particles.scatter(
                kind,
                width=self.width,
                height=self.height,
                until=until,
                colour=colour,
                seed=self.rng.getrandbits(32),
            )
        )

    def place(
        self, *, at: dict[str, float], depth: float, ambient: tuple[Colour, float] | None = None
    ) -> None:
        """Put the subjects that belong to one of these places there; a place's value is its floor.

        Those that never found theirs are put up with the last place by `place_rest`.
        """
        here = [subject for subject in self._waiting if MOTIFS[subject.motif].place in at]
        self._waiting = [subject for subject in self._waiting if subject not in here]
        self._place(here, at, depth, ambient or self._ambient)

    def place_rest(
        self, floor: float, depth: float, ambient: tuple[Colour, float] | None = None
    ) -> None:
        """Put all subjects that are left on one floor."""
        at: dict[str, float] = {MOTIFS[subject.motif].place: floor for subject in self._waiting}
        self._place(self._waiting, at, depth, ambient or self._ambient)
        self._waiting = []

    def wants(self, *places: str) -> bool:
        """Whether a subject that belongs to one of these places still waits."""
        return any(MOTIFS[subject.motif].place in places for subject in self._waiting)

    def scene(self, ground: Colour, *, is_dark: bool | None = None) -> Scene:
        items: list[Item] = []
        for pending in self._pending:
            if isinstance(pending, Particles):
                items.append(pending)
                continue
            sheet, depth, sway = pending
            box = sheet.image.getbbox()
            if box is None:
                continue
            # A clear pixel on each side, for what is shown between pixels. (Pillow pads a crop.)
            box = box if _is_opaque(sheet) else (box[0] - 1, box[1] - 1, box[2] + 1, box[3] + 1)
            image = _straightened(sheet.image.crop(box), moves=self.bleed > 0)
            items.append(Layer(image, box[0] - self.bleed, box[1] - self.bleed, depth, sway))
        is_dark = self.palette.is_dark if is_dark is None else is_dark
        return Scene(self.width, self.height, tuple(items), ground, is_dark)

    def _place(
        self,
        subjects: list[Subject],
        at: dict[str, float],
        depth: float,
        ambient: tuple[Colour, float],
    ) -> None:
        slots = sum(min(subject.count, 5) for subject in subjects)
        alone = self.rng.uniform(0.42, 0.62)
        columns = (
            [alone] if slots == 1 else [0.16 + 0.68 * (slot + 0.5) / slots for slot in range(slots)]
        )
        for subject in subjects:
            motif = MOTIFS[subject.motif]
            floor = at[motif.place]
            if self.brief.headline and motif.place == "sky":
                floor = max(floor, self.height * 0.86)  # the sky is for the words
            for number in range(min(subject.count, 5)):
                self._place_one(
                    motif,
                    subject.colour,
                    column=columns.pop(0),
                    floor=floor,
                    share=(1.0 if slots == 1 else 0.92 if slots == 2 else 0.72)
                    * (1.0 if number % 2 == 0 else 0.78),
                    depth=depth,
                    ambient=ambient,
                )

    def _place_one(
        self,
        motif: Motif,
        colour: Colour | None,
        *,
        column: float,
        floor: float,
        share: float,
        depth: float,
        ambient: tuple[Colour, float],
    ) -> None:
        size = motif.height * self.unit * share
        if self.height > self.width and motif.place != "portrait":
            size *= 1.2
        if self.brief.headline and motif.place == "sky":
            size *= 0.85
        floats = motif.place in {"sky", "under"}
        x = self.width * column
        y = floor + (self.rng.uniform(-0.12, 0.12) * self.height * (share < 0.9) if floats else 0)
        sway = _SWAYS.get(motif.place, Sway())
        sheet = self.layer(
            depth,
            Sway(
                sway.x * self.unit,
                sway.y * self.unit,
                sway.period_seconds,
                self.rng.random() if floats else 0.0,
            ),
        )
        if motif.place in {"ground", "table"}:
            sheet.shade((x, y - size * 0.005), size * 0.62, size * 0.075, (16, 14, 30), 0.55)
        place_motif(
            sheet,
            motif,
            (x, y),
            size,
            colour=colour,
            ambient=ambient,
            flipped=self.rng.random() < 0.5,
        )


def _is_opaque(sheet: Sheet) -> bool:
    return sheet.image.getchannel("A").getextrema() == (255, 255)


_SWAYS = {
    # in shares of the unit
    "sky": Sway(0.012, 0.02, 5.0),
    "under": Sway(0.03, 0.014, 4.0),
    "water": Sway(0.008, 0.012, 3.6),
}
