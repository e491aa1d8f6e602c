"""The order of things inside a job, with a client that does what a test says and nothing else."""

import asyncio
import sqlite3
from collections import defaultdict
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from core import ConnectionFailed, ConnectionLost, DownloadIncomplete, NotFound
from core.downloads.downloader import Downloaded
from core.history.archive import Archive, ArchiveError
from core.history.media import MediaStore
from core.history.records import State
from core.jobs.events import Event, Failed, Starting, Stopping, Waiting
from core.jobs.jobs import Jobs
from core.models.descriptions import Model
from core.prediction import Prediction
from tests.core.jobs.world import job_of
from tests.core.waiting import doubled
from tests.logs import capture_logs

OUTPUT = ["https://replicate.delivery/out-0.txt"]
STARTED = Prediction(id="p1", model="test/painter", version="hidden", status="starting")
SUCCEEDED = replace(STARTED, status="succeeded", output=OUTPUT, logs="done")


class Client:
    """Answers from a script; what a test doesn't say goes well at once."""

    def __init__(self) -> None:
        self.calls: list[str] = []
        self.on: dict[str, Callable[[], Awaitable[Any]]] = {}
        self._came: defaultdict[str, asyncio.Event] = defaultdict(asyncio.Event)

    async def called(self, call: str) -> None:
        """Return when there was such a call."""
        await self._came[call].wait()

    async def get_model(self, model: str) -> Model:
        raise ConnectionLost("no schema today")

    async def create_prediction(self, *_: Any, **__: Any) -> Prediction:
        return await self._answer("create", STARTED)

    async def get_prediction(self, _: str) -> Prediction:
        return await self._answer("get", STARTED)

    async def cancel_prediction(self, _: str) -> Prediction:
        return await self._answer("cancel", STARTED)

    async def watch_prediction(self, prediction: Prediction, **_: Any) -> AsyncIterator[Prediction]:
        yield prediction
        yield await self._answer("watch", SUCCEEDED)

    async def download_file(self, url: str, path: Path, **_: Any) -> Downloaded:
        await self._answer("download", None)
        await asyncio.to_thread(path.parent.mkdir, parents=True, exist_ok=True)
        target = path.with_suffix(".txt")
        await asyncio.to_thread(target.write_text, "out")
        return Downloaded(target, 3, "text/plain", "ab" * 32)

    async def _answer(self, call: str, usual: Any) -> Any:
        self.calls.append(call)
        self._came[call].set()
        return await self.on[call]() if call in self.on else usual


class Time:
    """A clock that sleeping moves."""

    def __init__(self) -> None:
        self.seconds = 0.0
        self.waits: list[float] = []

    def clock(self) -> float:
        return self.seconds

    async def sleep(self, seconds: float) -> None:
        if seconds == 5:  # the leases are kept all the while
            await asyncio.Event().wait()
        self.waits.append(seconds)
        self.seconds += seconds
        await asyncio.sleep(0)


@pytest.fixture
def client() -> Client:
    return Client()


@pytest.fixture
def time() -> Time:
    return Time()


@asynccontextmanager
async def opened(
    folder: Path, client: Client, time: Time, archive: Any = None
) -> AsyncIterator[tuple[Jobs, Archive]]:
    async with (
        Archive.open(f"sqlite:///{folder / 'history.db'}") as real,
        Jobs(
            client,  # type: ignore[arg-type]
            archive(real) if archive else real,
            MediaStore(folder / "media"),
            backend="b",
            max_running=1,
            sleep=time.sleep,
            clock=time.clock,
        ) as jobs,
    ):
        yield jobs, real


async def run(jobs: Jobs) -> list[Event]:
    job_id = await jobs.submit("test/painter", {"prompt": "a fox"}, owner="ann")
    return [event async for event in jobs.watch(job_id)]


def failing(times: int, error: Exception, then: Any = None) -> Callable[[], Awaitable[Any]]:
    left = [error] * times

    async def answer() -> Any:
        if left:
            raise left.pop()
        return then

    return answer


async def test_each_step_is_on_the_disk_before_the_next_begins(
    tmp_path: Path, client: Client, time: Time
) -> None:
    seen: list[tuple[str, str | None]] = []

    def looking(then: Any) -> Callable[[], Awaitable[Any]]:
        async def answer() -> Any:
            with sqlite3.connect(tmp_path / "history.db") as other:
                seen.append(other.execute("SELECT state, prediction_id FROM jobs").fetchone())
            other.close()
            return then

        return answer

    client.on = {
        "create": looking(STARTED),
        "watch": looking(SUCCEEDED),
        "download": looking(None),
    }
    async with opened(tmp_path, client, time) as (jobs, _):
        await run(jobs)

    assert seen == [("sending", None), ("starting", "p1"), ("downloading", "p1")]


@pytest.mark.parametrize(
    ("call", "charged"), [("create", None), ("watch", None), ("download", None)]
)
async def test_a_mistake_of_our_own_ends_the_job_in_plain_words_and_is_logged(
    tmp_path: Path, client: Client, time: Time, call: str, charged: bool | None
) -> None:
    client.on[call] = failing(1, ZeroDivisionError("oops"))
    with capture_logs() as lines:
        async with opened(tmp_path, client, time) as (jobs, archive):
            events = await run(jobs)
            job = await archive.get(job_of(events[-1]).id)

    assert isinstance(events[-1], Failed)
    assert "made a mistake (ZeroDivisionError)" in events[-1].error
    assert (job.state, job.charged, job.error) == (State.FAILED, charged, events[-1].error)
    [crash] = [line for line in lines if line["event"] == "job.crashed"]
    assert "ZeroDivisionError" in crash["traceback"]


async def test_an_outage_during_a_download_is_waited_out_and_told(
    tmp_path: Path, client: Client, time: Time
) -> None:
    client.on["download"] = failing(3, DownloadIncomplete(OUTPUT[0], "The line is dead."))
    async with opened(tmp_path, client, time) as (jobs, _):
        events = await run(jobs)

    assert job_of(events[-1]).state is State.SUCCEEDED
    assert time.waits == doubled(2, 4, 8)
    waits = [event for event in events if isinstance(event, Waiting)]
    assert waits[0].reason == "The line is dead."


async def test_an_outage_of_more_than_an_hour_leaves_the_output_and_says_that_it_was_paid(
    tmp_path: Path, client: Client, time: Time
) -> None:
    client.on["download"] = failing(1000, DownloadIncomplete(OUTPUT[0], "The line is dead."))
    async with opened(tmp_path, client, time) as (jobs, _):
        events = await run(jobs)

    assert isinstance(events[-1], Failed)
    job = job_of(events[-1])
    assert (job.charged, job.output, job.error) == (True, OUTPUT, "The line is dead.")
    assert 3600 <= time.seconds < 3800


async def test_a_cancel_that_does_not_get_through_is_sent_again(
    tmp_path: Path, client: Client, time: Time
) -> None:
    canceled = asyncio.Event()

    async def cancel() -> Prediction:
        if client.calls.count("cancel") < 3:
            raise ConnectionFailed("no network")
        canceled.set()
        return STARTED

    async def ends() -> Prediction:
        await canceled.wait()
        return replace(STARTED, status="canceled")

    client.on = {"cancel": cancel, "watch": ends}
    async with opened(tmp_path, client, time) as (jobs, _):
        job_id = await jobs.submit("test/painter", {"prompt": "a fox"}, owner="ann")
        await client.called("watch")
        events = []

        async def watch() -> None:
            events.extend([event async for event in jobs.watch(job_id)])

        watching = asyncio.create_task(watch())
        await jobs.cancel(job_id)
        await jobs.cancel(job_id)
        await watching

    assert job_of(events[-1]).state is State.CANCELED
    why = "The cancel hasn't reached Replicate yet."
    assert why in [event.reason for event in events if isinstance(event, Stopping)]
    assert client.calls.count("cancel") == 3
    assert time.waits == doubled(2, 4)


async def test_from_stop_to_the_end_that_is_all_that_is_told_of_how_it_goes_on(
    tmp_path: Path, time: Time
) -> None:
    stopped, looked = asyncio.Event(), asyncio.Event()

    class Chatty(Client):
        async def watch_prediction(
            self, prediction: Prediction, *, on_wait: Any = None, **_: Any
        ) -> AsyncIterator[Prediction]:
            yield prediction
            await stopped.wait()
            on_wait("Can't reach Replicate.", 3)
            yield replace(STARTED, status="processing", logs="half done")
            await looked.wait()
            yield replace(STARTED, status="canceled")

    client = Chatty()
    async with opened(tmp_path, client, time) as (jobs, _):
        job_id = await jobs.submit("test/painter", {"prompt": "a fox"}, owner="ann")
        watching = jobs.watch(job_id)
        async for event in watching:
            if event == Starting(job_id):
                break
        await jobs.cancel(job_id)
        told = [await anext(watching)]
        stopped.set()
        await client.called("cancel")
        for _ in range(20):
            await asyncio.sleep(0.005)
        [(_, latest)] = await jobs.under_way("ann")
        looked.set()
        told += [event async for event in watching]

    assert told[0] == latest == Stopping(job_id)
    assert [type(event).__name__ for event in told] == ["Stopping", "Canceled"]


async def test_a_create_in_flight_when_stop_comes_is_cancelled_once_its_id_is_known(
    tmp_path: Path, client: Client, time: Time
) -> None:
    answered, canceled = asyncio.Event(), asyncio.Event()

    async def create() -> Prediction:
        await answered.wait()
        return STARTED

    async def cancel() -> Prediction:
        canceled.set()
        return STARTED

    async def ends() -> Prediction:
        await canceled.wait()
        return replace(STARTED, status="canceled")

    client.on = {"create": create, "cancel": cancel, "watch": ends}
    async with opened(tmp_path, client, time) as (jobs, _):
        job_id = await jobs.submit("test/painter", {"prompt": "a fox"}, owner="ann")
        await client.called("create")
        await jobs.cancel(job_id)
        before = list(client.calls)
        answered.set()
        events = [event async for event in jobs.watch(job_id)]

    assert before == ["create"]
    assert job_of(events[-1]).state is State.CANCELED
    assert client.calls.count("cancel") == 1


async def test_a_resumed_job_waits_for_the_network_before_it_gives_up(
    tmp_path: Path, client: Client, time: Time
) -> None:
    client.on["watch"] = asyncio.Event().wait
    async with opened(tmp_path, client, time) as (jobs, _):
        job_id = await jobs.submit("test/painter", {"prompt": "a fox"}, owner="ann")
        await client.called("watch")

    client.on = {"get": failing(2, ConnectionFailed("no network"), then=SUCCEEDED)}
    async with opened(tmp_path, client, time) as (jobs, _):
        await jobs.resume()
        events = [event async for event in jobs.watch(job_id)]

    assert job_of(events[-1]).state is State.SUCCEEDED
    assert client.calls.count("create") == 1


async def test_a_prediction_that_replicate_no_longer_knows_ends_the_job(
    tmp_path: Path, client: Client, time: Time
) -> None:
    client.on["watch"] = failing(1, NotFound(status=404, detail="no such prediction"))
    async with opened(tmp_path, client, time) as (jobs, _):
        events = await run(jobs)

    job = job_of(events[-1])
    assert (job.state, job.charged, job.prediction_id) == (State.FAILED, None, "p1")
    assert "no such prediction" in (job.error or "")


class FlakyArchive:
    """An archive whose every second move finds the database locked."""

    def __init__(self, real: Archive) -> None:
        self._real = real
        self._moves = 0

    async def advance(self, *args: Any, **changes: Any) -> Any:
        self._moves += 1
        if self._moves % 2:
            raise ArchiveError("The database is locked.")
        return await self._real.advance(*args, **changes)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._real, name)


async def test_a_locked_database_holds_a_job_up_and_does_not_end_it(
    tmp_path: Path, client: Client, time: Time
) -> None:
    async with opened(tmp_path, client, time, archive=FlakyArchive) as (jobs, archive):
        events = await run(jobs)
        job = await archive.get(job_of(events[-1]).id)

    assert (job.state, job.prediction_id, len(job.files)) == (State.SUCCEEDED, "p1", 1)
    assert client.calls.count("create") == 1
    assert any(isinstance(e, Waiting) and e.reason == "The database is locked." for e in events)


async def test_a_job_deleted_from_the_history_leaves_nobody_waiting(
    tmp_path: Path, client: Client, time: Time
) -> None:
    async def delete() -> Prediction:
        with sqlite3.connect(tmp_path / "history.db") as other:
            other.execute("DELETE FROM jobs")
        other.close()
        return SUCCEEDED

    client.on["watch"] = delete
    async with opened(tmp_path, client, time) as (jobs, _):
        events = await run(jobs)

    assert isinstance(events[-1], Failed)
    assert "may have been deleted" in events[-1].error


async def test_an_intent_that_cannot_be_written_down_sends_nothing_and_leaves_no_files(
    tmp_path: Path, client: Client, time: Time
) -> None:
    class FullArchive(FlakyArchive):
        async def add(self, *_: Any, **__: Any) -> None:
            raise ArchiveError("The disk is full.")

    picture = tmp_path / "photo.png"
    picture.write_bytes(b"\x89PNG\r\n\x1a\n")
    async with opened(tmp_path, client, time, archive=FullArchive) as (jobs, _):
        with pytest.raises(ArchiveError, match="disk is full"):
            await jobs.submit("test/painter", {"image": picture}, owner="ann")

    assert client.calls == []
    assert not [path for path in (tmp_path / "media").rglob("*") if path.is_file()]


async def test_a_page_that_closes_while_it_submits_leaves_a_job_that_runs(
    tmp_path: Path, client: Client, time: Time
) -> None:
    written, go_on = asyncio.Event(), asyncio.Event()

    class SlowArchive(FlakyArchive):
        async def add(self, *args: Any, **options: Any) -> None:
            await self._real.add(*args, **options)
            written.set()
            await go_on.wait()

    async with opened(tmp_path, client, time, archive=SlowArchive) as (jobs, archive):
        submitting = asyncio.create_task(run(jobs))
        await written.wait()
        submitting.cancel()
        await asyncio.wait({submitting})
        go_on.set()
        [job] = await archive.list("ann")
        events = [event async for event in jobs.watch(job.id)]

    assert submitting.cancelled()
    assert job_of(events[-1]).state is State.SUCCEEDED


async def test_a_prediction_that_another_job_has_taken_is_not_taken_twice(
    tmp_path: Path, client: Client, time: Time
) -> None:
    async with opened(tmp_path, client, time) as (jobs, _):
        first = await run(jobs)
        second = await run(jobs)

    assert job_of(first[-1]).state is State.SUCCEEDED
    assert job_of(second[-1]).state is State.UNCERTAIN
    assert job_of(second[-1]).prediction_id is None


async def test_after_the_end_of_the_app_nothing_is_taken_on(
    tmp_path: Path, client: Client, time: Time
) -> None:
    async with opened(tmp_path, client, time) as (jobs, archive):
        await jobs.__aexit__(None, None, None)
        with pytest.raises(Exception, match="playground is closing"):
            await run(jobs)

        assert await archive.list("ann") == []


async def test_a_watcher_that_comes_while_it_is_sent_sees_it_starting(
    tmp_path: Path, client: Client, time: Time
) -> None:
    client.on["create"] = asyncio.Event().wait
    async with opened(tmp_path, client, time) as (jobs, _):
        job_id = await jobs.submit("test/painter", {"prompt": "a fox"}, owner="ann")
        await client.called("create")
        watching = jobs.watch(job_id)
        first = await anext(watching)
        await watching.aclose()

    assert first == Starting(job_id)
