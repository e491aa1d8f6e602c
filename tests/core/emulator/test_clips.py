"""The emulator's clips: real H.264 in MP4, exact to the frame, moving from first to last."""

import tempfile
import threading
from io import BytesIO
from pathlib import Path

import av
import pytest
from PIL import Image, ImageChops, ImageStat

from core.emulator.clips import film
from core.emulator.drawing import scene
from core.emulator.drawing.scene import Layer
from core.emulator.drawing.vocabulary import SETTINGS
from core.emulator.pictures import draw


def difference(first: Image.Image, second: Image.Image) -> float:
    return sum(ImageStat.Stat(ImageChops.difference(first, second)).mean) / 3


def frames_of(clip: bytes) -> list[Image.Image]:
    with av.open(BytesIO(clip)) as container:
        return [frame.to_image() for frame in container.decode(video=0)]


def boxes_of(clip: bytes) -> list[str]:
    """The names of the file's outermost boxes, in order."""
    found, at = [], 0
    while at < len(clip):
        found.append(clip[at + 4 : at + 8].decode())
        at += int.from_bytes(clip[at : at + 4])
    return found


@pytest.fixture(scope="module")
def sea() -> bytes:
    return film("a sailboat at sunset", width=320, height=180, seconds=2, seed=1)


def test_a_clip_is_h264_that_browsers_play(sea: bytes) -> None:
    with av.open(BytesIO(sea)) as container:
        stream = container.streams.video[0]
        context = stream.codec_context

        assert (context.name, context.pix_fmt) == ("h264", "yuv420p")
        assert (context.width, context.height) == (320, 180)
        assert stream.average_rate == 24
        assert len(container.streams) == 1


def test_a_clips_index_comes_before_its_frames(sea: bytes) -> None:
    boxes = boxes_of(sea)

    assert boxes.index("moov") < boxes.index("mdat")


@pytest.mark.parametrize(
    ("seconds", "fps", "frames"),
    [(0.5, 24, 12), (1.02, 24, 24), (1, 30, 30), (0.3, 25, 8), (0, 24, 1)],
)
def test_a_clip_lasts_as_long_as_asked_to_the_frame(seconds: float, fps: int, frames: int) -> None:
    clip = film("hills", width=64, height=48, seconds=seconds, seed=1, fps=fps)

    assert len(frames_of(clip)) == frames
    with av.open(BytesIO(clip)) as container:
        stream = container.streams.video[0]
        assert stream.duration is not None
        assert stream.time_base is not None
        assert float(stream.duration * stream.time_base) == pytest.approx(frames / fps, abs=1e-4)
        assert container.duration == pytest.approx(frames / fps * 1_000_000, abs=1_100)


def test_odd_sizes_lose_a_pixel() -> None:
    frames = frames_of(film("hills", width=131, height=77, seconds=0.2, seed=1))

    assert frames[0].size == (130, 76)


def test_there_is_motion_over_the_whole_clip(sea: bytes) -> None:
    frames = frames_of(sea)

    steps = [difference(frames[at], frames[at + 8]) for at in range(0, 40, 8)]

    assert min(steps) > 0.8


@pytest.mark.parametrize(
    "prompt", ["snow on mountains", "geometric shapes", "a fish", "a cup of tea"]
)
def test_every_kind_of_scene_moves(prompt: str) -> None:
    frames = frames_of(film(prompt, width=128, height=96, seconds=1, seed=1))

    assert difference(frames[0], frames[-1]) > 1.5


@pytest.mark.parametrize("setting", SETTINGS)
def test_a_moving_scene_never_shows_the_edge_of_what_was_painted(
    setting: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def lay(frame: Image.Image, layer: Layer, x: float, y: float) -> None:
        # The first layer is the whole sheet; another as wide ends where painting ended, but for
        # the clear pixel on either side that lets it be shown between pixels.
        sheet_width = frame.info.setdefault("sheet_width", layer.image.width)
        clear = (layer.image.width - sheet_width) / 2
        if clear >= 0:
            laid.append((x + clear, x + clear + sheet_width - frame.width))

    laid: list[tuple[float, float]] = []
    monkeypatch.setattr(scene, "_lay", lay)

    for seed in range(4):
        film(setting, width=96, height=96, seconds=4, seed=seed, fps=2)

    assert len(laid) >= 4 * 9
    assert max(left for left, _ in laid) <= 0
    assert min(right for _, right in laid) >= 0


def test_the_same_seed_films_the_same_clip_and_another_another() -> None:
    first, same, other = (
        frames_of(film("a fox", width=96, height=64, seconds=0.3, seed=seed)) for seed in (1, 1, 2)
    )

    # The encoder's threads may round a shade differently.
    assert max(map(difference, first, same)) < 0.5
    assert difference(first[0], other[0]) > 6


def test_what_lay_in_memory_before_does_not_show_in_a_clip() -> None:
    def film_over(leftover: int) -> bytes:
        for size in range(10_000, 300_000, 1_000):
            bytearray([leftover]) * size  # written and given back
        return film("a sailboat at sunset", width=320, height=180, seconds=1, seed=1)

    assert len({film_over(byte) for byte in (0, 85, 170, 255)}) == 1


def test_a_clip_begins_with_the_picture_given_and_moves_from_there() -> None:
    picture = draw("a red car in the desert", width=320, height=180, seed=3)

    frames = frames_of(film("drive", width=320, height=180, seconds=1, seed=1, first_frame=picture))

    assert difference(frames[0], picture) < 4
    assert difference(frames[-1], picture) > 6


def test_a_picture_of_another_shape_is_cropped_to_fill() -> None:
    wide = Image.new("RGBA", (300, 60), (30, 160, 60, 255))

    frames = frames_of(film("grow", width=96, height=96, seconds=0.5, seed=1, first_frame=wide))

    for frame in (frames[0], frames[-1]):
        assert difference(frame, Image.new("RGB", (96, 96), (30, 160, 60))) < 4


@pytest.mark.parametrize("has_first", [True, False])
def test_a_clip_ends_with_the_last_frame_given(*, has_first: bool) -> None:
    first = draw("a red car in the desert", width=160, height=90, seed=3)
    last = draw("a whale at night", width=160, height=90, seed=3)

    clip = film(
        "change",
        width=160,
        height=90,
        seconds=1,
        seed=1,
        first_frame=first if has_first else None,
        last_frame=last,
    )

    frames = frames_of(clip)
    assert difference(frames[-1], last) < 6
    assert difference(frames[0], last) > 20


def test_progress_is_told_frame_by_frame() -> None:
    told: list[tuple[int, int]] = []

    film(
        "hills", width=64, height=48, seconds=0.5, seed=1, on_frame=lambda *step: told.append(step)
    )

    assert told == [(done, 12) for done in range(1, 13)]


def test_filming_ends_at_once_when_told_and_leaves_nothing_behind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Stopped(Exception):
        pass

    def stop(done: int, total: int) -> None:
        told.append(done)
        assert any(tmp_path.iterdir())
        if done == 3:
            raise Stopped

    told: list[int] = []
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    open_before, threads_before = (
        len(list(Path("/proc/self/fd").iterdir())),
        threading.active_count(),
    )

    with pytest.raises(Stopped):
        film("hills", width=64, height=48, seconds=20, seed=1, on_frame=stop)

    assert told == [1, 2, 3]
    assert list(tmp_path.iterdir()) == []
    assert len(list(Path("/proc/self/fd").iterdir())) == open_before
    assert threading.active_count() == threads_before


@pytest.mark.parametrize(
    "prompt",
    ["", "🦊🔥", "一只狐狸", "x" * 10_000, 'a poster "HELLO"', "pencil", "watercolor", "pixel art"],
)
def test_any_prompt_can_be_filmed(prompt: str) -> None:
    assert len(frames_of(film(prompt, width=64, height=64, seconds=0.2, seed=1))) == 5
