"""A download that breaks goes on where it stopped, or starts over; never are parts mixed."""

from collections.abc import Callable
from pathlib import Path

import pytest

from core.downloads.downloader import Downloader
from tests.core.downloads.file_server import FileServer, Reply
from tests.core.downloads.material import CUT, PNG, WEBP, Progress, is_whole


async def test_a_cut_at_40_percent_is_resumed_where_it_stopped(
    server: FileServer, downloader: Downloader, tmp_path: Path
) -> None:
    server.replies = [Reply(cut_after=CUT)]

    downloaded = await downloader.fetch(server.url(), tmp_path / "0")

    assert is_whole(downloaded, PNG)
    assert server.requests[1].headers["range"] == f"bytes={CUT}-"
    assert server.requests[1].headers["if-range"] == '"one"'
    assert server.sent <= 1.02 * len(PNG)


async def test_it_goes_on_for_as_long_as_each_try_gets_further(
    server: FileServer, downloaders: Callable[..., Downloader], tmp_path: Path
) -> None:
    server.replies = [Reply(cut_after=50_000) for _ in range(15)]

    downloaded = await downloaders(attempts=2).fetch(server.url(), tmp_path / "0")

    assert is_whole(downloaded, PNG)
    assert len(server.requests) == 16
    assert server.sent <= 1.02 * len(PNG)


async def test_a_cut_chunked_body_is_resumed(
    server: FileServer, downloader: Downloader, tmp_path: Path
) -> None:
    server.replies = [Reply(chunked=True, cut_after=CUT)]

    downloaded = await downloader.fetch(server.url(), tmp_path / "0")

    assert is_whole(downloaded, PNG)
    assert server.sent <= 1.02 * len(PNG)


@pytest.mark.parametrize("etag", [None, 'W/"one"'])
async def test_without_a_strong_etag_it_is_resumed_by_the_date_of_change(
    etag: str | None, server: FileServer, downloader: Downloader, tmp_path: Path
) -> None:
    date = "Tue, 03 Mar 2026 10:00:00 GMT"
    dated = {"Last-Modified": date, "ETag": etag}
    server.replies = [Reply(headers=dated, cut_after=CUT), Reply(headers=dated)]

    downloaded = await downloader.fetch(server.url(), tmp_path / "0")

    assert is_whole(downloaded, PNG)
    assert server.requests[1].headers["if-range"] == date
    assert server.sent <= 1.02 * len(PNG)


@pytest.mark.parametrize("etag", [None, 'W/"one"'])
async def test_what_can_not_be_told_apart_from_a_changed_file_starts_over(
    etag: str | None, server: FileServer, downloader: Downloader, tmp_path: Path
) -> None:
    server.etag = etag
    server.replies = [Reply(cut_after=CUT)]

    downloaded = await downloader.fetch(server.url(), tmp_path / "0")

    assert is_whole(downloaded, PNG)
    assert "range" not in server.requests[1].headers


async def test_a_range_answered_with_the_whole_starts_over(
    server: FileServer, downloader: Downloader, tmp_path: Path
) -> None:
    server.replies = [Reply(cut_after=CUT), Reply(ignores_range=True)]

    downloaded = await downloader.fetch(server.url(), tmp_path / "0")

    assert is_whole(downloaded, PNG)
    assert len(server.requests) == 2


async def test_a_file_that_changed_meanwhile_arrives_as_the_new_one(
    server: FileServer, downloader: Downloader, tmp_path: Path
) -> None:
    server.file, server.etag = WEBP * 200, '"two"'
    server.replies = [Reply(body=PNG, headers={"ETag": '"one"'}, cut_after=CUT)]

    downloaded = await downloader.fetch(server.url(), tmp_path / "0")

    assert is_whole(downloaded, WEBP * 200)
    assert downloaded.path.name == "0.webp"


@pytest.mark.parametrize(
    "headers",
    [
        {"Content-Range": f"bytes {CUT + 1}-{len(PNG)}/{len(PNG) + 1}"},
        {"Content-Range": f"bytes 0-{len(PNG) - CUT - 1}/{len(PNG)}"},
        {"Content-Range": f"bytes {CUT}-{len(PNG) - 1}/{len(PNG) + 5}"},
        {"Content-Range": "bytes nonsense"},
        {"Content-Range": None},
        {"Content-Encoding": "gzip"},
    ],
    ids=["gap", "from the start", "another length", "nonsense", "missing", "encoded"],
)
async def test_a_part_that_does_not_fit_is_not_joined_on(
    headers: dict[str, str | None], server: FileServer, downloader: Downloader, tmp_path: Path
) -> None:
    server.replies = [Reply(cut_after=CUT), Reply(headers=headers)]

    downloaded = await downloader.fetch(server.url(), tmp_path / "0")

    assert is_whole(downloaded, PNG)
    assert "range" not in server.requests[2].headers


async def test_a_part_of_another_version_is_not_joined_on(
    server: FileServer, downloader: Downloader, tmp_path: Path
) -> None:
    changed = Reply(status=206, headers={"ETag": '"two"', "Content-Range": f"bytes {CUT}-9/*"})
    server.replies = [Reply(cut_after=CUT), changed]

    downloaded = await downloader.fetch(server.url(), tmp_path / "0")

    assert is_whole(downloaded, PNG)


async def test_a_range_beyond_the_end_starts_over(
    server: FileServer, downloader: Downloader, tmp_path: Path
) -> None:
    server.replies = [Reply(cut_after=CUT), Reply(status=416, body=b"")]

    downloaded = await downloader.fetch(server.url(), tmp_path / "0")

    assert is_whole(downloaded, PNG)
    assert "range" not in server.requests[2].headers


async def test_a_part_shorter_than_asked_for_is_followed_by_the_next(
    server: FileServer, downloader: Downloader, tmp_path: Path
) -> None:
    short = Reply(
        status=206,
        body=PNG[CUT : CUT + 1000],
        headers={"Content-Range": f"bytes {CUT}-{CUT + 999}/{len(PNG)}"},
    )
    server.replies = [Reply(cut_after=CUT), short]

    downloaded = await downloader.fetch(server.url(), tmp_path / "0")

    assert is_whole(downloaded, PNG)
    assert server.requests[2].headers["range"] == f"bytes={CUT + 1000}-"


async def test_a_silent_connection_counts_as_broken_and_is_resumed(
    server: FileServer, downloaders: Callable[..., Downloader], tmp_path: Path
) -> None:
    server.replies = [Reply(stall_after=CUT)]

    downloaded = await downloaders(idle_seconds=0.1).fetch(server.url(), tmp_path / "0")

    assert is_whole(downloaded, PNG)
    assert server.sent <= 1.02 * len(PNG)


async def test_progress_goes_back_when_it_starts_over(
    server: FileServer, downloader: Downloader, tmp_path: Path
) -> None:
    server.replies = [Reply(cut_after=CUT), Reply(ignores_range=True)]
    progress = Progress()

    await downloader.fetch(server.url(), tmp_path / "0", on_progress=progress.tell)

    assert (CUT, len(PNG)) in progress
    assert progress.count((0, len(PNG))) == 2
    assert progress[-1] == (len(PNG), len(PNG))
