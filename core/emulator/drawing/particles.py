"""What drifts through a picture: snow, rain, stars, leaves, petals, sparks, bubbles, dust."""

import math
from dataclasses import dataclass, field
from random import Random

from PIL import Image, ImageDraw

from core.emulator.drawing.colour import Colour

_SUPERSAMPLES = 2


@dataclass(frozen=True)
class _Kind:
    """How a kind looks and moves; lengths and speeds are shares of the shorter side."""

    count: int  # in a square
    radius: tuple[float, float]
    fall: float = 0.0  # per second, downwards
    drift: float = 0.0  # per second, sideways
    wobble: float = 0.0  # how far it swings sideways
    opacity: float = 0.9
    twinkles: bool = False
    streak: float = 0.0  # how long, as a share
    leaf: bool = False


_KINDS = {
    "snow": _Kind(190, (0.0018, 0.0068), fall=0.09, drift=0.015, wobble=0.02),
    "rain": _Kind(230, (0.0008, 0.0014), fall=1.3, drift=-0.22, opacity=0.42, streak=0.055),
    "stars": _Kind(240, (0.0006, 0.0024), twinkles=True, opacity=0.95),
    "leaves": _Kind(34, (0.009, 0.017), fall=0.11, drift=0.06, wobble=0.04, leaf=True),
    "petals": _Kind(48, (0.006, 0.012), fall=0.08, drift=0.07, wobble=0.04, leaf=True),
    "sparks": _Kind(60, (0.0018, 0.0052), fall=-0.03, wobble=0.03, twinkles=True),
    "bubbles": _Kind(46, (0.003, 0.011), fall=-0.1, wobble=0.012, opacity=0.5),
    "dust": _Kind(
        70, (0.0008, 0.0026), fall=-0.012, drift=0.012, wobble=0.01, opacity=0.5, twinkles=True
    ),
}


@dataclass(frozen=True)
class _Grain:
    x: float
    y: float
    radius: float
    speed: float
    phase: float


@dataclass(frozen=True)
class Particles:
    """Grains of one kind, whose places at any moment follow from the moment alone."""

    kind: str
    colour: Colour
    until: float  # the share of the height that they reach
    grains: tuple[_Grain, ...] = field(repr=False)

    @classmethod
    def scatter(
        cls, kind: str, *, width: int, height: int, until: float, colour: Colour, seed: int
    ) -> "Particles":
        rng = Random(seed)
        look = _KINDS[kind]
        unit = min(width, height)
        smallest, largest = look.radius
        count = round(look.count * min(max(width, height) / unit, 2.4) * until)
        grains = tuple(
            _Grain(
                x=rng.random(),
                y=rng.random(),
                # Many small, few large; and none that is too small to be seen.
                radius=max((smallest + (largest - smallest) * rng.random() ** 3) * unit, 0.45),
                speed=rng.uniform(0.7, 1.4),
                phase=rng.random(),
            )
            for _ in range(count)
        )
        return cls(kind, colour, until, grains)

    def paint(self, frame: Image.Image, seconds: float) -> None:
        """Paint the grains where they are at this moment."""
        look = _KINDS[self.kind]
        width, height = frame.width, round(frame.height * self.until)
        unit = min(frame.size)
        scale = _SUPERSAMPLES
        mask = Image.new("L", (width * scale, height * scale))
        pen = ImageDraw.Draw(mask)
        for grain in self.grains:
            margin = 0.06 * unit
            across, down = width + 2 * margin, height + 2 * margin
            swing = math.sin(math.tau * (seconds * 0.23 * grain.speed + grain.phase))
            x = grain.x * across + look.drift * unit * grain.speed * seconds
            x = (x % across) - margin + swing * look.wobble * unit
            y = (grain.y * down + look.fall * unit * grain.speed * seconds) % down - margin
            level = look.opacity
            if look.twinkles:
                beat = math.sin(math.tau * (seconds * 0.45 * grain.speed + grain.phase * 7))
                level *= 0.62 + 0.38 * beat
            ink = round(255 * level)
            x, y, radius = x * scale, y * scale, grain.radius * scale
            if look.streak:
                length = look.streak * unit * scale * grain.speed
                slope = look.drift / look.fall
                pen.line(
                    (x, y, x + slope * length, y + length),
                    fill=ink,
                    width=max(round(2 * radius), 1),
                )
            elif look.leaf:
                angle = math.tau * (grain.phase + seconds * 0.18 * grain.speed)
                pen.polygon(_leaf(x, y, radius, angle, swing), fill=ink)
            else:
                pen.ellipse((x - radius, y - radius, x + radius, y + radius), fill=ink)
        frame.paste(self.colour, (0, 0), mask.reduce(scale))


def _leaf(
    x: float, y: float, radius: float, angle: float, tilt: float
) -> list[tuple[float, float]]:
    """A pointed oval, turned by an angle and seen from a tilt."""
    narrow = 0.28 + 0.3 * abs(tilt)
    points = []
    for step in range(13):
        turn = math.tau * step / 12
        along, across = math.cos(turn), math.sin(turn) * narrow * abs(math.sin(turn / 2)) ** 0.4
        points.append(
            (
                x + radius * (along * math.cos(angle) - across * math.sin(angle)),
                y + radius * (along * math.sin(angle) + across * math.cos(angle)),
            )
        )
    return points
