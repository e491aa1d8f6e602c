"""Files lie under keys that never leave the store, with small pictures beside them."""

import asyncio
import io
import threading
import time
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest
from PIL import Image

from core.history import frames
from core.history.frames import NoLastFrame
from core.history.media import KeyRefused, MediaStore, folder_key
from core.history.records import MediaFile
from tests.core.history.test_frames import a_clip, colour, opened


@pytest.fixture
def media(tmp_path: Path) -> MediaStore:
    return MediaStore(tmp_path / "media")


def a_png(width: int = 800, height: int = 600) -> bytes:
    encoded = io.BytesIO()
    Image.new("RGB", (width, height), "teal").save(encoded, "PNG")
    return encoded.getvalue()


@pytest.mark.parametrize(
    "key",
    [
        "../history.db",
        "ann/../bob/0.png",
        "/etc/passwd",
        "ann//0.png",
        "ann/.hidden",
        "",
        "ann/",
        "ann\\..\\bob",
        "C:/windows",
        "ann/0.png\0",
        "ann/0.png\n",
    ],
)
def test_a_key_that_could_leave_the_store_is_refused(media: MediaStore, key: str) -> None:
    with pytest.raises(KeyRefused):
        media.path(key)


def test_a_key_that_leaves_the_store_by_a_link_is_refused(
    media: MediaStore, tmp_path: Path
) -> None:
    (tmp_path / "secret.txt").write_text("secret")
    (media.root / "ann").mkdir()
    (media.root / "ann" / "link.txt").symlink_to(tmp_path / "secret.txt")

    with pytest.raises(KeyRefused):
        media.path("ann/link.txt")


def test_a_key_and_its_path_lead_to_each_other(media: MediaStore) -> None:
    key = "ann/2026-03/job1/0.webp"

    path = media.path(key)

    assert path == media.root / "ann" / "2026-03" / "job1" / "0.webp"
    assert media.key(path) == key


def test_a_jobs_folder_is_named_by_its_month_in_utc() -> None:
    late = datetime(2026, 3, 31, 23, tzinfo=timezone(-timedelta(hours=5)))

    assert folder_key("ann", late, "job1") == "ann/2026-04/job1"


async def test_a_file_is_put_under_the_extension_that_its_bytes_show(
    media: MediaStore, tmp_path: Path
) -> None:
    source = tmp_path / "holiday.txt"
    source.write_bytes(a_png())

    key = await media.put(source, "ann/2026-03/job1/input-0")

    assert key == "ann/2026-03/job1/input-0.png"
    assert media.path(key).read_bytes() == source.read_bytes()


async def test_an_open_file_is_put_from_where_it_stands(media: MediaStore) -> None:
    source = io.BytesIO(b"skipped" + a_png())
    source.seek(len(b"skipped"))

    key = await media.put(source, "ann/0")

    assert media.path(key).read_bytes() == a_png()


async def test_a_copy_that_breaks_off_leaves_nothing_behind(media: MediaStore) -> None:
    class Broken(io.BytesIO):
        def read(self, size: int | None = -1, /) -> bytes:
            if self.tell():
                raise OSError("the disk was pulled out")
            return super().read(size)

    with pytest.raises(OSError, match="pulled out"):
        await media.put(Broken(a_png() * 10), "ann/job1/0")

    assert list((media.root / "ann" / "job1").iterdir()) == []


async def test_a_small_picture_lies_beside_the_large_one(media: MediaStore) -> None:
    key = await media.put(io.BytesIO(a_png(800, 600)), "ann/job1/0")

    described = await media.describe(key, "image/png")

    assert described.thumbnail_key == "ann/job1/0.thumb.webp"
    assert (described.width, described.height) == (800, 600)
    with Image.open(media.path("ann/job1/0.thumb.webp")) as small:
        assert (small.format, small.size) == ("WEBP", (512, 384))
    assert {file.name for file in (media.root / "ann/job1").iterdir()} == {
        "0.png",
        "0.thumb.webp",
    }


async def test_a_broken_picture_stays_and_has_no_small_one(media: MediaStore) -> None:
    key = await media.put(io.BytesIO(a_png()[:60]), "ann/job1/0")

    described = await media.describe(key, "image/png")

    assert described.thumbnail_key is None
    assert (described.width, described.height) == (800, 600)
    assert media.path(key).exists()


async def test_a_clips_last_frame_lies_beside_it_and_is_made_once(
    media: MediaStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = await media.put(a_clip(tmp_path / "clip.mp4"), "ann/2026-03/job1/0")

    first = await media.last_frame(key, "video/mp4")
    monkeypatch.setattr(frames, "last_frame", lambda *_: pytest.fail("it was made again"))
    second = await media.last_frame(key, "video/mp4")

    assert first == second == "ann/2026-03/job1/0.last.png"
    assert colour(opened(media.path(first).read_bytes())) == "blue"
    assert {file.name for file in media.path("ann/2026-03/job1").iterdir()} == {
        "0.mp4",
        "0.last.png",
    }


async def test_no_more_last_frames_are_made_at_once_than_small_pictures(
    media: MediaStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    running, most = 0, 0
    lock = threading.Lock()

    def make(*_: object) -> bytes:
        nonlocal running, most
        with lock:
            running += 1
            most = max(most, running)
        time.sleep(0.02)
        with lock:
            running -= 1
        return b"png"

    monkeypatch.setattr(frames, "last_frame", make)
    await asyncio.gather(*(media.last_frame(f"ann/job1/{n}.mp4", "video/mp4") for n in range(6)))

    assert most == 2


async def test_what_is_no_clip_has_no_last_frame_and_leaves_nothing(media: MediaStore) -> None:
    key = await media.put(io.BytesIO(a_png()), "ann/job1/0")

    with pytest.raises(NoLastFrame):
        await media.last_frame(key, "video/mp4")
    with pytest.raises(KeyRefused):
        await media.last_frame("ann/../bob/0.mp4", "video/mp4")

    assert [file.name for file in media.path("ann/job1").iterdir()] == ["0.png"]


async def test_tidying_leaves_inputs_and_what_is_recorded_and_nothing_unfinished(
    media: MediaStore,
) -> None:
    folder = media.path("ann/job1")
    partials = media.partials("ann/job1")
    partials.mkdir(parents=True)
    kept = ["0.webp", "0.thumb.webp", "0.last.png", "input-0.png", "1.mp4"]
    scraps = [".partials/key.part", ".0123.part", "0.png", "1.thumb.webp", "2.webp"]
    for name in kept + scraps:
        (folder / name).write_bytes(b"some")
    recorded = [
        MediaFile(
            n=0,
            key="ann/job1/0.webp",
            thumbnail_key="ann/job1/0.thumb.webp",
            name="fox.webp",
            media_type="image/webp",
            bytes=4,
            sha256="",
        ),
        MediaFile(
            n=1, key="ann/job1/1.mp4", name="fox.mp4", media_type="video/mp4", bytes=4, sha256=""
        ),
    ]

    await media.tidy("ann/job1", recorded)
    await media.tidy("ann/nothing", recorded)

    assert sorted(path.name for path in folder.rglob("*")) == sorted(kept)


def test_no_key_leads_to_a_partial_file(media: MediaStore) -> None:
    partials = media.partials("ann/job1")

    with pytest.raises(KeyRefused):
        media.path(media.key(partials / "key.part"))


async def test_a_discarded_folder_is_gone_with_all_its_files(media: MediaStore) -> None:
    key = await media.put(io.BytesIO(a_png()), "ann/job1/0")

    await media.discard("ann/job1")
    await media.discard("ann/job1")

    assert not media.path(key).exists()
