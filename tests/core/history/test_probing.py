"""What a file is like is found out from few of its bytes, and a bad file harms nothing."""

import io
import struct
import time
import zlib
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import av
import pytest
from PIL import Image

from core.history import probing
from core.history.probing import Probe, probe


def thumbnail(found: Probe) -> Image.Image:
    assert found.problem is None
    assert found.thumbnail is not None
    image = Image.open(io.BytesIO(found.thumbnail))
    assert image.format == "WEBP"
    return image


def save(path: Path, image: Image.Image, encoding: str, **options: object) -> Path:
    image.save(path, encoding, **options)
    return path


def a_clip(
    path: Path,
    *,
    seconds: float = 2.0,
    size: tuple[int, int] = (640, 360),
    colour: Callable[[float], str] = lambda _: "red",
) -> Path:
    with av.open(str(path), "w", format="mp4") as container:
        stream = container.add_stream("libx264", rate=10)
        stream.width, stream.height = size
        stream.pix_fmt = "yuv420p"
        stream.time_base = Fraction(1, 10)
        for n in range(round(seconds * 10)):
            picture = Image.new("RGB", size, colour(n / 10))
            frame = av.VideoFrame.from_image(picture)
            frame.pts = n
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    return path


def a_sound(path: Path, *, seconds: float, encoding: str, codec: str) -> Path:
    with av.open(str(path), "w", format=encoding) as container:
        stream = container.add_stream(codec, rate=8000, layout="mono")
        frame = av.AudioFrame(format="s16", layout="mono", samples=int(8000 * seconds))
        for plane in frame.planes:
            plane.update(bytes(plane.buffer_size))
        frame.sample_rate = 8000
        frame.pts = 0
        container.mux(stream.encode(frame))
        container.mux(stream.encode())
    return path


@pytest.mark.parametrize(
    ("encoding", "media_type"),
    [
        ("PNG", "image/png"),
        ("JPEG", "image/jpeg"),
        ("WEBP", "image/webp"),
        ("GIF", "image/gif"),
        ("AVIF", "image/avif"),
    ],
)
def test_a_pictures_size_and_its_small_picture(
    tmp_path: Path, encoding: str, media_type: str
) -> None:
    path = save(tmp_path / "picture", Image.new("RGB", (1024, 768), "teal"), encoding)

    found = probe(path, media_type)

    assert (found.width, found.height) == (1024, 768)
    assert thumbnail(found).size == (512, 384)


def test_a_small_picture_is_never_larger_than_the_picture(tmp_path: Path) -> None:
    path = save(tmp_path / "picture", Image.new("RGB", (40, 30), "teal"), "PNG")

    assert thumbnail(probe(path, "image/png")).size == (40, 30)


@pytest.mark.parametrize("mode", ["RGBA", "LA", "P"])
def test_what_is_transparent_stays_so(tmp_path: Path, mode: str) -> None:
    glass = Image.new("RGBA", (600, 600), (0, 0, 0, 0)).convert(mode)
    options = {"transparency": 0} if mode == "P" else {}
    path = save(tmp_path / "picture", glass, "PNG", **options)

    small = thumbnail(probe(path, "image/png"))

    assert small.getchannel("A").getextrema() == (0, 0)


def test_a_picture_taken_sideways_is_shown_upright(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    path = save(tmp_path / "picture", Image.new("RGB", (800, 400)), "JPEG", exif=exif)

    found = probe(path, "image/jpeg")

    assert (found.width, found.height) == (400, 800)
    assert thumbnail(found).size == (256, 512)


def test_a_huge_photo_is_decoded_at_a_fraction_of_its_size(tmp_path: Path) -> None:
    path = save(tmp_path / "picture", Image.new("L", (8000, 8000)), "JPEG")
    assert probing.MAX_DECODED_PIXELS < 8000 * 8000

    found = probe(path, "image/jpeg")

    assert thumbnail(found).size == (512, 512)
    assert (found.width, found.height) == (8000, 8000)


@pytest.mark.parametrize("side", [9_000, 20_000])
def test_a_pixel_bomb_is_measured_at_most_and_never_decoded(tmp_path: Path, side: int) -> None:
    path = tmp_path / "bomb.png"
    path.write_bytes(_black_png(side, side))

    started = time.thread_time()
    found = probe(path, "image/png")

    assert time.thread_time() - started < 0.05
    assert found.thumbnail is None
    assert found.problem is not None


def test_a_picture_is_decoded_only_as_one_of_the_formats_of_the_web(tmp_path: Path) -> None:
    path = save(tmp_path / "picture", Image.new("RGB", (64, 64)), "EPS")

    found = probe(path, "image/png")

    assert (found.width, found.thumbnail) == (None, None)
    assert found.problem is not None


def test_a_clips_size_length_and_poster(tmp_path: Path) -> None:
    path = a_clip(tmp_path / "clip", size=(1280, 720), seconds=2.0)

    found = probe(path, "video/mp4")

    assert (found.width, found.height) == (1280, 720)
    assert found.seconds == pytest.approx(2.0, abs=0.11)
    assert thumbnail(found).size == (512, 288)


def test_a_poster_skips_the_black_that_a_clip_fades_in_from(tmp_path: Path) -> None:
    path = a_clip(tmp_path / "clip", colour=lambda at: "black" if at < 0.5 else "red")

    red, green, _ = thumbnail(probe(path, "video/mp4")).convert("RGB").getpixel((100, 100))

    assert red > 200 > 50 > green


def test_a_clip_that_stays_black_has_a_black_poster(tmp_path: Path) -> None:
    path = a_clip(tmp_path / "clip", colour=lambda at: "black" if at < 1.5 else "red")

    poster = thumbnail(probe(path, "video/mp4")).convert("L")

    assert poster.getextrema()[1] < 16


@pytest.mark.parametrize(
    ("encoding", "codec", "media_type"),
    [("wav", "pcm_s16le", "audio/wav"), ("flac", "flac", "audio/flac")],
)
def test_a_sounds_length(tmp_path: Path, encoding: str, codec: str, media_type: str) -> None:
    path = a_sound(tmp_path / "sound", seconds=1.5, encoding=encoding, codec=codec)

    found = probe(path, media_type)

    assert found.seconds == pytest.approx(1.5, abs=0.05)
    assert (found.thumbnail, found.problem) == (None, None)


@pytest.mark.parametrize("media_type", ["text/plain", "application/json", "image/svg+xml"])
def test_what_has_no_pixels_is_left_alone(tmp_path: Path, media_type: str) -> None:
    path = tmp_path / "text"
    path.write_text('{"a": 1}')

    assert probe(path, media_type) == Probe()


@pytest.mark.parametrize(
    "media_type", ["image/png", "image/jpeg", "image/webp", "video/mp4", "video/webm", "audio/wav"]
)
@pytest.mark.parametrize("content", [b"", b"\0" * 400, b"RIFF\xff\xff\xff\xffWEBPVP8 \xff"])
def test_rubbish_gives_a_reason_and_no_error(
    tmp_path: Path, media_type: str, content: bytes
) -> None:
    path = tmp_path / "rubbish"
    path.write_bytes(content)

    found = probe(path, media_type)

    assert found.problem
    assert found.thumbnail is None


def test_a_playlist_named_as_a_clip_is_not_followed(tmp_path: Path) -> None:
    clip = a_clip(tmp_path / "clip.mp4")
    playlist = tmp_path / "playlist.mp4"
    playlist.write_text(f"#EXTM3U\n#EXT-X-TARGETDURATION:2\n#EXTINF:2,\n{clip}\n#EXT-X-ENDLIST\n")

    found = probe(playlist, "video/mp4")

    assert (found.seconds, found.width, found.thumbnail) == (None, None, None)
    assert found.problem


def test_a_picture_that_breaks_off_keeps_what_its_head_tells(tmp_path: Path) -> None:
    path = save(tmp_path / "cut.jpg", Image.effect_noise((900, 700), 60), "JPEG")
    path.write_bytes(path.read_bytes()[:2000])

    found = probe(path, "image/jpeg")

    assert (found.width, found.height) == (900, 700)
    assert found.thumbnail is None


def _black_png(width: int, height: int) -> bytes:
    def chunk(kind: bytes, data: bytes) -> bytes:
        return (
            struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        )

    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0))
        + chunk(b"IDAT", zlib.compress(bytes(height * (1 + (width + 7) // 8)), 1))
        + chunk(b"IEND", b"")
    )
