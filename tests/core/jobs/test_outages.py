"""Whatever this machine refuses, nothing is sent that isn't recorded, and nothing is lost."""

import asyncio
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from sqlalchemy import event

from core import DiskFull, InvalidInput
from core.downloads.partfile import PartFile
from core.history.archive import Archive, ArchiveError
from core.history.records import State
from core.jobs.events import Processing, Waiting
from tests.core.jobs.test_order import SUCCEEDED, Client, Time, failing, opened, run
from tests.core.jobs.world import World, a_png, job_of
from tests.core.waiting import until

BUSY_SECONDS = 0.2


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """SQLite waits ten seconds for a lock; here less."""
    monkeypatch.setattr("core.history.engines.BUSY_SECONDS", BUSY_SECONDS)


@pytest.fixture
def client() -> Client:
    return Client()


@pytest.fixture
def time() -> Time:
    return Time()


@contextmanager
def locked(world: World) -> Iterator[None]:
    """Lock the history for everyone else, as another program does while it writes."""
    with closing(sqlite3.connect(world.data_dir / "history.db", isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        yield
        other.execute("ROLLBACK")


class Usage(NamedTuple):
    free: int


@pytest.mark.usefixtures("impatient")
async def test_a_job_waits_for_a_locked_history_and_ends_when_it_is_free(world: World) -> None:
    world.go_on.clear()
    async with world.process() as app:
        job_id = await app.submit()
        await app.until(job_id, lambda event: isinstance(event, Processing))
        with locked(world):
            world.go_on.set()
            told = await app.until(job_id, lambda event: isinstance(event, Waiting))
            shown = await app.jobs.under_way("ann")
        job = await app.ended(job_id)

    assert isinstance(told, Waiting)
    assert "locked" in told.reason
    assert [job.id for job, _ in shown] == [job_id]
    assert (job.state, len(job.files)) == (State.SUCCEEDED, 1)
    assert world.creates == 1


@pytest.mark.usefixtures("impatient")
async def test_nothing_is_sent_that_a_locked_history_cannot_record(world: World) -> None:
    async with world.process() as app:
        with locked(world), pytest.raises(ArchiveError, match="locked"):
            await app.submit(image=_picture(world))

        assert await app.archive.list("ann") == []
    assert world.creates == 0
    assert _kept(world) == []


async def test_nothing_is_sent_that_a_full_disk_cannot_record(world: World) -> None:
    async with world.process() as app:
        _fill(app.archive)
        with pytest.raises(ArchiveError, match="disk is full"):
            await app.submit(prompt="x" * 100_000)
    assert world.creates == 0


async def test_a_job_waits_for_room_to_record_its_end(world: World) -> None:
    world.go_on.clear()
    async with world.process() as app:
        job_id = await app.submit("test/writer", prompt=" ".join(["word"] * 3_000))
        await app.until(job_id, lambda event: type(event).__name__ == "TextDelta")
        make_room = _fill(app.archive)
        world.go_on.set()
        told = await app.until(job_id, lambda event: isinstance(event, Waiting))
        make_room()
        job = await app.ended(job_id)

    assert isinstance(told, Waiting)
    assert "disk is full" in told.reason
    assert job.state is State.SUCCEEDED
    assert len((job.text or "").split()) == 3_000


async def test_a_file_that_finds_no_room_is_fetched_when_there_is_some(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with world.process() as app:
        with monkeypatch.context() as patched:
            patched.setattr(shutil, "disk_usage", lambda path: Usage(free=10))
            job_id = await app.submit()
            told = await app.until(job_id, lambda event: isinstance(event, Waiting))
        job = await app.ended(job_id)

    assert isinstance(told, Waiting)
    assert told.reason == "The disk is full: free some room."
    assert job.state is State.SUCCEEDED
    assert app.media.path(job.files[0].key).read_bytes() == a_png()


async def test_a_disk_that_stays_full_for_an_hour_ends_the_job_with_what_is_known(
    tmp_path: Path, client: Client, time: Time
) -> None:
    client.on["download"] = failing(10_000, DiskFull("https://x", "There is no room."))

    async with opened(tmp_path, client, time) as (jobs, _):
        events = await run(jobs)

    job = job_of(events[-1])
    assert (job.state, job.charged, job.output) == (State.FAILED, True, SUCCEEDED.output)
    assert job.error == "There is no room."


async def test_a_picture_that_finds_no_room_is_refused_and_leaves_nothing(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(self: PartFile, data: bytes) -> None:
        raise OSError(28, "No space left on device")

    async with world.process() as app:
        monkeypatch.setattr(PartFile, "write", full)
        with pytest.raises(InvalidInput, match="image: the disk is full") as raised:
            await app.submit(image=_picture(world))

        assert await app.archive.list("ann") == []
    assert raised.value.field == "image"
    assert world.creates == 0
    assert _kept(world) == []


async def test_jobs_are_taken_up_as_soon_as_the_history_can_be_used(world: World) -> None:
    world.go_on.clear()
    async with world.process() as app:
        job_id = await app.submit()
        await app.until(job_id, lambda event: isinstance(event, Processing))
    away = world.data_dir.with_name("away")
    world.data_dir.rename(away)
    world.data_dir.write_text("a file where the folder should be")

    async with world.process(on_demand=True, sleep=_soon) as app:
        await app.jobs.resume()
        with pytest.raises(ArchiveError, match="a file is where a folder should be"):
            await app.submit()
        world.data_dir.unlink()
        away.rename(world.data_dir)
        world.go_on.set()
        await until(lambda: app.archive.trouble is None, seconds=20)
        job = await app.ended(job_id)

    assert (job.state, len(job.files)) == (State.SUCCEEDED, 1)
    assert world.creates == 1


def _fill(archive: Archive) -> Any:
    """Let a history's file become no larger; return what makes room again."""
    full = True

    def limit(connection: Any, _: Any) -> None:
        if full:
            connection.execute("PRAGMA max_page_count = 1").close()

    def make_room() -> None:
        nonlocal full
        full = False
        archive._engine.dispose()

    event.listen(archive._engine, "connect", limit)
    archive._engine.dispose()
    return make_room


def _picture(world: World) -> Path:
    picture = world.data_dir / "photo.png"
    picture.write_bytes(a_png())
    return picture


def _kept(world: World) -> list[Path]:
    return [path for path in (world.data_dir / "media").rglob("*") if path.is_file()]


async def _soon(seconds: float) -> None:
    await asyncio.sleep(0.02)
