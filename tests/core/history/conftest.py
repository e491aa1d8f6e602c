"""A history of each test's own."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from core.history.archive import Archive
from tests.core.history.material import Clock


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def database_url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path / 'data' / 'history.db'}"


@pytest_asyncio.fixture
async def archive(database_url: str, clock: Clock) -> AsyncIterator[Archive]:
    async with Archive.open(database_url, now=clock) as archive:
        yield archive
