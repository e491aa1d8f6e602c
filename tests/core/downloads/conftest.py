"""A server on loopback, and downloaders that trust it."""

from collections.abc import AsyncIterator, Callable
from functools import partial
from typing import Any

import httpx2
import pytest

from core.clock import Clock
from core.downloads.downloader import Downloader
from tests.core.downloads.file_server import FileServer, serving
from tests.core.downloads.material import PNG, Waits


@pytest.fixture
async def server() -> AsyncIterator[FileServer]:
    async with serving() as server:
        server.file = PNG
        yield server


@pytest.fixture
async def other_server() -> AsyncIterator[FileServer]:
    """A server that is not the API's own."""
    async with serving() as server:
        server.file = PNG
        yield server


@pytest.fixture
def waits() -> Waits:
    return Waits()


@pytest.fixture
async def downloaders(server: FileServer, waits: Waits) -> AsyncIterator[Callable[..., Downloader]]:
    """Makes downloaders that trust the server, and closes them."""
    made = []

    def make(**options: Any) -> Downloader:
        options = {
            "trusted_origins": frozenset({server.origin}),
            "max_bytes": 10_000_000,
            "clock": Clock(sleep=waits.sleep),
            "transport": partial(httpx2.AsyncHTTPTransport, verify=False),
            **options,
        }
        made.append(Downloader(**options))
        return made[-1]

    yield make
    for downloader in made:
        await downloader.aclose()


@pytest.fixture
def downloader(downloaders: Callable[..., Downloader]) -> Downloader:
    return downloaders()
