"""How often and how long a download is tried before it is given up."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path

import pytest

from core.downloads.downloader import Downloader
from core.errors import (
    DownloadError,
    DownloadIncomplete,
)
from tests.core.downloads.file_server import FileServer, Reply
from tests.core.downloads.material import CUT, PNG, Waits, files, is_whole


async def test_a_body_that_is_always_short_leaves_no_file(
    server: FileServer, downloader: Downloader, tmp_path: Path
) -> None:
    server.etag = None
    server.replies = [Reply(cut_after=CUT) for _ in range(99)]

    with pytest.raises(DownloadIncomplete, match=r"again later\.$"):
        await downloader.fetch(server.url(), tmp_path / "0")

    assert files(tmp_path) == []
    assert len(server.requests) == 1 + 5


async def test_it_gives_up_after_five_tries_in_a_row_that_bring_nothing(
    server: FileServer, downloader: Downloader, waits: Waits, tmp_path: Path
) -> None:
    server.replies = [Reply(cut_after=CUT), *(Reply(cut_after=0) for _ in range(99))]

    with pytest.raises(DownloadIncomplete, match=str(CUT)):
        await downloader.fetch(server.url(), tmp_path / "0")

    assert files(tmp_path) == []
    assert len(server.requests) == 1 + 5
    assert len(waits) == 5


async def test_waits_double(
    server: FileServer, downloader: Downloader, waits: Waits, tmp_path: Path
) -> None:
    server.replies = [Reply(status=500) for _ in range(99)]

    with pytest.raises(DownloadIncomplete, match="500"):
        await downloader.fetch(server.url(), tmp_path / "0")

    assert waits == [pytest.approx(seconds, rel=0.25) for seconds in (2, 4, 8, 16)]


async def test_a_server_that_is_not_there_is_tried_five_times(
    downloaders: Callable[..., Downloader], waits: Waits, tmp_path: Path
) -> None:
    origin = "http://127.0.0.1:9"

    with pytest.raises(DownloadIncomplete, match="ConnectError"):
        await downloaders(trusted_origins=frozenset({origin})).fetch(origin, tmp_path / "0")

    assert len(waits) == 4
    assert files(tmp_path) == []


@pytest.mark.parametrize("status", [429, 503])
async def test_a_server_that_asks_to_wait_is_waited_for(
    status: int, server: FileServer, downloader: Downloader, waits: Waits, tmp_path: Path
) -> None:
    server.replies = [Reply(status=status, headers={"Retry-After": "7"})]

    downloaded = await downloader.fetch(server.url(), tmp_path / "0")

    assert is_whole(downloaded, PNG)
    assert waits == [7]


async def test_a_server_may_ask_to_wait_until_a_date(
    server: FileServer, downloader: Downloader, waits: Waits, tmp_path: Path
) -> None:
    date = format_datetime(datetime.now(UTC) + timedelta(seconds=60), usegmt=True)
    server.replies = [Reply(status=503, headers={"Retry-After": date})]

    await downloader.fetch(server.url(), tmp_path / "0")

    assert waits == [pytest.approx(59, abs=2)]


async def test_a_wait_of_a_day_is_not_slept_through(
    server: FileServer, downloader: Downloader, waits: Waits, tmp_path: Path
) -> None:
    server.replies = [Reply(status=429, headers={"Retry-After": "86400"})]

    with pytest.raises(DownloadIncomplete, match="in 86400 s"):
        await downloader.fetch(server.url(), tmp_path / "0")

    assert waits == []


@pytest.mark.parametrize("status", [204, 304, 400, 418])
async def test_an_answer_that_asking_again_can_not_mend_ends_it(
    status: int, server: FileServer, downloader: Downloader, tmp_path: Path
) -> None:
    server.replies = [Reply(status=status, body=b"")]

    with pytest.raises(DownloadError, match=str(status)):
        await downloader.fetch(server.url(), tmp_path / "0")

    assert len(server.requests) == 1


async def test_a_download_has_a_deadline(
    server: FileServer, downloaders: Callable[..., Downloader], tmp_path: Path
) -> None:
    server.replies = [Reply(stall_after=CUT)]

    with pytest.raises(DownloadIncomplete, match="faster connection"):
        await downloaders(longest_seconds=0.1).fetch(server.url(), tmp_path / "0")

    assert files(tmp_path) == []
