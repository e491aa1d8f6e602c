"""No output is larger on the disk, or in memory, than it may be."""

import gzip
import tracemalloc
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import brotli
import pytest

from core.downloads.downloader import Downloader
from core.errors import (
    DownloadError,
    DownloadIncomplete,
    OutputTooLarge,
)
from tests.core.downloads.file_server import FileServer, Reply
from tests.core.downloads.material import CUT, PNG, Progress, files, is_whole


async def test_a_length_over_the_cap_is_refused_before_anything_is_read(
    server: FileServer, downloaders: Callable[..., Downloader], tmp_path: Path
) -> None:
    progress = Progress()

    with pytest.raises(OutputTooLarge, match="larger than 977 KB"):
        await downloaders(max_bytes=1_000_000).fetch(
            server.url(), tmp_path / "0", on_progress=progress.tell
        )

    assert progress == []
    assert files(tmp_path) == []


async def test_a_body_without_a_length_is_stopped_at_the_cap(
    server: FileServer, downloader: Downloader, tmp_path: Path
) -> None:
    server.replies = [Reply(copies=1000, chunked=True)]
    progress = Progress()

    with pytest.raises(OutputTooLarge):
        await downloader.fetch(server.url(), tmp_path / "0", on_progress=progress.tell)

    assert max(progress)[0] <= 10_000_000
    assert files(tmp_path) == []


async def test_the_caller_may_set_another_cap_and_a_file_of_just_that_size_is_let_in(
    server: FileServer, downloader: Downloader, tmp_path: Path
) -> None:
    downloaded = await downloader.fetch(server.url(), tmp_path / "0", max_bytes=len(PNG))

    with pytest.raises(OutputTooLarge):
        await downloader.fetch(server.url(), tmp_path / "1", max_bytes=len(PNG) - 1)

    assert is_whole(downloaded, PNG)


def coded(data: bytes, encoding: str, **options: Any) -> Reply:
    encode = {"gzip": gzip.compress, "deflate": zlib.compress, "br": brotli.compress}[encoding]
    return Reply(body=encode(data), headers={"Content-Encoding": encoding}, **options)


@pytest.mark.parametrize("chunked", [True, False])
async def test_a_gzip_bomb_is_stopped_at_the_cap_in_little_memory(
    chunked: bool, server: FileServer, downloader: Downloader, tmp_path: Path
) -> None:
    bomb = gzip.compress(bytes(50_000_000))
    server.replies = [Reply(body=bomb, headers={"Content-Encoding": "gzip"}, chunked=chunked)]

    tracemalloc.start()
    try:
        with pytest.raises(OutputTooLarge):
            await downloader.fetch(server.url(), tmp_path / "0")
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()

    assert peak < 5_000_000
    assert files(tmp_path) == []


@pytest.mark.parametrize("encoding", ["gzip", "deflate"])
async def test_an_encoding_that_nobody_asked_for_is_undone(
    encoding: str, server: FileServer, downloader: Downloader, tmp_path: Path
) -> None:
    server.replies = [coded(PNG, encoding)]

    downloaded = await downloader.fetch(server.url(), tmp_path / "0")

    assert is_whole(downloaded, PNG)
    assert len(server.requests) == 1


async def test_a_gzip_body_of_several_members_is_whole(
    server: FileServer, downloader: Downloader, tmp_path: Path
) -> None:
    body = gzip.compress(PNG[:5000]) + gzip.compress(PNG[5000:])
    server.replies = [Reply(body=body, headers={"Content-Encoding": "gzip"})]

    downloaded = await downloader.fetch(server.url(), tmp_path / "0")

    assert is_whole(downloaded, PNG)
    assert len(server.requests) == 1


@pytest.mark.parametrize("chunked", [True, False])
async def test_a_cut_encoded_body_starts_over(
    chunked: bool, server: FileServer, downloader: Downloader, tmp_path: Path
) -> None:
    server.replies = [coded(PNG, "gzip", cut_after=CUT, chunked=chunked), coded(PNG, "gzip")]

    downloaded = await downloader.fetch(server.url(), tmp_path / "0")

    assert is_whole(downloaded, PNG)
    assert "range" not in server.requests[1].headers


async def test_an_encoded_body_that_ends_too_early_is_not_taken_for_the_whole(
    server: FileServer, downloader: Downloader, tmp_path: Path
) -> None:
    cut = gzip.compress(PNG)[:CUT]
    server.replies = [Reply(body=cut, headers={"Content-Encoding": "gzip"}) for _ in range(99)]

    with pytest.raises(DownloadIncomplete):
        await downloader.fetch(server.url(), tmp_path / "0")

    assert files(tmp_path) == []


@pytest.mark.parametrize("encoding", ["br", "zstd", "gzip, gzip", "compress"])
async def test_an_encoding_without_bounded_decoding_is_refused(
    encoding: str, server: FileServer, downloader: Downloader, tmp_path: Path
) -> None:
    server.replies = [Reply(headers={"Content-Encoding": encoding})]

    with pytest.raises(DownloadError, match=encoding):
        await downloader.fetch(server.url(), tmp_path / "0")

    assert files(tmp_path) == []
