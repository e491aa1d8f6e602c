"""Who asks to stop a job is heard: by another process, by the next one, and while it is sent."""

import asyncio
from typing import Any

from core.emulator import Fault
from core.history.archive import ArchiveError
from core.history.records import State
from core.jobs.events import Canceled, Processing, Starting, Stopping
from core.jobs.intents import Intents
from core.jobs.schemas import Schemas
from tests.core.jobs.world import BACKEND, CREATE, World, job_of, kinds

CANCEL = "/v1/predictions/*/cancel"


async def test_a_wish_to_stop_outlives_the_process_that_heard_it(world: World) -> None:
    world.go_on.clear()
    world.emulator.inject(Fault(method="POST", path=CREATE, processed=True, hang=True))
    async with world.process() as killed:
        job_id = await killed.submit()
        await killed.until(job_id, lambda event: isinstance(event, Starting))
        await killed.jobs.cancel(job_id)
    before = [one["status"] for one in world.emulator.predictions]

    async with world.process() as app:
        await app.jobs.resume()
        first = await app.until(job_id, lambda _: True)
        job = await app.ended(job_id)

    assert before != ["canceled"]
    assert isinstance(first, Stopping)
    assert (job.state, job.charged) == (State.CANCELED, True)
    assert [one["status"] for one in world.emulator.predictions] == ["canceled"]
    assert world.creates == 1


async def test_a_job_that_was_never_sent_is_not_sent_by_the_process_that_takes_it_up(
    world: World,
) -> None:
    async with world.process() as app, world.process(sleep=_soon) as next_one:
        intents = Intents(Schemas(app.client), app.media, backend=BACKEND, now=lambda: world.now)
        intent = await intents.draw_up(  # as a killed process leaves it
            "test/painter", {"prompt": "a fox"}, owner="ann", kind=None
        )
        await app.archive.add(intent.job, holder="killed", lease_seconds=-1)
        await app.archive.ask_to_stop(intent.job.id)
        await next_one.jobs.resume()
        job = await next_one.ended(intent.job.id)

    assert (job.state, job.charged) == (State.CANCELED, False)
    assert world.creates == 0


async def test_another_copys_create_on_its_way_is_cancelled_when_its_id_is_known(
    world: World,
) -> None:
    world.go_on.clear()
    world.emulator.inject(Fault(method="POST", path=CREATE, delay_seconds=0.3))
    async with world.process(sleep=_never) as one, world.process() as two:
        job_id = await one.submit()
        await one.until(job_id, lambda event: isinstance(event, Starting))
        await two.jobs.cancel(job_id, owner="ann")
        elsewhere = await two.until(job_id, lambda _: True)
        job = await one.ended(job_id)

    assert elsewhere == Stopping(job_id)
    assert job.state is State.CANCELED
    assert [one["status"] for one in world.emulator.predictions] == ["canceled"]


async def test_who_has_the_job_cancels_it_where_another_copy_didnt_get_through(
    world: World,
) -> None:
    world.go_on.clear()
    world.emulator.inject(Fault(method="POST", path=CANCEL, status=503))
    async with world.process(sleep=_soon) as one, world.process(max_retries=1) as two:
        job_id = await one.submit()
        await one.until(job_id, lambda event: isinstance(event, Processing))
        await two.jobs.cancel(job_id)
        job = await one.ended(job_id)

    assert (job.state, job.charged) == (State.CANCELED, True)


async def test_from_stop_to_the_end_a_watcher_is_told_that_it_is_stopping(world: World) -> None:
    world.go_on.clear()
    world.emulator.inject(Fault(method="POST", path=CANCEL, drop=True, times=3))
    async with world.process(sleep=_soon) as app:
        job_id = await app.submit()
        await app.until(job_id, lambda event: isinstance(event, Processing))
        await app.jobs.cancel(job_id)
        watching = app.jobs.watch(job_id)
        events = [event async for event in watching]
        late = await app.until(job_id, lambda _: True)

    after = events[[isinstance(event, Stopping) for event in events].index(True) :]
    assert kinds(after) == ["Stopping", "Canceled"]
    assert isinstance(late, Canceled)


async def test_stop_works_where_the_wish_cant_be_written_down(
    world: World, monkeypatch: Any
) -> None:
    async def full(_: str) -> None:
        raise ArchiveError("The disk is full.")

    world.go_on.clear()
    async with world.process() as app:
        job_id = await app.submit()
        await app.until(job_id, lambda event: isinstance(event, Processing))
        monkeypatch.setattr(app.archive, "ask_to_stop", full)
        await app.jobs.cancel(job_id)
        events = await app.watched(job_id)

    assert job_of(events[-1]).state is State.CANCELED


async def _never(seconds: float) -> None:
    await asyncio.Event().wait()


async def _soon(seconds: float) -> None:
    await asyncio.sleep(0.01)
