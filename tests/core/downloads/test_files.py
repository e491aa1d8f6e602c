"""Which file a download becomes, what is told on the way, and what is logged."""

import asyncio
import tracemalloc
from collections.abc import Callable
from pathlib import Path

import pytest

from core.downloads.downloader import Downloader
from core.downloads.filenames import safe_name
from core.errors import (
    DownloadError,
    DownloadIncomplete,
)
from tests.core.downloads.file_server import FileServer, Reply
from tests.core.downloads.material import (
    CUT,
    PNG,
    WEBP,
    Progress,
    Waits,
    data_url,
    files,
    is_whole,
)
from tests.logs import capture_logs


async def test_an_output_becomes_a_file_with_its_hash(
    server: FileServer, downloaders: Callable[..., Downloader], tmp_path: Path
) -> None:
    downloader = downloaders(transport=None)  # the one that is used outside of tests

    downloaded = await downloader.fetch(
        server.url("fox.png"), tmp_path / "new" / "deep" / "fox.png"
    )

    assert is_whole(downloaded, PNG)
    assert downloaded.media_type == "image/png"
    assert files(tmp_path) == ["fox.png"]


@pytest.mark.parametrize(
    ("data", "url_name", "declared", "name"),
    [
        (PNG, "fox.png", "image/png", "0.png"),
        (PNG, "fox", "image/png", "0.png"),
        (PNG, "fox", "text/plain", "0.png"),
        (WEBP, "fox.png", "image/png", "0.webp"),
        (b"v 0 0 0\n", "mesh.obj", "text/plain", "0.obj"),
        (b"\x93\xff\0\0", "tensor", None, "0.bin"),
    ],
)
async def test_a_name_without_extension_gets_the_one_that_fits_the_content(
    data: bytes,
    url_name: str,
    declared: str | None,
    name: str,
    server: FileServer,
    downloader: Downloader,
    tmp_path: Path,
) -> None:
    server.file, server.media_type = data, declared

    downloaded = await downloader.fetch(server.url(url_name), tmp_path / "0")

    assert downloaded.path == tmp_path / name


async def test_a_name_that_has_an_extension_keeps_it_and_the_type_is_what_the_bytes_show(
    server: FileServer, downloader: Downloader, tmp_path: Path
) -> None:
    server.file, server.media_type = WEBP, "image/png"

    downloaded = await downloader.fetch(server.url("fox.png"), tmp_path / "fox.jpg")

    assert downloaded.path == tmp_path / "fox.jpg"
    assert downloaded.media_type == "image/webp"


async def test_the_url_may_choose_the_name_and_can_not_leave_the_folder(
    server: FileServer, downloader: Downloader, tmp_path: Path
) -> None:
    url = server.url("..%2F..%2Ffox.png")

    downloaded = await downloader.fetch(url, tmp_path / "folder" / safe_name(url))

    assert downloaded.path.parent == tmp_path / "folder"
    assert downloaded.path.suffix == ".png"


async def test_an_older_file_is_replaced_only_by_a_whole_one(
    server: FileServer, downloader: Downloader, tmp_path: Path
) -> None:
    (tmp_path / "fox.png").write_bytes(b"old")
    server.replies = [Reply(status=400)]

    with pytest.raises(DownloadError):
        await downloader.fetch(server.url(), tmp_path / "fox.png")
    kept = (tmp_path / "fox.png").read_bytes()
    await downloader.fetch(server.url(), tmp_path / "fox.png")

    assert kept == b"old"
    assert (tmp_path / "fox.png").read_bytes() == PNG


async def test_progress_grows_to_the_whole(
    server: FileServer, downloader: Downloader, tmp_path: Path
) -> None:
    progress = Progress()

    await downloader.fetch(server.url(), tmp_path / "0", on_progress=progress.tell)

    assert progress == sorted(progress)
    assert progress[0] == (0, len(PNG))
    assert progress[-1] == (len(PNG), len(PNG))
    assert len(progress) > 3


@pytest.mark.parametrize(
    "reply", [Reply(chunked=True), Reply(headers={"Content-Length": None})], ids=["chunked", "bare"]
)
async def test_a_body_of_unannounced_length_arrives_whole(
    reply: Reply, server: FileServer, downloader: Downloader, tmp_path: Path
) -> None:
    server.replies = [reply]
    progress = Progress()

    downloaded = await downloader.fetch(server.url(), tmp_path / "0", on_progress=progress.tell)

    assert is_whole(downloaded, PNG)
    assert progress[-1] == (len(PNG), None)


async def test_requests_carry_no_token_and_no_cookie_and_ask_for_plain_bytes(
    server: FileServer, downloader: Downloader, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REPLICATE_API_TOKEN", "r8_secret")
    server.replies = [Reply(headers={"Set-Cookie": "id=1; Path=/"})]

    await downloader.fetch(server.url(), tmp_path / "0")
    await downloader.fetch(server.url(), tmp_path / "0")

    for request in server.requests:
        assert not request.headers.keys() & {"authorization", "cookie"}
        assert request.headers["accept-encoding"] == "identity"


async def test_downloads_to_one_place_do_not_mix(
    server: FileServer,
    other_server: FileServer,
    downloaders: Callable[..., Downloader],
    tmp_path: Path,
) -> None:
    other_server.file = PNG[::-1]
    downloader = downloaders(trusted_origins=frozenset({server.origin, other_server.origin}))
    urls = [server.url(), other_server.url()] * 4

    await asyncio.gather(*(downloader.fetch(url, tmp_path / "fox.bin") for url in urls))

    assert (tmp_path / "fox.bin").read_bytes() in (PNG, PNG[::-1])
    assert files(tmp_path) == ["fox.bin"]


async def test_memory_stays_flat_however_large_the_file(
    server: FileServer, downloaders: Callable[..., Downloader], tmp_path: Path
) -> None:
    server.replies = [Reply(body=PNG[:500_000], copies=200)]
    downloader = downloaders(max_bytes=1_000_000_000)

    tracemalloc.start()
    try:
        downloaded = await downloader.fetch(server.url(), tmp_path / "0")
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()

    assert downloaded.bytes == 100_000_000
    assert peak < 10_000_000


async def test_each_retry_and_the_end_are_logged(
    server: FileServer, downloader: Downloader, waits: Waits, tmp_path: Path
) -> None:
    server.replies = [Reply(cut_after=CUT)]

    with capture_logs() as logs:
        await downloader.fetch(server.url("fox.png") + "?signature=secret", tmp_path / "0")

    retried, finished = logs
    assert (retried["event"], retried["request"]) == ("request.retried", "download")
    assert retried["seconds"] == round(waits[0], 3)
    assert finished["event"] == "download.finished"
    assert finished["bytes"] == len(PNG)
    assert finished["seconds"] >= 0
    assert finished["media_type"] == "image/png"
    assert {entry["url"] for entry in logs} == {server.url("fox.png")}


async def test_neither_content_nor_signature_is_in_a_log_or_an_error(
    server: FileServer, downloader: Downloader, tmp_path: Path
) -> None:
    server.replies = [Reply(status=500) for _ in range(99)]

    with capture_logs() as logs:
        await downloader.fetch(data_url(PNG), tmp_path / "0")
        with pytest.raises(DownloadIncomplete) as raised:
            await downloader.fetch(server.url() + "?signature=secret", tmp_path / "1")

    assert "secret" not in f"{logs} {raised.value}"
    assert data_url(PNG)[30:60] not in str(logs)
