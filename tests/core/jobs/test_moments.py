"""A run's moments are recorded as they come, and where its files stand in its output."""

import threading
from collections.abc import AsyncIterator, Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from core.emulator import Emulator, Runner
from core.emulator.runner import Context, Progress, Step, Value
from core.history.records import State
from core.jobs.events import Processing, TextDelta
from tests.core.cards import official
from tests.core.jobs.world import COUNTER, WRITER, Process, World


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


async def test_a_first_part_of_an_output_is_recorded_before_the_rest_comes(tmp_path: Path) -> None:
    first, rest = threading.Event(), threading.Event()

    async def count(_: Mapping[str, Any], context: Context) -> AsyncIterator[Step]:
        for n, go_on in enumerate((first, rest), start=1):
            yield Progress(n, 2)
            while not go_on.is_set():
                await context.sleep(0.01)
            yield Value({"counted": n})

    runner = Runner(official(COUNTER, {"prompt": {"type": "string"}}, {"type": "object"}), count)
    with Emulator(port=0, speed=1000, rate_limits=False, runners=[runner]) as emulator:
        world = World(tmp_path, emulator, rest)
        async with world.process() as app:
            job_id = await begun(app, Processing, COUNTER)
            first.set()
            await app.until(job_id, lambda event: getattr(event, "progress", None) == 1)
            under_way = await app.archive.get(job_id)
            rest.set()
            job = await app.ended(job_id)

    assert (under_way.state, under_way.first_output_at) == (State.PROCESSING, world.now)
    assert (job.state, job.output) == (State.SUCCEEDED, {"counted": 2})


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
