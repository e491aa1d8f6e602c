"""Where a scene is built: sheets from back to front, and the subjects placed between them."""

from random import Random

from core.emulator.drawing.brief import Brief, Subject
from core.emulator.drawing.colour import Colour
from core.emulator.drawing.motifs import MOTIFS, Motif, place_motif
from core.emulator.drawing.palettes import Palette
from core.emulator.drawing.particles import Particles
from core.emulator.drawing.scene import STILL, Item, Layer, Scene, Sway, straightened
from core.emulator.drawing.shapes import Sheet


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

    def layer(self, depth: float, sway: Sway = STILL) -> Sheet:
        """Add a sheet before those so far."""
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
        """Put the subjects that belong to one of these places there, on its floor.

        `place_rest` puts up those whose place the scene doesn't have.
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

    def scene(self, ground: Colour) -> Scene:
        """What was built; `ground` is the colour that words at its foot stand on."""
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
            image = straightened(sheet.image.crop(box), moves=self.bleed > 0)
            items.append(Layer(image, box[0] - self.bleed, box[1] - self.bleed, depth, sway))
        return Scene(self.width, self.height, tuple(items), ground)

    def _place(
        self,
        subjects: list[Subject],
        at: dict[str, float],
        depth: float,
        ambient: tuple[Colour, float],
    ) -> None:
        slots = sum(min(subject.count, 5) for subject in subjects)
        alone = self.rng.uniform(0.42, 0.62)
        if len(self.brief.subjects) > 1 and "sky" in at:
            alone = self.rng.choice((0.2, 0.8))  # what stands below may reach up to it
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
        sway = _SWAYS.get(motif.place, STILL)
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
