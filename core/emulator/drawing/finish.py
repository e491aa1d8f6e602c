"""The medium that a picture is in: watercolour, pencil, pixels, neon, old film, and fine grain."""

from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageChops, ImageEnhance, ImageFilter, ImageOps

_Tones: TypeAlias = NDArray[np.float32]

_PIXELS_ACROSS = 104
"""How many blocks of pixel art fit on the shorter side."""


class Finish:
    """Turns flat colour into one medium; its textures are made once, for one size and seed."""

    def __init__(
        self, medium: str | None, *, width: int, height: int, seed: int, moves: bool = False
    ) -> None:
        """`moves` trades detail for speed, for a finish that is applied to each of many frames."""
        self._medium, self._moves = medium, moves
        self._unit = min(width, height)
        rng = np.random.default_rng(seed)
        self._paper = _paper(rng, width, height) if medium in {"watercolour", "pencil"} else None
        self._blooms = _blooms(rng, width, height) if medium == "watercolour" else None
        self._vignette = _vignette(width, height) if medium in {"film", "noir"} else None
        self._hatching = _hatching(width, height) if medium == "pencil" else ()
        self._blocks: Image.Image | None = None  # whose few colours all frames share
        self._rng = rng

    @property
    def has_margin(self) -> bool:
        """Whether the medium lies on paper whose margin is left bare."""
        return self._medium in {"watercolour", "pencil"}

    def apply(self, picture: Image.Image) -> Image.Image:
        match self._medium:
            case "watercolour":
                return self._watercolour(picture)
            case "pencil":
                return self._pencil(picture)
            case "pixels":
                return self._pixels(picture)
            case "neon":
                return self._neon(picture)
            case "noir":
                grey = self._grey(picture).convert("RGB")
                return self._darkened(ImageEnhance.Contrast(grey).enhance(1.15))
            case "film":
                faded = ImageEnhance.Color(picture).enhance(0.72)
                warm = Image.blend(faded, Image.new("RGB", picture.size, (226, 178, 122)), 0.16)
                return self._darkened(warm)
            case _:
                return picture

    def grain(self, picture: Image.Image) -> Image.Image:
        """Fine noise, which also hides a gradient's steps. Not for clips: they would grow by it."""
        if self._medium == "pixels":
            return picture
        strength = 7.0 if self._medium in {"film", "noir"} else 2.6
        noise = self._rng.standard_normal((picture.height, picture.width), dtype=np.float32)
        noise *= strength
        pixels = (
            np.asarray(picture).astype(np.int16) + noise.round().astype(np.int16)[..., np.newaxis]
        )
        return Image.fromarray(np.clip(pixels, 0, 255).astype(np.uint8))

    def _watercolour(self, picture: Image.Image) -> Image.Image:
        assert self._paper is not None
        assert self._blooms is not None
        inked = picture if self._moves else self._pooled(picture)
        washed = Image.blend(inked, Image.new("RGB", picture.size, (252, 247, 236)), 0.16)
        return ImageChops.multiply(ImageChops.soft_light(washed, self._blooms), self._paper)

    def _pooled(self, picture: Image.Image) -> Image.Image:
        """Pigment that ran together inside each shape and gathered dark along its edge."""
        # The mode of an area is slow to find, so it is sought in a smaller picture.
        factor = max(round(self._unit / 500), 1)
        area = max(round(self._unit / factor / 100) | 1, 3)
        pooled = picture.reduce(factor).filter(ImageFilter.ModeFilter(area))
        pooled = pooled.resize(picture.size, Image.Resampling.BICUBIC)
        soft = pooled.filter(ImageFilter.GaussianBlur(self._unit / 420))
        wide = pooled.filter(ImageFilter.GaussianBlur(self._unit / 110))
        edges = ImageChops.difference(soft, wide)
        return ImageChops.subtract(soft, edges.point(lambda level: min(level * 0.8, 60)))

    def _pencil(self, picture: Image.Image) -> Image.Image:
        assert self._paper is not None
        grey = self._grey(picture)
        blurred = grey.reduce(2).filter(ImageFilter.BoxBlur(self._unit / 220)).resize(grey.size)
        tone = np.asarray(grey)
        drawn = _PENCIL_LINES[tone, np.asarray(blurred)]
        for wave, limit in zip(self._hatching, (150, 92), strict=True):
            weight = np.clip(1 - np.arange(256) / limit, 0, 1).astype(np.float32)
            drawn = drawn - wave * weight[tone]
        pencil = Image.fromarray(np.clip(drawn, 24, 255).astype(np.uint8))
        sheet = ImageOps.colorize(pencil, (38, 36, 44), (250, 246, 236))
        return ImageChops.multiply(sheet, self._paper)

    def _grey(self, picture: Image.Image) -> Image.Image:
        grey = picture.convert("L")
        # Contrast that follows each frame's own extremes would flicker.
        return grey if self._moves else ImageOps.autocontrast(grey, cutoff=1)

    def _pixels(self, picture: Image.Image) -> Image.Image:
        block = max(round(self._unit / _PIXELS_ACROSS), 2)
        blocks = -(-picture.width // block), -(-picture.height // block)
        small = picture.resize(blocks, Image.Resampling.BOX)
        if self._blocks is None:
            self._blocks = small.quantize(28, method=Image.Quantize.MEDIANCUT)
        few = small.quantize(palette=self._blocks, dither=Image.Dither.NONE)
        large = few.convert("RGB").resize(
            (blocks[0] * block, blocks[1] * block), Image.Resampling.NEAREST
        )
        return large.crop((0, 0, *picture.size))

    def _neon(self, picture: Image.Image) -> Image.Image:
        small = picture.reduce(4)
        bright = small.point(lambda level: max(level - 120, 0) * 1.5)
        halo = bright.filter(ImageFilter.GaussianBlur(self._unit / 120))
        glow = ImageChops.screen(picture, halo.resize(picture.size, Image.Resampling.BILINEAR))
        return ImageEnhance.Color(glow).enhance(1.15)

    def _darkened(self, picture: Image.Image) -> Image.Image:
        assert self._vignette is not None
        return ImageChops.multiply(picture, self._vignette)


def _cloudy(rng: np.random.Generator, width: int, height: int, cells: int) -> Image.Image:
    """Soft noise of about so many blots along the shorter side."""
    unit = min(width, height)
    size = max(round(width / unit * cells), 2), max(round(height / unit * cells), 2)
    blots = rng.integers(0, 256, size=(size[1], size[0]), dtype=np.uint8)
    return Image.fromarray(blots).resize((width, height), Image.Resampling.BICUBIC)


def _paper(rng: np.random.Generator, width: int, height: int) -> Image.Image:
    fibres = Image.blend(_cloudy(rng, width, height, 220), _cloudy(rng, width, height, 40), 0.4)
    return fibres.point([232 + round(level * 23 / 255) for level in range(256)]).convert("RGB")


def _blooms(rng: np.random.Generator, width: int, height: int) -> Image.Image:
    clouds = Image.blend(_cloudy(rng, width, height, 5), _cloudy(rng, width, height, 17), 0.4)
    return clouds.point([92 + round(level * 72 / 255) for level in range(256)]).convert("RGB")


def _pencil_lines() -> _Tones:
    """How light a pencil leaves a tone (the row) that has a blurred tone around it (the column).

    A colour dodge with the negative of what is around leaves lines where tones change.
    """
    tone = np.arange(256, dtype=np.float32)[:, np.newaxis]
    around = np.arange(256, dtype=np.float32)
    lines: _Tones = np.minimum(tone * 255 / (around + 1), 255) * 0.82 + tone * 0.18
    return lines


_PENCIL_LINES = _pencil_lines()


def _hatching(width: int, height: int) -> tuple[_Tones, _Tones]:
    """Strokes that lean to either side, as how much darker they are."""
    rows, columns = np.ogrid[:height, :width]
    pitch = np.float32(2 * np.pi / max(min(width, height) / 150, 3.2))
    left, right = (
        60 + 60 * np.sin((rows + slope * columns).astype(np.float32) * pitch) for slope in (1, -1)
    )
    return left, right


def _vignette(width: int, height: int) -> Image.Image:
    oval = Image.radial_gradient("L").resize((width, height), Image.Resampling.BILINEAR)
    return oval.point([255 - round(max(level - 90, 0) * 0.75) for level in range(256)]).convert(
        "RGB"
    )
