"""A cancelled download leaves nothing: no file, no connection, no thread."""

import asyncio
from pathlib import Path

import pytest

from core.downloads import Downloader
from tests.core.downloads.material import (
    CUT,
    PNG,
    files,
)
from tests.core.file_server import FileServer, Reply


async def test_a_cancelled_download_leaves_no_file_and_no_connection(
    server: FileServer, downloader: Downloader, tmp_path: Path
) -> None:
    server.replies = [Reply(stall_after=CUT)]
    begun = asyncio.Event()
    task = asyncio.create_task(
        downloader.fetch(
            server.url(), tmp_path / "0", on_progress=lambda done, _: done and begun.set()
        )
    )
    await begun.wait()
    partial = files(tmp_path)

    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task

    assert len(partial) == 1
    assert files(tmp_path) == []
    await server.idle()


async def test_cancelling_at_any_moment_leaves_the_whole_file_or_nothing(
    server: FileServer, downloader: Downloader, tmp_path: Path
) -> None:
    for n in range(60):
        target = tmp_path / f"{n}.png"
        task = asyncio.create_task(downloader.fetch(server.url(), target))
        for _ in range(n):
            await asyncio.sleep(0)
        await asyncio.sleep(n / 10_000)

        task.cancel()
        await asyncio.wait([task])

        assert files(tmp_path) in ([], [target.name])
        if target.exists():
            assert target.read_bytes() == PNG
            target.unlink()
    await server.idle()
