"""A page isn't a picture, and a data URL is a file like any other."""

from pathlib import Path

import pytest

from core.downloads.downloader import Downloader
from core.errors import (
    DownloadIncomplete,
    OutputTooLarge,
    WrongContent,
)
from tests.core.downloads.file_server import FileServer, Reply
from tests.core.downloads.material import PAGE, PNG, WEBP, Progress, data_url, files, is_whole


@pytest.mark.parametrize(
    ("url_name", "declared", "target"),
    [
        ("fox.png", "text/html", "0"),
        ("fox", "image/png", "0"),
        ("fox", "text/html", "fox.png"),
        ("clip.mp4", None, "0"),
        ("fox", "audio/mpeg", "0"),
    ],
)
async def test_a_page_in_the_place_of_media_is_refused_at_once(
    url_name: str,
    declared: str | None,
    target: str,
    server: FileServer,
    downloader: Downloader,
    tmp_path: Path,
) -> None:
    server.file, server.media_type = PAGE, declared

    with pytest.raises(WrongContent, match="something else in its place: run the model again"):
        await downloader.fetch(server.url(url_name), tmp_path / target)

    assert files(tmp_path) == []
    assert len(server.requests) == 1


async def test_a_short_error_in_the_place_of_media_is_refused(
    server: FileServer, downloader: Downloader, tmp_path: Path
) -> None:
    server.file = b'{"detail": "gone"}'

    with pytest.raises(WrongContent):
        await downloader.fetch(server.url("fox.png"), tmp_path / "0")

    assert files(tmp_path) == []


async def test_a_long_page_in_the_place_of_media_is_not_read_to_its_end(
    server: FileServer, downloader: Downloader, tmp_path: Path
) -> None:
    server.replies = [Reply(body=PAGE, copies=900)]
    progress = Progress()

    with pytest.raises(WrongContent):
        await downloader.fetch(server.url("fox.png"), tmp_path / "0", on_progress=progress.tell)

    assert max(progress)[0] < 1_000_000


async def test_a_page_is_fine_where_no_media_were_promised(
    server: FileServer, downloader: Downloader, tmp_path: Path
) -> None:
    server.file, server.media_type = PAGE, "text/html"

    downloaded = await downloader.fetch(server.url("report"), tmp_path / "0")

    assert downloaded.path.name == "0.html"
    assert downloaded.media_type == "text/html"


async def test_an_empty_file_is_no_picture(
    server: FileServer, downloader: Downloader, tmp_path: Path
) -> None:
    server.file = b""

    with pytest.raises(DownloadIncomplete, match="empty file: run the model again"):
        await downloader.fetch(server.url("fox.png"), tmp_path / "0")

    assert files(tmp_path) == []


async def test_an_empty_file_is_fine_where_no_media_were_promised(
    server: FileServer, downloader: Downloader, tmp_path: Path
) -> None:
    server.file, server.media_type = b"", "text/plain"

    downloaded = await downloader.fetch(server.url("log.txt"), tmp_path / "0")

    assert is_whole(downloaded, b"")
    assert downloaded.path.name == "0.txt"


@pytest.mark.parametrize(
    ("url", "data", "name"),
    [
        (data_url(PNG), PNG, "0.png"),
        (data_url(PNG[:-1]).rstrip("="), PNG[:-1], "0.png"),
        (data_url(PNG, "image/png;charset=x;BASE64"), PNG, "0.png"),
        (data_url(PNG).replace("+", "%2B"), PNG, "0.png"),
        ("DATA:" + data_url(WEBP)[5:], WEBP, "0.webp"),
        ("data:text/plain,a%20fox%0A", b"a fox\n", "0.txt"),
        ("data:,f%C3%BCchse", "füchse".encode(), "0.txt"),
    ],
)
async def test_a_data_url_becomes_a_file(
    url: str, data: bytes, name: str, downloader: Downloader, tmp_path: Path
) -> None:
    downloaded = await downloader.fetch(url, tmp_path / "0")

    assert is_whole(downloaded, data)
    assert downloaded.path.name == name


@pytest.mark.parametrize(
    "url", ["data:image/png;base64,A", "data:image/png;base64,!!!!", "data:image/png", "data:"]
)
async def test_a_damaged_data_url_leaves_nothing(
    url: str, downloader: Downloader, tmp_path: Path
) -> None:
    with pytest.raises(WrongContent, match="run the model again"):
        await downloader.fetch(url, tmp_path / "0")

    assert files(tmp_path) == []


async def test_a_data_url_has_to_keep_the_cap_and_its_promise(
    downloader: Downloader, tmp_path: Path
) -> None:
    with pytest.raises(OutputTooLarge):
        await downloader.fetch(data_url(PNG), tmp_path / "0", max_bytes=len(PNG) - 1)
    with pytest.raises(WrongContent):
        await downloader.fetch(data_url(PAGE), tmp_path / "0")
    with pytest.raises(DownloadIncomplete):
        await downloader.fetch(data_url(b""), tmp_path / "0")

    assert files(tmp_path) == []
