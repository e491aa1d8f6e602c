"""The last frame of a clip is the last that is shown, as it is shown, however the clip is made."""

import io
from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path

import av
import pytest
from PIL import Image

from core.history import frames, probing
from core.history.frames import NoLastFrame, last_frame

SIZE = (64, 48)
LATE = ["red"] * 39 + ["blue"]
"""A clip of 4 s whose last frame alone is blue."""


def a_clip(
    path: Path,
    pictures: Sequence[str | Image.Image] = LATE,
    *,
    size: tuple[int, int] = SIZE,
    encoding: str = "mp4",
    codec: str = "libx264",
    pixels: str = "yuv420p",
    rotation: int = 0,
    sound_seconds: float = 0,
    container_options: dict[str, str] | None = None,
    **options: str,
) -> Path:
    """Make a clip of ten pictures a second, of colours or as given."""
    with av.open(str(path), "w", format=encoding, options=container_options or {}) as container:
        stream = container.add_stream(codec, rate=10, options=options)
        stream.width, stream.height = size
        stream.pix_fmt = pixels
        stream.time_base = Fraction(1, 10)
        if rotation:
            stream.set_display_rotation(rotation)
        sound = container.add_stream("aac", rate=8000, layout="mono") if sound_seconds else None
        for n, picture in enumerate(pictures):
            image = Image.new("RGB", size, picture) if isinstance(picture, str) else picture
            frame = av.VideoFrame.from_image(image)
            frame.pts = n
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
        if sound is not None:
            silence = av.AudioFrame("fltp", "mono", samples=int(8000 * sound_seconds))
            silence.planes[0].update(bytes(silence.planes[0].buffer_size))
            silence.sample_rate, silence.pts = 8000, 0
            container.mux(sound.encode(silence))
            container.mux(sound.encode())
    return path


def opened(encoded: bytes) -> Image.Image:
    image = Image.open(io.BytesIO(encoded))
    assert (image.format, image.mode) == ("PNG", "RGB")
    return image


def colour(image: Image.Image, x: float = 0.5, y: float = 0.5) -> str:
    """Name the colour at a place, from 0 to 1 in both directions."""
    point = image.getpixel((int(x * (image.width - 1)), int(y * (image.height - 1))))
    assert isinstance(point, tuple)
    red, green, blue = point
    assert green < 30
    return "red" if red > 220 > 30 > blue else "blue" if blue > 220 > 30 > red else repr(point)


@pytest.mark.parametrize(
    "options",
    [
        pytest.param({}, id="one keyframe"),
        pytest.param({"g": "7"}, id="keyframes"),
        pytest.param({"g": "20", "bf": "3", "x264-params": "b-adapt=0"}, id="B-frames"),
        pytest.param({"g": "6", "bf": "2", "x264-params": "open-gop=1"}, id="open groups"),
        pytest.param({"g": "1"}, id="keyframes only"),
    ],
)
def test_it_is_the_last_one_of_a_clip(tmp_path: Path, options: dict[str, str]) -> None:
    clip = a_clip(tmp_path / "clip.mp4", **options)

    image = opened(last_frame(clip, "video/mp4"))

    assert (image.size, colour(image)) == (SIZE, "blue")


@pytest.mark.parametrize(
    ("encoding", "media_type", "codec", "container_options"),
    [
        ("mov", "video/quicktime", "libx264", {}),
        ("mp4", "video/mp4", "libx264", {"movflags": "frag_keyframe+empty_moov"}),
        ("webm", "video/webm", "libvpx-vp9", {}),
        ("webm", "video/webm", "libvpx-vp9", {"live": "1"}),  # doesn't say how long it is
        ("matroska", "video/x-matroska", "libx264", {}),
    ],
)
def test_every_kind_of_clip_has_one(
    tmp_path: Path,
    encoding: str,
    media_type: str,
    codec: str,
    container_options: dict[str, str],
) -> None:
    clip = a_clip(
        tmp_path / "clip",
        encoding=encoding,
        codec=codec,
        container_options=container_options,
        g="9",
    )

    assert colour(opened(last_frame(clip, media_type))) == "blue"


@pytest.mark.parametrize("container_options", [{}, {"movflags": "frag_keyframe+empty_moov"}])
def test_a_clip_of_one_frame_has_it(tmp_path: Path, container_options: dict[str, str]) -> None:
    clip = a_clip(tmp_path / "clip.mp4", ["blue"], container_options=container_options)

    assert colour(opened(last_frame(clip, "video/mp4"))) == "blue"


def test_sound_that_goes_on_for_longer_is_no_matter(tmp_path: Path) -> None:
    clip = a_clip(tmp_path / "clip.mp4", sound_seconds=9)

    assert colour(opened(last_frame(clip, "video/mp4"))) == "blue"


@pytest.mark.parametrize(
    ("encoding", "media_type", "codec", "pixels"),
    [
        ("webm", "video/webm", "libvpx-vp9", "yuv420p"),
        ("mp4", "video/mp4", "libx264", "yuv444p"),
    ],
)
def test_an_odd_size_stays_as_it_is(
    tmp_path: Path, encoding: str, media_type: str, codec: str, pixels: str
) -> None:
    clip = a_clip(tmp_path / "clip", size=(63, 47), encoding=encoding, codec=codec, pixels=pixels)

    image = opened(last_frame(clip, media_type))

    assert image.size == (63, 47)
    assert colour(image, 1, 1) == colour(image) == "blue"


@pytest.mark.parametrize(("rotation", "top"), [(90, "blue"), (-90, "red")])
def test_a_clip_taken_sideways_is_shown_upright(tmp_path: Path, rotation: int, top: str) -> None:
    halves = Image.new("RGB", (64, 32), "red")
    halves.paste("blue", (32, 0, 64, 32))
    clip = a_clip(tmp_path / "clip.mp4", [halves] * 3, size=(64, 32), rotation=rotation)

    image = opened(last_frame(clip, "video/mp4"))

    assert image.size == (32, 64)
    assert (colour(image, 0.5, 0), colour(image, 0.5, 1)) == (
        (top, "red" if top == "blue" else "blue")
    )


def test_a_long_clip_is_not_decoded_from_its_beginning(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clip = a_clip(tmp_path / "clip.mp4", g="10")
    monkeypatch.setattr(frames, "_MOST_FRAMES", 10)

    assert colour(opened(last_frame(clip, "video/mp4"))) == "blue"


def test_a_clip_without_end_is_given_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    clip = a_clip(tmp_path / "clip.mp4")
    monkeypatch.setattr(frames, "_MOST_FRAMES", 10)

    with pytest.raises(NoLastFrame) as caught:
        last_frame(clip, "video/mp4")

    assert "too far" in caught.value.problem


def test_a_clip_of_too_many_pixels_is_never_decoded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clip = a_clip(tmp_path / "clip.mp4")
    monkeypatch.setattr(probing, "MAX_DECODED_PIXELS", 64 * 48 - 1)
    monkeypatch.setattr(frames, "_decoded_last", lambda *_: pytest.fail("it was decoded"))

    with pytest.raises(NoLastFrame) as caught:
        last_frame(clip, "video/mp4")

    assert "too many" in caught.value.problem


@pytest.mark.parametrize("media_type", ["video/mp4", "video/webm", "image/png", "audio/mp4", ""])
@pytest.mark.parametrize("content", [b"", b"\0" * 400, b"\x1a\x45\xdf\xa3" * 9])
def test_what_is_no_clip_says_so_in_one_sentence(
    tmp_path: Path, media_type: str, content: bytes
) -> None:
    path = tmp_path / "rubbish"
    path.write_bytes(content)

    with pytest.raises(NoLastFrame, match=r"^This has no last frame .+\.$"):
        last_frame(path, media_type)


def test_a_clip_that_is_sound_alone_has_none(tmp_path: Path) -> None:
    path = tmp_path / "sound.mp4"
    with av.open(str(path), "w", format="mp4") as container:
        sound = container.add_stream("aac", rate=8000, layout="mono")
        silence = av.AudioFrame("fltp", "mono", samples=8000)
        silence.planes[0].update(bytes(silence.planes[0].buffer_size))
        silence.sample_rate, silence.pts = 8000, 0
        container.mux(sound.encode(silence))
        container.mux(sound.encode())

    with pytest.raises(NoLastFrame) as caught:
        last_frame(path, "video/mp4")

    assert "no pictures" in caught.value.problem


@pytest.mark.parametrize("media_type", ["video/mp4", "audio/mp4", "audio/wav"])
def test_a_clip_is_read_only_as_what_its_type_says(tmp_path: Path, media_type: str) -> None:
    encoding = "matroska" if media_type == "video/mp4" else "mp4"
    clip = a_clip(tmp_path / "clip", encoding=encoding)

    with pytest.raises(NoLastFrame):
        last_frame(clip, media_type)
