"""The last frame of a clip, as a picture: what a next clip can go on from.

As in `probing`, the bytes are a stranger's: a clip is read only as what its type says, and how many
pixels it has is checked before any are decoded.
"""

import io
from pathlib import Path

import av
from av import VideoFrame, VideoStream
from av.container import InputContainer
from PIL import Image

from core.errors import PlaygroundError
from core.history.probing import CONTAINERS, check_pixels

_MOST_FRAMES = 20_000
"""A clip that can't be sought in is decoded from its beginning; this is ten minutes of it."""


class NoLastFrame(PlaygroundError):
    """A file has no last frame that can be had.

    Attributes:
        problem: why, for the log.
    """

    def __init__(self, problem: str) -> None:
        self.problem = problem
        super().__init__(
            "This has no last frame that can be read: it isn't a clip, or is damaged or too large."
        )


def last_frame(path: Path, media_type: str) -> bytes:
    """Return a clip's last frame as it is shown, a PNG. Blocks: call it in a thread.

    Args:
        path: where the clip lies.
        media_type: as what it is read: `video/mp4`.

    Raises:
        NoLastFrame: it isn't a clip, or can't be decoded.
    """
    container_format = CONTAINERS.get(media_type) if media_type.startswith("video/") else None
    if container_format is None:
        raise NoLastFrame(f"{media_type} isn't a clip")
    try:
        with av.open(str(path), format=container_format) as opened:
            return _png(_last_of(opened))
    except NoLastFrame:
        raise
    except Exception as error:  # decoders raise anything when bytes are broken
        raise NoLastFrame(f"{type(error).__name__}: {error}") from error


def _last_of(container: InputContainer) -> VideoFrame:
    if not container.streams.video:
        raise NoLastFrame("there are no pictures in it")
    pictures = container.streams.video[0]
    check_pixels(pictures.width, pictures.height)
    if _seek_near_end(container, pictures) and (frame := _decoded_last(container, pictures)):
        return frame
    # From the beginning: it doesn't say how long it is, or not rightly.
    container.seek(0)
    if (frame := _decoded_last(container, pictures)) is None:
        raise NoLastFrame("there is no frame in it")
    return frame


def _seek_near_end(container: InputContainer, pictures: VideoStream) -> bool:
    """Go to the last frame from which decoding can begin; tell whether that could be done."""
    # The stream's own end, where it is known: the sound may go on for longer.
    if pictures.duration is not None:
        end, stream = (pictures.start_time or 0) + pictures.duration, pictures
    elif container.duration is not None:
        end, stream = (container.start_time or 0) + container.duration, None
    else:
        return False
    try:
        container.seek(end, stream=stream)
    except av.FFmpegError:
        return False
    return True


def _decoded_last(container: InputContainer, pictures: VideoStream) -> VideoFrame | None:
    last: VideoFrame | None = None
    for n, frame in enumerate(container.decode(pictures)):
        if n >= _MOST_FRAMES:
            raise NoLastFrame("its last frame is too far from any where decoding can begin")
        last = frame
    return last


def _png(frame: VideoFrame) -> bytes:
    check_pixels(frame.width, frame.height)
    image: Image.Image = frame.to_image()  # type: ignore[no-untyped-call]
    if frame.rotation:
        image = image.rotate(frame.rotation, expand=True)
    encoded = io.BytesIO()
    image.save(encoded, "PNG")
    return encoded.getvalue()
