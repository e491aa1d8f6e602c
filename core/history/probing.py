"""What a media file is like: its size in pixels, how long it lasts, a small picture of it.

The bytes are a stranger's. Each is decoded only as what its type says, never by guessing among all
that the libraries know; how many pixels it has is checked before any are decoded.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import av
from av.container import InputContainer
from PIL import Image, ImageStat

from core.history.thumbnails import PIXELS, thumbnail_of, thumbnail_of_file

MAX_DECODED_PIXELS = 40_000_000
"""A larger picture is kept and gets no small one: decoding would take 160 MB and more."""

_PICTURE_FORMATS = ("PNG", "JPEG", "WEBP", "GIF", "BMP", "TIFF", "AVIF")
CONTAINERS = {
    "video/mp4": "mp4",
    "video/quicktime": "mov",
    "video/webm": "webm",
    "video/x-matroska": "matroska",
    "audio/mp4": "mp4",
    "audio/mpeg": "mp3",
    "audio/wav": "wav",
    "audio/ogg": "ogg",
    "audio/opus": "ogg",
    "audio/flac": "flac",
    "audio/aac": "aac",
}
"""FFmpeg's names, by media type. Left to guess, it would follow a playlist to other files and
hosts."""

_POSTER_SECONDS = 1.0
_POSTER_FRAMES = 120
_BLACK_BELOW = 16.0
"""Mean brightness, of 255: clips often fade in from black."""


@dataclass(frozen=True)
class Probe:
    """What a file tells of itself.

    Attributes:
        width, height: in pixels, as it is shown.
        thumbnail: a WebP, or None for sounds, texts, and what can't be decoded.
        problem: why something is missing, for the log.
    """

    width: int | None = None
    height: int | None = None
    seconds: float | None = None
    thumbnail: bytes | None = None
    problem: str | None = None


def probe(path: Path, media_type: str) -> Probe:
    """Look into a file, without reading more of it than that takes. Blocks: call it in a thread."""
    found = Probe()
    try:
        for found in _findings(path, media_type):  # noqa: B007 # each knows more than the last
            pass
    except Exception as error:  # decoders raise anything when bytes are broken
        return replace(found, problem=f"{type(error).__name__}: {error}")
    return found


def _findings(path: Path, media_type: str) -> Iterator[Probe]:
    if media_type.startswith("image/") and media_type != "image/svg+xml":
        yield from _of_picture(path)
    elif container := CONTAINERS.get(media_type):
        with av.open(str(path), format=container) as opened:
            yield from _of_clip(opened)


def _of_picture(path: Path) -> Iterator[Probe]:
    with Image.open(path, formats=_PICTURE_FORMATS) as image:
        width, height = image.size
        found = Probe(width, height)
        yield found
        # A JPEG can be decoded at a fraction of its size.
        image.draft(None, (2 * PIXELS, 2 * PIXELS))
        check_pixels(*image.size)
        small = thumbnail_of_file(path, image)
        if small.is_sideways:
            found = Probe(height, width)
        yield replace(found, thumbnail=small.encoded)


def _of_clip(container: InputContainer) -> Iterator[Probe]:
    seconds = None if container.duration is None else container.duration / av.time_base
    found = Probe(seconds=seconds)
    yield found
    if not container.streams.video:
        return
    pictures = container.streams.video[0]
    found = replace(found, width=pictures.width, height=pictures.height)
    yield found
    check_pixels(pictures.width, pictures.height)
    if (poster := _poster(container)) is not None:
        yield replace(found, thumbnail=thumbnail_of(poster))


def _poster(container: InputContainer) -> Image.Image | None:
    """Return the first frame of the first second that isn't black, else the brightest of them."""
    best: Image.Image | None = None
    best_brightness = -1.0
    for n, frame in enumerate(container.decode(video=0)):
        if best is not None and (n >= _POSTER_FRAMES or (frame.time or 0) > _POSTER_SECONDS):
            break
        share = min(1.0, PIXELS / max(frame.width, frame.height))
        scaled = frame.reformat(
            width=max(1, round(frame.width * share)), height=max(1, round(frame.height * share))
        )
        small: Image.Image = scaled.to_image()  # type: ignore[no-untyped-call]
        brightness = ImageStat.Stat(small.convert("L")).mean[0]
        if brightness > best_brightness:
            best, best_brightness = small, brightness
        if brightness >= _BLACK_BELOW:
            break
    return best


def check_pixels(width: int, height: int) -> None:
    """Raise ValueError if a picture has too many pixels to decode."""
    if width * height > MAX_DECODED_PIXELS:
        raise ValueError(f"{width} × {height} pixels are too many to decode")
