"""A URL that is no longer good is asked for again, once."""

from pathlib import Path

import pytest

from core.downloads.downloader import Downloader
from core.errors import (
    ConnectionFailed,
    DownloadIncomplete,
    InvalidInput,
    NotFound,
    OutputExpired,
)
from tests.core.downloads.file_server import FileServer, Reply
from tests.core.downloads.material import CUT, PNG, Waits, files, is_whole


@pytest.mark.parametrize("status", [401, 403, 404, 410])
async def test_an_expired_url_is_asked_for_again(
    status: int, server: FileServer, downloader: Downloader, waits: Waits, tmp_path: Path
) -> None:
    server.replies = [Reply(status=status)]

    async def refresh() -> str:
        return server.url("fresh.png")

    downloaded = await downloader.fetch(server.url("stale.png"), tmp_path / "0", refresh=refresh)

    assert is_whole(downloaded, PNG)
    assert [request.target for request in server.requests] == ["/stale.png", "/fresh.png"]
    assert waits == []


async def test_what_is_there_is_kept_when_the_url_expires_on_the_way(
    server: FileServer, downloader: Downloader, tmp_path: Path
) -> None:
    server.replies = [Reply(cut_after=CUT), Reply(status=403, body=b"")]

    async def refresh() -> str:
        return server.url("fresh.png")

    downloaded = await downloader.fetch(server.url("stale.png"), tmp_path / "0", refresh=refresh)

    assert is_whole(downloaded, PNG)
    assert server.sent <= 1.02 * len(PNG)


async def test_an_output_that_is_missing_although_replicate_has_it_may_come_later(
    server: FileServer, downloader: Downloader, tmp_path: Path
) -> None:
    server.replies = [Reply(status=404) for _ in range(9)]
    asked = []

    async def refresh() -> str:
        asked.append(1)
        return server.url()

    with pytest.raises(DownloadIncomplete, match="try again later"):
        await downloader.fetch(server.url(), tmp_path / "0", refresh=refresh)

    assert len(asked) == 1
    assert len(server.requests) == 2
    assert files(tmp_path) == []


async def test_without_a_prediction_to_ask_an_expired_url_is_the_end(
    server: FileServer, downloader: Downloader, tmp_path: Path
) -> None:
    server.replies = [Reply(status=404)]

    with pytest.raises(OutputExpired, match="run the model again"):
        await downloader.fetch(server.url(), tmp_path / "0")

    assert len(server.requests) == 1


@pytest.mark.parametrize(
    "gone", [InvalidInput("There is no file."), NotFound(status=404), OutputExpired("", "Gone.")]
)
async def test_a_prediction_whose_output_is_gone_means_expired(
    gone: Exception, server: FileServer, downloader: Downloader, tmp_path: Path
) -> None:
    server.replies = [Reply(status=404)]

    async def refresh() -> str:
        raise gone

    with pytest.raises(OutputExpired):
        await downloader.fetch(server.url(), tmp_path / "0", refresh=refresh)

    assert files(tmp_path) == []


async def test_a_prediction_that_can_not_be_asked_does_not_mean_expired(
    server: FileServer, downloader: Downloader, tmp_path: Path
) -> None:
    server.replies = [Reply(status=404)]

    async def refresh() -> str:
        raise ConnectionFailed("Can't reach the API.")

    with pytest.raises(ConnectionFailed):
        await downloader.fetch(server.url(), tmp_path / "0", refresh=refresh)

    assert files(tmp_path) == []
