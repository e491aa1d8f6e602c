"""A run's moments are recorded as they come, and where its files stand in its output."""

from datetime import datetime, timedelta
from typing import Any

from core.history.records import State
from core.jobs.events import Processing, TextDelta
from tests.core.jobs.world import WRITER, Process, World


def ended_on_replicate(world: World) -> datetime:
    [prediction] = world.emulator.predictions
    return datetime.fromisoformat(prediction["completed_at"])


async def begun(app: Process, wanted: type[Any], *asked: str, **given: Any) -> str:
    """Ask for a run, and see something of it."""
    job_id = await app.submit(*asked, **given)
    await app.until(job_id, lambda event: isinstance(event, wanted))
    return job_id


async def test_the_first_words_are_recorded_when_they_come(world: World) -> None:
    world.go_on.clear()
    sent_at = world.now
    async with world.process() as app:
        job_id = await begun(app, TextDelta, WRITER, prompt="one two three four")
        under_way = await app.archive.get(job_id)
        world.pass_time(60)
        world.go_on.set()
        job = await app.ended(job_id)

    assert (under_way.state, under_way.first_output_at) == (State.PROCESSING, sent_at)
    assert (job.sent_at, job.first_output_at) == (sent_at, sent_at)
    assert (job.ended_at, job.completed_at) == (ended_on_replicate(world), world.now)


async def test_an_output_that_comes_at_the_end_is_seen_then(world: World) -> None:
    world.go_on.clear()
    sent_at = world.now
    async with world.process() as app:
        job_id = await begun(app, Processing)
        under_way = await app.archive.get(job_id)
        world.pass_time(60)
        world.go_on.set()
        job = await app.ended(job_id)

    assert (under_way.sent_at, under_way.first_output_at) == (sent_at, None)
    assert job.first_output_at == sent_at + timedelta(seconds=60)
    assert job.ended_at == ended_on_replicate(world)


async def test_what_was_seen_in_an_earlier_life_stays(world: World) -> None:
    world.go_on.clear()
    seen_at = world.now
    async with world.process() as app:
        job_id = await begun(app, TextDelta, WRITER, prompt="one two three four")

    world.pass_time(60)
    world.go_on.set()
    async with world.process() as app:
        await app.jobs.resume()
        job = await app.ended(job_id)

    assert (job.state, job.first_output_at) == (State.SUCCEEDED, seen_at)


async def test_when_a_run_had_output_is_not_known_where_it_is_found_at_work(world: World) -> None:
    world.go_on.clear()
    async with world.process() as app:
        job_id = await begun(app, Processing)

    world.pass_time(60)
    world.go_on.set()
    async with world.process() as app:
        await app.jobs.resume()
        job = await app.ended(job_id)

    assert (job.state, job.first_output_at) == (State.SUCCEEDED, None)


async def test_a_run_without_output_had_no_first_one(world: World) -> None:
    async with world.process() as app:
        job = await app.ended(await app.submit(prompt="fail"))

    assert (job.state, job.first_output_at) == (State.FAILED, None)
    assert job.ended_at == ended_on_replicate(world)


async def test_files_are_recorded_with_their_places_in_the_output(world: World) -> None:
    async with world.process() as app:
        job = await app.ended(await app.submit(num_outputs=2))

    assert [file.place for file in job.files] == [(0,), (1,)]
