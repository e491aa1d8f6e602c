"""What goes wrong at Replicate, or on the way there, loses no job and pays for none twice."""

import asyncio
from pathlib import Path

import pytest

from core import InvalidInput, NotFound
from core.emulator import Fault
from core.history.records import State
from core.jobs.events import (
    Expired,
    Failed,
    Processing,
    Uncertain,
)
from core.models.cache import DescriptionCache
from tests.core.jobs.world import CREATE, PAINTER, WRITER, World, a_png, job_of, soon


@pytest.mark.parametrize(
    "fault",
    [
        Fault(method="GET", path="/*stream*", status=502, times=2),
        Fault(method="GET", path="/*stream*", end_after_events=2, times=1),
        Fault(method="GET", path="/*stream*", duplicate_events=True),
        Fault(method="GET", path="/*stream*", cut_after_bytes=60, times=1),
    ],
)
async def test_a_broken_stream_changes_no_word(world: World, fault: Fault) -> None:
    world.emulator.inject(fault)
    async with world.process() as app:
        job = await app.ended(await app.submit(WRITER, prompt="one two three four five"))

    assert (job.state, job.text) == (State.SUCCEEDED, "one two three four five")


async def test_a_create_whose_answer_was_lost_is_adopted_and_not_sent_again(world: World) -> None:
    world.emulator.inject(Fault(method="POST", path=CREATE, status=502, processed=True))
    async with world.process() as app:
        job = await app.ended(await app.submit())

    assert job.state is State.SUCCEEDED
    assert world.creates == len(world.emulator.predictions) == 1


async def test_equal_jobs_whose_answers_were_lost_get_one_prediction_each(world: World) -> None:
    world.emulator.inject(Fault(method="POST", path=CREATE, drop=True, processed=True, times=3))
    async with world.process() as app:
        ids = [await app.submit(seed=7) for _ in range(3)]
        ended = [await app.ended(job_id) for job_id in ids]

    assert len({job.prediction_id for job in ended}) == 3
    assert len(world.emulator.predictions) == 3


async def test_a_create_that_is_nowhere_to_be_found_is_uncertain_and_left_at_that(
    world: World,
) -> None:
    world.emulator.inject(Fault(method="POST", path=CREATE, status=500))
    async with world.process() as app:
        events = await app.watched(await app.submit())

    assert isinstance(events[-1], Uncertain)
    job = job_of(events[-1])
    assert (job.state, job.charged) == (State.UNCERTAIN, None)
    assert events[-1].error == (
        "May have been charged: it was sent, its answer was lost, and Replicate lists no "
        "prediction for it."
    )
    assert world.creates == 1


@pytest.mark.parametrize(
    ("status", "headers", "words"),
    [
        (402, {}, "out of credit"),
        (429, {"Retry-After": "86400"}, "86400"),
        (401, {}, "REPLICATE_API_TOKEN"),
    ],
)
async def test_a_create_that_was_refused_costs_nothing_and_says_what_to_do(
    world: World, status: int, headers: dict[str, str], words: str
) -> None:
    world.emulator.inject(Fault(method="POST", path=CREATE, status=status, headers=headers))
    async with world.process() as app:
        job = await app.ended(await app.submit())

    assert (job.state, job.charged, job.prediction_id) == (State.FAILED, False, None)
    assert words in (job.error or "")
    assert world.creates == 1


async def test_a_refused_field_is_named_to_who_watches(world: World) -> None:
    body = (
        '{"title":"Input validation failed","status":422,"detail":"- input.seed: too odd",'
        '"invalid_fields":[{"type":"odd","field":"input.seed","description":"too odd"}]}'
    )
    world.emulator.inject(Fault(method="POST", path=CREATE, status=422, body=body))
    async with world.process() as app:
        failed = (await app.watched(await app.submit()))[-1]

    assert isinstance(failed, Failed)
    assert [field.field for field in failed.invalid_fields] == ["input.seed"]
    assert failed.error == "Replicate refused the input: seed: too odd."


async def test_a_mistake_is_refused_before_anything_is_written_or_sent(world: World) -> None:
    async with world.process() as app:
        with pytest.raises(InvalidInput, match="num_outputs"):
            await app.submit(num_output=2)
        with pytest.raises(InvalidInput, match="isn't a model"):
            await app.submit("painter")
        with pytest.raises(NotFound):
            await app.submit("nobody/nothing")

        assert await app.archive.list("ann") == []
    assert world.creates == 0


async def test_a_model_is_described_from_the_disk_while_replicate_is_gone(
    world: World, tmp_path: Path
) -> None:
    options = {"descriptions": DescriptionCache(tmp_path / "cache"), "max_retries": 1}
    async with world.process(**options) as app:
        before = await app.jobs.describe(PAINTER)
    world.emulator.inject(Fault(method="GET", path="/v1/models/*", drop=True, times=None))
    async with world.process(**options) as app:
        after = await app.jobs.describe(PAINTER)
        schema = await app.jobs.schema(PAINTER)

    assert (before.is_stale, after.is_stale) == (False, True)
    assert (after.model, after.fetched_at) == (before.model, before.fetched_at)
    assert schema is not None
    assert schema.field("prompt") is not None


async def test_a_schema_that_is_not_to_be_had_is_no_obstacle(world: World) -> None:
    world.emulator.inject(Fault(method="GET", path="/v1/models/*", status=418, times=None))
    async with world.process() as app:
        picture = await app.ended(await app.submit())
        words = await app.ended(await app.submit(WRITER, prompt="one two"))

    assert (picture.state, picture.kind, len(picture.files)) == (State.SUCCEEDED, "image", 1)
    assert words.state is State.SUCCEEDED
    assert words.output == ["one", " two"]


async def test_polling_that_breaks_loses_nothing(world: World) -> None:
    world.emulator.inject(
        Fault(method="GET", path="/v1/predictions/*", drop=True),
        Fault(method="GET", path="/v1/predictions/*", body='{"id": "trunc'),
    )
    async with world.process() as app:
        job = await app.ended(await app.submit())

    assert job.state is State.SUCCEEDED
    assert world.creates == 1


async def test_a_model_that_fails_says_why_and_its_logs_are_kept(world: World) -> None:
    async with world.process() as app:
        events = await app.watched(await app.submit(prompt="fail"))

    assert isinstance(events[-1], Failed)
    assert events[-1].error == "The model failed: E1001: out of memory"
    job = job_of(events[-1])
    assert job.logs.startswith("Using seed")
    assert job.charged is None
    assert world.creates == 1


async def test_a_prediction_that_never_ends_is_cancelled_at_its_deadline(world: World) -> None:
    world.go_on.clear()
    async with world.process(timeout_seconds=5) as app:
        job_id = await app.submit()
        await app.until(job_id, lambda event: isinstance(event, Processing))
        world.emulator.advance(6)
        job = await app.ended(job_id)

    assert (job.state, job.charged) == (State.CANCELED, True)
    assert "longer timeout" in (job.error or "")


async def test_outputs_that_are_missing_may_come_until_replicate_deletes_them(
    world: World,
) -> None:
    world.emulator.inject(Fault(method="GET", path="/outputs/*", status=404, times=None))

    async def sleep(seconds: float) -> None:
        if any(request.path.startswith("/outputs/") for request in world.emulator.requests):
            world.emulator.advance(60)
        await asyncio.sleep(0.01)

    async with world.process(sleep=sleep) as app:
        events = await app.watched(await app.submit())

    assert isinstance(events[-1], Expired)
    job = job_of(events[-1])
    assert (job.state, job.charged, job.files) == (State.EXPIRED, True, ())
    assert len(job.output) == 1
    assert job.logs
    asked = sum(request.path.startswith("/outputs/") for request in world.emulator.requests)
    assert asked > 2


async def test_an_error_page_in_the_place_of_a_file_is_a_moments(world: World) -> None:
    page = Fault(method="GET", path="/outputs/*", body="<html>502</html>", times=2)
    world.emulator.inject(page)
    async with world.process(sleep=soon) as app:
        job = await app.ended(await app.submit())

    assert job.state is State.SUCCEEDED
    assert len(job.files) == 1


async def test_one_file_that_is_refused_does_not_lose_the_others(world: World) -> None:
    html = Fault(
        method="GET",
        path="/outputs/*/out-0.png",
        body="<html>sign in</html>",
        headers={"Content-Type": "text/html"},
        times=None,
    )
    world.emulator.inject(html)
    async with world.process(sleep=soon) as app:
        job = await app.ended(await app.submit(num_outputs=3))

    assert (job.state, job.charged) == (State.FAILED, True)
    assert job.error
    assert [file.n for file in job.files] == [1, 2]
    assert len(job.output) == 3


async def test_a_download_that_is_cut_again_and_again_is_tried_until_it_is_there(
    world: World,
) -> None:
    world.emulator.inject(
        Fault(method="GET", path="/outputs/*", status=403),
        Fault(method="GET", path="/outputs/*", cut_after_bytes=100, times=2),
    )
    async with world.process() as app:
        job = await app.ended(await app.submit())

    assert job.state is State.SUCCEEDED
    assert app.media.path(job.files[0].key).read_bytes() == a_png()
