"""A database that can't be used says why in one sentence, and is used again when it can be.

Root may write where it may not, so that "read-only" is SQLite's own `mode=ro`, and a folder that
can't be made is a file in its place.
"""

import asyncio
import shutil
import sqlite3
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, closing, contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from sqlalchemy import event

from core.history.access import Access
from core.history.archive import Archive, ArchiveError
from core.history.records import State
from tests.core.history.material import NOW, a_job, add

BUSY_SECONDS = 0.3


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "data" / "history.db"


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """SQLite waits ten seconds for a lock; here less."""
    monkeypatch.setattr("core.history.engines.BUSY_SECONDS", BUSY_SECONDS)
    monkeypatch.setattr("core.history.mending.BUSY_SECONDS", BUSY_SECONDS)


@contextmanager
def locked(file: Path) -> Iterator[None]:
    """Lock a database for everyone else, as another program does while it writes."""
    with closing(sqlite3.connect(file, isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        yield
        other.execute("ROLLBACK")


@asynccontextmanager
async def on_demand(file: Path) -> AsyncIterator[Archive]:
    async with Archive.open(f"sqlite:///{file}", on_demand=True) as archive:
        yield archive


async def made(file: Path) -> None:
    async with Archive.open(f"sqlite:///{file}"):
        pass


async def test_a_history_that_is_there_again_is_used_without_a_restart(file: Path) -> None:
    file.parent.write_text("a file where the folder should be")

    async with on_demand(file) as archive:
        with pytest.raises(ArchiveError, match="a file is where a folder should be") as raised:
            await add(archive, a_job())
        told = archive.trouble
        file.parent.unlink()
        await asyncio.sleep(1.05)  # it isn't asked again before
        await add(archive, a_job())

        assert str(told) == str(raised.value)
        assert archive.trouble is None
        assert (await archive.get("job1")).state is State.QUEUED


async def test_who_opens_it_to_use_it_at_once_is_refused_at_once(file: Path) -> None:
    file.parent.write_text("a file where the folder should be")

    with pytest.raises(ArchiveError, match="choose another folder"):
        async with Archive.open(f"sqlite:///{file}"):
            pass


async def test_one_that_may_only_be_read_says_so_from_the_start(file: Path) -> None:
    async with Archive.open(f"sqlite:///{file}") as archive:
        await add(archive, a_job())

    async with Archive.open(f"sqlite:///file:{file}?mode=ro&uri=true") as archive:
        told = archive.trouble
        read = await archive.list("local")
        with pytest.raises(ArchiveError, match=r"can't be written.*allow writing") as raised:
            await add(archive, a_job("job2"))
        await asyncio.sleep(1.05)
        with pytest.raises(ArchiveError, match="can't be written"):
            await archive.claim("nobody's", holder="me", lease_seconds=1)

    assert str(told) == str(raised.value)
    assert [job.id for job in read] == ["job1"]


async def test_one_of_a_newer_release_says_so(file: Path) -> None:
    await made(file)
    with closing(sqlite3.connect(file)) as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
        connection.commit()

    with pytest.raises(ArchiveError, match="newer playground: update this one"):
        async with Archive.open(f"sqlite:///{file}"):
            pass


@pytest.mark.parametrize(
    "url", ["nonsense", "nosuch://host/db", "postgresql+nosuch://host/db", "mysql://a:b@c:d/e"]
)
async def test_a_url_that_leads_nowhere_is_refused_from_the_start(url: str) -> None:
    with pytest.raises(ArchiveError, match="URL can't be used"):
        async with Archive.open(url, on_demand=True):
            pass


@pytest.mark.usefixtures("impatient")
async def test_a_locked_history_opens_as_soon_as_it_is_free(file: Path) -> None:
    await made(file)
    async with on_demand(file) as archive:
        with locked(file), pytest.raises(ArchiveError, match=r"Another program keeps .* locked"):
            await archive.list("local")
        await asyncio.sleep(1.05)

        assert await archive.list("local") == []


@pytest.mark.usefixtures("impatient")
async def test_many_who_find_it_locked_do_not_wait_one_after_the_other(file: Path) -> None:
    await made(file)
    async with on_demand(file) as archive:
        with locked(file):
            started = time.monotonic()
            found = await asyncio.gather(
                *(archive.list("local") for _ in range(20)),
                *(add(archive, a_job(f"job{n}")) for n in range(20)),
                return_exceptions=True,
            )
            seconds = time.monotonic() - started

    assert all(isinstance(one, ArchiveError) for one in found)
    assert seconds < 5 * BUSY_SECONDS


@pytest.mark.usefixtures("impatient")
async def test_writers_who_wait_for_a_lock_share_what_one_finds_and_readers_go_on(
    file: Path,
) -> None:
    async with Archive.open(f"sqlite:///{file}") as archive:
        await add(archive, a_job())
        with locked(file):
            started = time.monotonic()
            writing = [asyncio.create_task(add(archive, a_job(f"new{n}"))) for n in range(20)]
            await asyncio.sleep(0)
            read = await archive.list("local")
            read_seconds = time.monotonic() - started
            found = await asyncio.gather(*writing, return_exceptions=True)
            seconds = time.monotonic() - started
        told = archive.trouble
        await asyncio.sleep(1.05)
        await add(archive, a_job("later"))

        assert archive.trouble is None

        assert [job.id for job in await archive.list("local")] == ["later", "job1"]
    assert [job.id for job in read] == ["job1"]
    assert all(isinstance(one, ArchiveError) for one in found)
    assert read_seconds < BUSY_SECONDS
    assert seconds < 5 * BUSY_SECONDS
    assert "locked" in str(told)


def test_it_is_asked_again_once_a_second(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    seconds = 0.0
    asked: list[float] = []

    def failing(*_: Any) -> None:
        asked.append(seconds)
        raise OSError(5, "Input/output error")

    monkeypatch.setattr("core.history.access.bring_up_to_date", failing)
    access = Access(f"sqlite:///{file}", now=lambda: NOW, clock=lambda: seconds)
    for _ in range(25):
        with pytest.raises(ArchiveError, match="Input/output error"):
            access.read(lambda: None)
        seconds += 0.1

    assert asked == pytest.approx([0, 1, 2], abs=0.11)


async def test_a_full_disk_says_so_and_what_is_there_can_be_read(archive: Archive) -> None:
    await add(archive, a_job("before"))
    room = Room(archive)
    room.take()

    with pytest.raises(ArchiveError, match=r"disk is full.*free some room"):
        await add(archive, a_job("refused", input={"prompt": "x" * 100_000}))
    read = await archive.list("local")
    room.give()
    await asyncio.sleep(1.05)
    await add(archive, a_job("later", input={"prompt": "x" * 100_000}))

    assert [job.id for job in read] == ["before"]
    assert len(await archive.list("local")) == 2


@pytest.mark.parametrize(("free", "words"), [(1000, "disk is full"), (10**9, "disk I/O error")])
async def test_a_history_that_does_not_open_for_want_of_room_says_so(
    file: Path, monkeypatch: pytest.MonkeyPatch, free: int, words: str
) -> None:
    """SQLite itself only says that reading and writing failed."""

    class Usage(NamedTuple):
        free: int

    def failing(*_: Any) -> None:
        error = sqlite3.OperationalError("disk I/O error")
        error.sqlite_errorcode = sqlite3.SQLITE_IOERR_SHMSIZE
        raise error

    monkeypatch.setattr("core.history.access.bring_up_to_date", failing)
    monkeypatch.setattr(shutil, "disk_usage", lambda folder: Usage(free))

    with pytest.raises(ArchiveError, match=words):
        await made(file)


class Room:
    """A disk that is full for one history as long as a test says so."""

    def __init__(self, archive: Archive) -> None:
        self._engine = archive._engine
        self._is_full = False
        event.listen(self._engine, "connect", self._limit)

    def take(self) -> None:
        """Let the file become no larger than it is."""
        self._is_full = True
        self._engine.dispose()

    def give(self) -> None:
        """Let it grow again."""
        self._is_full = False
        self._engine.dispose()

    def _limit(self, connection: Any, _: Any) -> None:
        if self._is_full:
            connection.execute("PRAGMA max_page_count = 1").close()
