"""Small pictures: WebP, upright, in sRGB, the first of those that move; nothing else of the file.

Pillow makes them. It holds a large WebP at 16 bytes a pixel, 190 MB for 12 million; pyvips, where
it can be imported, makes those in 20 MB and in less time, and large PNGs in less time.
"""

import io
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

from PIL import Image, ImageCms, ImageOps

PIXELS = 512
"""The longer side of a small picture, at most."""

LARGE = 2_000_000
"""From so many pixels on pyvips is worth its 11 MB and its import."""

_QUALITY = 80
_LEAST_EFFORT = 0
"""WebP's `method`: the usual 4 takes five times as long, for files that are a fifth smaller."""

_ORIENTATION = 0x0112
_FIRST_SIDEWAYS = 5
"""The EXIF orientations from here on change width and height over."""


class Thumbnail(NamedTuple):
    """A small picture.

    Attributes:
        encoded: a WebP.
        is_sideways: the picture is shown with width and height changed over.
    """

    encoded: bytes
    is_sideways: bool = False


def thumbnail_of_file(path: Path, image: Image.Image) -> Thumbnail:
    """Return the small picture of a file that Pillow has opened and not decoded yet.

    Raises:
        Exception: it can't be decoded; decoders raise anything.
    """
    if image.format in {"PNG", "WEBP"} and image.width * image.height >= LARGE:
        small = _by_vips(path, has_profile="icc_profile" in image.info)
        if small is not None:
            return small
    # To find a PNG's EXIF data, Pillow decodes it.
    orientation = image.getexif().get(_ORIENTATION, 1)
    return Thumbnail(thumbnail_of(image), orientation >= _FIRST_SIDEWAYS)


def thumbnail_of(image: Image.Image) -> bytes:
    """Return the small picture of a picture, by Pillow."""
    mode = "RGBA" if image.has_transparency_data else "RGB"
    profile = image.info.get("icc_profile")
    if image.mode == "P":
        image = image.convert(mode)  # palettes can't be scaled smoothly
    image.thumbnail((PIXELS, PIXELS))
    ImageOps.exif_transpose(image, in_place=True)
    image = (_in_srgb(image, profile, mode) if profile else image).convert(mode)
    encoded = io.BytesIO()
    image.save(encoded, "WEBP", quality=_QUALITY, method=_LEAST_EFFORT)
    return encoded.getvalue()


def _in_srgb(image: Image.Image, profile: bytes, mode: str) -> Image.Image:
    if image.mode not in {"L", "RGB", "RGBA", "CMYK"}:
        image = image.convert(mode)
    try:
        return (
            ImageCms.profileToProfile(
                image, io.BytesIO(profile), ImageCms.createProfile("sRGB"), outputMode=mode
            )
            or image
        )
    except (ImageCms.PyCMSError, OSError):  # of other colours than the picture's, or broken
        return image


def _by_vips(path: Path, *, has_profile: bool) -> Thumbnail | None:
    """Return a file's small picture, or None if pyvips isn't there or can't read the file."""
    if (vips := _vips()) is None:
        return None
    try:
        header = vips.Image.new_from_file(str(path), access="sequential")
        orientation = header.get("orientation") if header.get_typeof("orientation") else 1
        small = vips.Image.thumbnail(
            str(path),
            PIXELS,
            height=PIXELS,
            size="down",
            fail_on="error",
            # Else it goes through the profiles of all, which takes longer than the rest.
            **({"output_profile": "srgb"} if has_profile else {}),
        )
        encoded = small.webpsave_buffer(Q=_QUALITY, effort=_LEAST_EFFORT, keep="none")
    except vips.Error:  # Pillow may know better, or say why not
        return None
    return Thumbnail(encoded, orientation >= _FIRST_SIDEWAYS)


@cache
def _vips() -> Any:
    """Return pyvips, which reads PNG and WebP and nothing else, or None where it isn't there."""
    try:
        import pyvips
    except (ImportError, OSError):  # it, or the library that it is made for
        return None
    pyvips.cache_set_max(0)  # it would hold on to files that were read
    for loader, is_blocked in (
        ("VipsForeignLoad", True),
        ("VipsForeignLoadPng", False),
        ("VipsForeignLoadWebp", False),
    ):
        pyvips.operation_block_set(loader, is_blocked)
    return pyvips
