"""The process is killed, or the database is locked: the next start finishes what was begun."""

import asyncio
import json
import os
import signal
import sqlite3
import subprocess
import sys
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import asynccontextmanager, closing, contextmanager, suppress
from pathlib import Path

import pytest

from core.emulator import Fault
from core.history.records import Job, State
from core.jobs.events import Processing, Waiting
from tests.app_process import ROOT
from tests.core.jobs.world import BACKEND, CREATE, Process
from tests.core.waiting import until_blocking
from tests.faults.models import GIVER, noise
from tests.faults.world import OUTPUT, Account, World, account, succeeded, told, uncertain, until
from ui.views.present import sentence

PICTURE = noise(1)
CUT = len(PICTURE) * 4 // 10
LEASE_SECONDS = 60
_PATIENCE_SECONDS = 15


class Nursery:
    """The process that forks victims."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        assert process.stdin is not None
        assert process.stdout is not None
        self._orders, self._news = process.stdin, process.stdout

    def kill_one(self, world: World, *urls: str, when: Callable[[], bool]) -> None:
        """Let a process run a model for each URL, which it gives out, and kill it at a moment.

        By then all jobs are written down. Afterwards their leases are over, and nothing is wrong
        with Replicate.
        """
        order = {
            "base_url": world.emulator.url,
            "data_dir": str(world.data_dir),
            "backend": BACKEND,
            "model": GIVER,
            "inputs": [{"urls": [url]} for url in urls],
        }
        self._orders.write(json.dumps(order) + "\n")
        self._orders.flush()
        pid = int(self._news.readline())
        try:
            until_blocking(
                lambda: written_down(world) == len(urls) and when(), seconds=_PATIENCE_SECONDS
            )
        finally:
            os.kill(pid, signal.SIGKILL)
            assert self._news.readline() == "over\n"
        world.emulator.clear_faults()
        world.pass_time(LEASE_SECONDS)


@pytest.fixture(scope="module")
def nursery() -> Iterator[Nursery]:
    with subprocess.Popen(
        [sys.executable, "-m", "tests.faults.victim"],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        yield Nursery(process)
        process.kill()


@asynccontextmanager
async def next_start(world: World) -> AsyncIterator[tuple[Process, Sequence[Job]]]:
    """Start again and take up what was left; give the jobs as they end, oldest first."""
    async with world.process() as app:
        await app.jobs.resume()
        jobs = [await app.ended(job.id) for job in await app.archive.list("ann")]
        yield app, jobs[::-1]


def host(world: World, name: str = "fox.png") -> str:
    """Let Replicate serve a picture, and return its URL."""
    return world.emulator.host_file(PICTURE, name=name, media_type="image/png")


def written_down(world: World) -> int:
    """Return how many jobs stand in the history, as another process sees it."""
    with (
        closing(sqlite3.connect(world.data_dir / "history.db")) as other,
        suppress(sqlite3.OperationalError),
    ):
        return int(other.execute("SELECT count(*) FROM jobs").fetchone()[0])
    return 0


def polls(world: World) -> int:
    """Return how many times a prediction was asked for."""
    return len(world.requests("GET", lambda path: path.startswith("/v1/predictions/")))


async def test_jobs_of_a_process_that_was_killed_while_it_sent_one_are_all_there_once(
    world: World, nursery: Nursery
) -> None:
    """kill −9 between intent and answer: adopted at the next start; none lost, none doubled."""
    urls = [host(world, "a.png"), host(world, "b.png")]
    world.emulator.inject(Fault(method="POST", path=CREATE, hang=True, processed=True))

    nursery.kill_one(world, *urls, when=lambda: bool(world.emulator.predictions))
    before = world.creates
    async with next_start(world) as (app, jobs):
        served = world.served()
        accounts = [await account(app, job.id) for job in jobs]

    assert before == 1
    assert accounts == [
        Account(creates=2, predictions=2, state=State.SUCCEEDED, charged=True, files=(one,))
        for one in served
    ]
    assert len({job.prediction_id for job in jobs}) == 2


async def test_a_job_that_was_killed_before_replicate_had_it_is_uncertain_and_not_sent_again(
    world: World, nursery: Nursery
) -> None:
    """kill −9 while the create was on its way, and Replicate never carried it out."""
    world.emulator.inject(Fault(method="POST", path=CREATE, hang=True))

    nursery.kill_one(world, "https://a.example/b.png", when=lambda: world.creates == 1)
    async with next_start(world) as (app, [job]):
        assert await account(app, job.id) == uncertain()
    assert "may have been charged" in (job.error or "").lower()


async def test_a_job_that_was_killed_while_it_was_asked_for_is_finished(
    world: World, nursery: Nursery
) -> None:
    """kill −9 while polling: finished at the next start."""
    url = host(world)
    world.go_on.clear()

    nursery.kill_one(world, url, when=lambda: polls(world) >= 3)
    world.go_on.set()
    async with next_start(world) as (app, [job]):
        assert await account(app, job.id) == succeeded(world)


async def test_a_job_that_was_killed_in_the_middle_of_its_picture_goes_on_from_there(
    world: World, nursery: Nursery
) -> None:
    """kill −9 while downloading, with 40 % on the disk: finished at the next start."""
    url = host(world)
    world.emulator.inject(
        Fault(method="GET", path=OUTPUT, cut_after_bytes=CUT),
        Fault(method="GET", path=OUTPUT, hang=True),
    )

    nursery.kill_one(world, url, when=lambda: len(world.ranges()) == 2)
    async with next_start(world) as (app, [job]):
        asked = world.ranges()
        assert await account(app, job.id) == succeeded(world)
    assert asked == [0, CUT, CUT]


async def test_a_locked_history_is_waited_for_and_loses_nothing(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another program holds the database's lock for longer than it is usually waited for."""
    monkeypatch.setattr("core.history.engines.BUSY_SECONDS", 0.01)
    world.go_on.clear()

    async with world.process() as app:
        job_id = await app.submit()
        await until(app, job_id, Processing)
        with locked(world.data_dir / "history.db"):
            world.go_on.set()
            waiting = await app.until(job_id, lambda event: isinstance(event, Waiting))
        read = await told(app, job_id)

        assert await account(app, job_id) == succeeded(world)
    assert "Another program keeps the history" in sentence(waiting)
    assert read[-1] == "Done"


async def test_a_history_that_is_locked_for_a_moment_takes_the_job_a_moment_later(
    world: World,
) -> None:
    """A job is asked for while another program writes: it isn't sent before it is written down."""
    async with world.process() as app:
        with locked(world.data_dir / "history.db"):
            submitting = asyncio.create_task(app.submit())
            await asyncio.sleep(0.2)
            before = (submitting.done(), world.creates)
        job_id = await submitting
        await app.watched(job_id)

        assert await account(app, job_id) == succeeded(world)
    assert before == (False, 0)


async def test_a_damaged_history_is_kept_aside_and_what_can_be_read_goes_on(world: World) -> None:
    """The database's first page is overwritten while the app isn't running."""
    async with world.process() as app:
        job_id = await app.submit()
        await told(app, job_id)
    database = world.data_dir / "history.db"
    with database.open("r+b") as file:
        file.write(b"\0" * 4096)
    damaged = database.read_bytes()

    async with world.process() as app:
        assert await account(app, job_id) == succeeded(world)
        later = await app.submit()
        assert (await told(app, later))[-1] == "Done"
    [aside] = world.data_dir.glob("history.damaged-*.db")
    assert aside.read_bytes() == damaged


@contextmanager
def locked(database: Path) -> Iterator[None]:
    """Hold the write lock of a SQLite database, as another program would."""
    other = sqlite3.connect(database, isolation_level=None)
    try:
        other.execute("BEGIN IMMEDIATE")
        yield
    finally:
        other.close()
