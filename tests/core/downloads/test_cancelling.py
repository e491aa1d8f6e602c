"""A cancelled download leaves nothing: no file, no connection, no thread."""

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import ClassVar

import httpx2
import pytest

from core.downloads.downloader import Downloader
from core.errors import OutputExpired
from tests.core.downloads.file_server import FileServer, Reply
from tests.core.downloads.material import (
    CUT,
    PNG,
    files,
)


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


class Transport(httpx2.AsyncHTTPTransport):
    """The usual transport, which remembers whether it was closed."""

    made: ClassVar[list["Transport"]] = []

    def __init__(self) -> None:
        super().__init__(verify=False)
        self.closed = False
        self.made.append(self)

    async def aclose(self) -> None:
        await super().aclose()
        self.closed = True


async def test_one_hosts_connections_are_one_pools_which_is_closed_with_the_downloader(
    server: FileServer, downloaders: Callable[..., Downloader], tmp_path: Path
) -> None:
    downloader = downloaders(transport=Transport)
    server.replies = [Reply(), Reply(status=404), Reply(stall_after=CUT)]

    await downloader.fetch(server.url(), tmp_path / "0")
    with pytest.raises(OutputExpired):
        await downloader.fetch(server.url(), tmp_path / "1")
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.05):
            await downloader.fetch(server.url(), tmp_path / "2")
    await server.idle()
    open_before = [transport.closed for transport in Transport.made]
    await downloader.aclose()

    assert open_before == [False]
    assert [transport.closed for transport in Transport.made] == [True]
