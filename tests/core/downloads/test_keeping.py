"""A download whose partial file is kept goes on where it was, in this process or the next."""

import asyncio
import errno
import os
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from core.downloads.downloader import Downloaded, Downloader
from core.errors import DownloadError, DownloadIncomplete
from tests.core.downloads.file_server import FileServer, Reply
from tests.core.downloads.material import CUT, PAGE, PNG, WEBP, Progress, data_url, files, is_whole
from tests.core.waiting import until
from tests.logs import capture_logs

LARGE = PNG * 20
WRITE_BYTES = 256 * 1024
"""What a download holds back to write it at once, at most."""


@dataclass
class Desk:
    """Downloads to one place, whose partial files are kept beside it."""

    server: FileServer
    downloader: Downloader
    root: Path
    progress: Progress = field(default_factory=Progress)

    @property
    def kept(self) -> list[str]:
        """What kinds of files are kept."""
        return sorted(name.partition(".")[2] for name in files(self.root / "partials"))

    @property
    def done(self) -> int:
        """How many bytes are there, as last told."""
        return self.progress[-1][0] if self.progress else 0

    async def fetch(self, url: str | None = None, **options: Any) -> Downloaded:
        return await self.downloader.fetch(
            url or self.server.url(),
            self.root / "folder" / "0",
            partials=self.root / "partials",
            on_progress=self.progress.tell,
            **options,
        )

    async def break_off(self, at: int, url: str | None = None) -> None:
        """Cancel a download when so many bytes are there."""
        self.server.replies = [Reply(stall_after=at)]
        task = asyncio.create_task(self.fetch(url))
        await until(lambda: self.server.sent >= at and self.done >= at - WRITE_BYTES)
        for _ in range(50):  # the last of them come through this very loop
            await asyncio.sleep(0.001)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task


@pytest.fixture
def desk(server: FileServer, downloader: Downloader, tmp_path: Path) -> Desk:
    return Desk(server, downloader, tmp_path)


async def test_a_cancelled_download_goes_on_at_the_very_byte(desk: Desk) -> None:
    await desk.break_off(CUT)
    left = files(desk.root / "folder"), desk.kept
    desk.progress.clear()

    downloaded = await desk.fetch()

    assert left == ([], ["json", "lock", "part"])
    assert is_whole(downloaded, PNG)
    assert desk.server.requests[1].headers["range"] == f"bytes={CUT}-"
    assert desk.server.requests[1].headers["if-range"] == '"one"'
    assert desk.server.sent == len(PNG)
    assert desk.progress[0] == (CUT, len(PNG))
    assert files(desk.root / "folder") == ["0.png"]


async def test_a_killed_process_loses_less_than_two_percent(
    desk: Desk, downloaders: Callable[..., Downloader]
) -> None:
    cut = len(LARGE) * 4 // 10
    desk.server.file = LARGE
    desk.server.replies = [Reply(stall_after=cut)]
    paths = desk.root / "folder" / "0", desk.root / "partials"
    child = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.core.downloads.fetching", desk.server.origin, *paths
    )

    def has_written() -> bool:
        sizes = [path.stat().st_size for path in paths[1].glob("*.part")]
        return sum(sizes) > cut - WRITE_BYTES

    await until(has_written, seconds=20)
    child.kill()
    await child.wait()
    desk.downloader = downloaders(max_bytes=len(LARGE))
    downloaded = await desk.fetch()

    assert is_whole(downloaded, LARGE)
    assert len(desk.server.requests) == 2
    assert len(LARGE) < desk.server.sent <= 1.02 * len(LARGE)
    assert files(desk.root / "folder") == ["0.png"]


async def test_another_signature_in_the_url_makes_it_no_other_file(desk: Desk) -> None:
    await desk.break_off(CUT, desk.server.url("fox.png?signature=old#1"))

    downloaded = await desk.fetch(desk.server.url("fox.png?signature=new"))

    assert is_whole(downloaded, PNG)
    assert desk.server.sent == len(PNG)


async def test_another_url_is_another_file(desk: Desk) -> None:
    await desk.break_off(CUT, desk.server.url("fox.png"))
    desk.server.file = WEBP

    downloaded = await desk.fetch(desk.server.url("owl.webp"))

    assert is_whole(downloaded, WEBP)
    assert "range" not in desk.server.requests[1].headers


async def test_a_file_that_changed_meanwhile_starts_over(desk: Desk) -> None:
    await desk.break_off(CUT)
    desk.server.file, desk.server.etag = WEBP * 200, '"two"'

    downloaded = await desk.fetch()

    assert is_whole(downloaded, WEBP * 200)


@pytest.mark.parametrize("etag", [None, 'W/"one"'])
async def test_what_can_not_be_told_apart_from_a_changed_file_is_not_kept(
    etag: str | None, desk: Desk
) -> None:
    desk.server.etag = etag
    await desk.break_off(CUT)

    assert desk.kept == ["lock"]
    assert is_whole(await desk.fetch(), PNG)
    assert "range" not in desk.server.requests[1].headers


async def test_an_expired_url_is_asked_for_again_and_what_is_there_is_kept(desk: Desk) -> None:
    await desk.break_off(CUT)
    desk.server.replies = [Reply(status=403, body=b"")]

    async def refresh() -> str:
        return desk.server.url("fresh.png?signature=new")

    downloaded = await desk.fetch(refresh=refresh)

    assert is_whole(downloaded, PNG)
    assert desk.server.requests[2].headers["range"] == f"bytes={CUT}-"
    assert desk.server.sent == len(PNG)


async def test_a_whole_file_is_not_asked_for_again(desk: Desk) -> None:
    first = await desk.fetch()
    desk.progress.clear()
    again = await desk.fetch()

    assert again == first
    assert len(desk.server.requests) == 1
    assert desk.progress == [(len(PNG), len(PNG))]


async def test_a_process_that_ends_with_the_last_byte_needs_nothing_more(desk: Desk) -> None:
    task: asyncio.Task[Downloaded]

    def cancel_at_the_end(done: int, total: int | None) -> None:
        if done == total:
            task.cancel()

    task = asyncio.create_task(
        desk.downloader.fetch(
            desk.server.url(),
            desk.root / "folder" / "0",
            partials=desk.root / "partials",
            on_progress=cancel_at_the_end,
        )
    )
    with pytest.raises(asyncio.CancelledError):
        await task

    assert is_whole(await desk.fetch(), PNG)
    assert len(desk.server.requests) == 1
    assert files(desk.root / "folder") == ["0.png"]


async def test_a_download_that_is_given_up_for_now_goes_on_later(
    desk: Desk, downloaders: Callable[..., Downloader]
) -> None:
    desk.downloader = downloaders(attempts=1)
    desk.server.replies = [Reply(cut_after=CUT), Reply(status=503, body=b"")]

    with pytest.raises(DownloadIncomplete):
        await desk.fetch()
    desk.server.replies = [Reply(status=503, body=b"")]
    with pytest.raises(DownloadIncomplete):
        await desk.fetch()
    downloaded = await desk.fetch()

    assert is_whole(downloaded, PNG)
    assert len(desk.server.requests) == 4
    assert desk.server.sent == len(PNG)


@pytest.mark.parametrize(
    ("reply", "max_bytes"),
    [
        (Reply(status=400), None),
        (Reply(status=404), None),
        (Reply(headers={"Content-Encoding": "br"}), None),
        (Reply(), len(PNG) - 1),
        (Reply(body=PAGE, headers={"Content-Type": "image/png"}, ignores_range=True), None),
    ],
    ids=["refused", "gone", "unreadable", "too large", "other content"],
)
async def test_a_download_that_fails_for_good_leaves_nothing(
    reply: Reply, max_bytes: int | None, desk: Desk
) -> None:
    await desk.break_off(CUT)
    desk.server.replies = [reply]

    with pytest.raises(DownloadError):
        await desk.fetch(max_bytes=max_bytes)

    assert desk.kept == ["lock"]
    assert files(desk.root / "folder") == []


async def test_two_at_once_do_not_mix(desk: Desk) -> None:
    downloads = await asyncio.gather(*(desk.fetch() for _ in range(3)))

    assert all(is_whole(downloaded, PNG) for downloaded in downloads)
    assert files(desk.root / "folder") == ["0.png"]
    assert "part" not in desk.kept


async def test_what_is_in_the_url_itself_needs_no_partial_file(desk: Desk) -> None:
    downloaded = await desk.fetch(data_url(PNG))

    assert is_whole(downloaded, PNG)
    assert desk.kept == []


async def test_a_folder_for_partial_files_on_another_disk_is_said(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    replace = Path.replace

    def across(path: Path, target: Path) -> Path:
        if path.suffix == ".part":
            raise OSError(errno.EXDEV, os.strerror(errno.EXDEV))
        return replace(path, target)

    monkeypatch.setattr(Path, "replace", across)

    with pytest.raises(DownloadError, match="on another disk"):
        await desk.fetch()

    assert desk.kept == ["lock"]


async def test_what_is_taken_up_is_logged(desk: Desk) -> None:
    await desk.break_off(CUT)

    with capture_logs() as logs:
        await desk.fetch()

    assert [entry["event"] for entry in logs] == ["download.taken_up", "download.finished"]
    assert logs[0]["bytes"] == CUT
