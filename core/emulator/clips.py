"""Clips for the emulator: a drawn scene or a given picture in gentle movement, as H.264 in MP4."""

import math
from collections.abc import Callable
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory

import av
import numpy as np
from av.video.reformatter import Colorspace
from PIL import Image, ImageOps

from core.emulator.drawing.brief import Brief, digest, read
from core.emulator.drawing.composing import compose, finish_for, lettering
from core.emulator.drawing.finish import Finish
from core.emulator.drawing.lettering import Caption, caption
from core.emulator.drawing.scene import Scene
from core.emulator.pictures import flattened

_BT709 = 1  # the number of its primaries, transfer and matrix in H.264
_ENCODING = {
    "preset": "veryfast",
    "crf": "22",
    "threads": "2",
    # Where a frame isn't a multiple of 128 pixels wide, x264's macroblock tree reads memory that
    # nobody wrote, and the same frames become another clip each time.
    "mbtree": "0",
}
"""How frames are encoded: quickly, and the same ones always into the same bytes."""

_CREDIT_SECONDS = 3.0
"""How long the caption stands, unless the clip is too short for that."""


def film(
    prompt: str,
    *,
    width: int,
    height: int,
    seconds: float,
    seed: int,
    fps: int = 24,
    first_frame: Image.Image | None = None,
    last_frame: Image.Image | None = None,
    on_frame: Callable[[int, int], None] | None = None,
) -> bytes:
    """Film a prompt: its scene with moving layers, or `first_frame` with a moving camera.

    Args:
        width: in pixels; H.264 halves the colour's resolution, so odd sizes lose a pixel.
        height: the same.
        seconds: rounded to whole frames, at least one.
        first_frame: shown at the beginning, cropped to fill.
        last_frame: shown at the end, cropped to fill.
        on_frame: called with the frames done and all frames; what it raises ends the filming.

    Returns:
        An MP4 file whose index comes first, so that it plays while it loads.
    """
    size = max(width // 2 * 2, 2), max(height // 2 * 2, 2)
    frames = max(round(seconds * fps), 1)
    shot = _Shot(prompt, size, seed, frames / fps, first_frame, last_frame)
    # The index can only be moved to the front of a file that is read again, so a real one.
    with TemporaryDirectory(prefix="clip-") as folder:
        path = Path(folder) / "clip.mp4"
        with av.open(path, "w", options={"movflags": "+faststart"}) as container:
            stream = container.add_stream("libx264", rate=fps)
            stream.width, stream.height = size
            stream.pix_fmt = "yuv420p"
            stream.options = dict(_ENCODING)
            context = stream.codec_context
            context.colorspace = context.color_primaries = context.color_trc = _BT709
            for number in range(frames):
                picture = shot.picture(number / fps, number / max(frames - 1, 1))
                frame = av.VideoFrame.from_ndarray(np.asarray(picture), format="rgb24")
                frame = frame.reformat(format="yuv420p", dst_colorspace=Colorspace.ITU709)
                frame.pts = number
                container.mux(stream.encode(frame))
                if on_frame is not None:
                    on_frame(number + 1, frames)
            container.mux(stream.encode(None))
        return path.read_bytes()


class _Shot:
    """What the camera sees at any moment of a clip."""

    def __init__(
        self,
        prompt: str,
        size: tuple[int, int],
        seed: int,
        seconds: float,
        first: Image.Image | None,
        last: Image.Image | None,
    ) -> None:
        brief = read(prompt)
        rng = Random(digest(prompt, seed))
        self._opening: _Drawn | _Still = (
            _Drawn(brief, caption(prompt), rng, size, seconds)
            if first is None
            else _Still(first, size, rng)
        )
        self._ending = None if last is None else _Still(last, size, rng)

    def picture(self, seconds: float, share: float) -> Image.Image:
        """The frame at a time, which is a share of the way from the first frame to the last."""
        fade = _eased((share - 0.35) / 0.5)
        if self._ending is None or fade == 0:
            return self._opening.picture(seconds, share)
        ending = self._ending.picture(seconds, 1 - share)
        if fade == 1:
            return ending
        return Image.blend(self._opening.picture(seconds, share), ending, fade)


class _Drawn:
    """A scene whose layers pass the camera at their own speeds."""

    def __init__(
        self,
        brief: Brief,
        words: Caption | None,
        rng: Random,
        size: tuple[int, int],
        seconds: float,
    ) -> None:
        width, height = size
        self._brief, self._seconds = brief, seconds
        # The camera goes further in a longer clip, within what is painted beyond the frame.
        self._reach = min(0.03 + 0.009 * seconds, 0.1) * max(size)
        self._direction = rng.choice((-1, 1))
        # As far as the nearest layers pass by, and sway on top of that.
        bleed = math.ceil(self._reach * 1.15 + 0.08 * min(size)) + 2
        self._scene: Scene = compose(brief, rng, width=width, height=height, bleed=bleed)
        self._finish: Finish = finish_for(brief, rng, width=width, height=height, moves=True)
        self._lettering = lettering(
            self._seen(0.0, 0.0), headline=brief.headline, words=words, shade=self._scene.ground
        )

    def picture(self, seconds: float, share: float) -> Image.Image:
        frame = self._seen(seconds, share)
        if self._brief.headline:
            return self._lettering.onto(frame)
        stands = min(_CREDIT_SECONDS, self._seconds * 0.6)
        shown = 1 - _eased((seconds - stands) / (0.25 * stands))
        return self._lettering.onto(frame, shown) if shown else frame

    def _seen(self, seconds: float, share: float) -> Image.Image:
        along = self._direction * self._reach * (2 * share - 1)
        return self._finish.apply(self._scene.picture(seconds=seconds, pan=(along, 0.0)))


class _Still:
    """A picture that the camera moves into: the whole of it at 0, closer and aside at 1."""

    def __init__(self, picture: Image.Image, size: tuple[int, int], rng: Random) -> None:
        self._size = size
        self._picture = ImageOps.fit(flattened(picture), size, Image.Resampling.LANCZOS)
        self._aside = rng.uniform(0.15, 0.85), rng.uniform(0.3, 0.7)

    def picture(self, seconds: float, share: float) -> Image.Image:
        if share == 0:
            return self._picture
        width, height = self._size
        zoom = 1 + 0.16 * share
        spare = width - width / zoom, height - height / zoom
        left, top = spare[0] * self._aside[0], spare[1] * self._aside[1]
        return self._picture.resize(
            self._size,
            Image.Resampling.BILINEAR,
            box=(left, top, left + width / zoom, top + height / zoom),
        )


def _eased(share: float) -> float:
    """0 below 0, 1 above 1, and a soft start and end between."""
    share = min(max(share, 0.0), 1.0)
    return share * share * (3 - 2 * share)
