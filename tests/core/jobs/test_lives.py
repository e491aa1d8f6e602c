"""Each job is run once and none is lost, over real HTTP against an emulated Replicate."""

import asyncio
import hashlib
import io
from pathlib import Path

import pytest
from PIL import Image

from core.emulator import Fault
from core.history.archive import UnknownJob
from core.history.records import State
from core.jobs.events import (
    Canceled,
    Processing,
    Queued,
    Starting,
    Succeeded,
    TextDelta,
    Waiting,
)
from core.models.chat import Conversation, Turn
from tests.core.jobs.world import COUNTER, CREATE, PAINTER, WRITER, World, a_png, job_of, kinds
from tests.logs import capture_logs


async def test_a_job_goes_from_the_queue_to_its_files(world: World) -> None:
    world.go_on.clear()
    async with world.process() as app:
        job_id = await app.submit(num_outputs=2)
        first = await app.until(job_id, lambda event: isinstance(event, Processing))
        world.go_on.set()
        events = await app.watched(job_id)

    assert isinstance(first, Processing)
    assert (first.progress, first.logs.startswith("Using seed")) == (0.25, True)
    assert kinds(events) == ["Processing", "Downloading", "Succeeded"]
    job = job_of(events[-1])
    assert (job.state, job.kind, job.charged, job.error) == (State.SUCCEEDED, "image", True, None)
    assert [file.name for file in job.files] == ["out-0.png", "out-1.png"]
    assert job.prediction_id == world.emulator.predictions[0]["id"]
    assert job.started_at is not None
    assert job.metrics["predict_time"] > 0
    for file in job.files:
        content = app.media.path(file.key).read_bytes()
        assert content == a_png()
        assert (file.bytes, file.sha256) == (len(content), hashlib.sha256(content).hexdigest())
        assert (file.media_type, file.width, file.height) == ("image/png", 640, 480)
        assert file.key == f"ann/{job.created_at:%Y-%m}/{job_id}/{file.n}.png"
        assert file.thumbnail_key is not None
        with Image.open(app.media.path(file.thumbnail_key)) as small:
            assert small.size == (512, 384)


async def test_a_closed_page_loses_nothing(world: World) -> None:
    world.go_on.clear()
    async with world.process() as app:
        job_id = await app.submit()
        await app.until(job_id, lambda _: True)
        world.go_on.set()
        job = await app.ended(job_id)

    assert (job.state, len(job.files)) == (State.SUCCEEDED, 1)


async def test_any_number_of_watchers_see_the_same_end_the_late_ones_too(world: World) -> None:
    world.go_on.clear()
    async with world.process() as app:
        job_id = await app.submit()
        watching = [asyncio.create_task(app.watched(job_id)) for _ in range(5)]
        await app.until(job_id, lambda event: isinstance(event, Processing))
        world.go_on.set()
        seen = await asyncio.gather(*watching)
        late = await app.watched(job_id)

    assert len({repr(events[-1]) for events in seen}) == 1
    assert late == [seen[0][-1]]
    assert isinstance(late[0], Succeeded)


async def test_words_come_as_they_are_written_and_end_as_the_predictions_output(
    world: World,
) -> None:
    world.go_on.clear()
    words = "one two https://three.example data: four"
    async with world.process() as app:
        job_id = await app.submit(WRITER, prompt=words)
        half = await app.until(job_id, lambda event: isinstance(event, TextDelta))
        world.go_on.set()
        events = await app.watched(job_id)

    assert isinstance(half, TextDelta)
    assert half.text == half.total
    assert words.startswith(half.total)
    job = job_of(events[-1])
    assert (job.text, job.kind, job.files) == (words, "chat", ())
    assert job.text == "".join(world.emulator.predictions[0]["output"])
    pieces = [event for event in events if isinstance(event, TextDelta)]
    assert "".join(piece.text for piece in pieces) == pieces[-1].total == words


async def test_an_output_that_is_neither_words_nor_files_is_kept_as_it_is(world: World) -> None:
    async with world.process() as app:
        job = await app.ended(await app.submit(COUNTER, prompt="one two"))

    assert (job.output, job.text, job.files) == ({"words": 2}, None, ())
    assert job.kind == "other"


async def test_stop_keeps_the_words_so_far_and_cancels_on_replicate(world: World) -> None:
    world.go_on.clear()
    world.emulator.inject(Fault(method="POST", path="/v1/predictions/*/cancel", status=502))
    async with world.process() as app:
        job_id = await app.submit(WRITER, prompt="one two three four")
        await app.until(job_id, lambda e: isinstance(e, TextDelta) and e.total == "one two")
        await app.jobs.cancel(job_id)
        events = await app.watched(job_id)

    assert isinstance(events[-1], Canceled)
    job = job_of(events[-1])
    assert (job.state, job.text, job.charged) == (State.CANCELED, "one two", True)
    assert world.emulator.predictions[0]["status"] == "canceled"


async def test_stop_in_the_queue_sends_nothing(world: World) -> None:
    world.go_on.clear()
    async with world.process(max_running=1) as app:
        first = await app.submit()
        second = await app.submit(prompt="never mind")
        await app.jobs.cancel(second)
        job = await app.ended(second)
        world.go_on.set()
        await app.watched(first)

    assert (job.state, job.charged, job.prediction_id) == (State.CANCELED, False, None)
    assert world.creates == 1


async def test_stop_while_the_create_is_on_its_way_cancels_what_it_makes(world: World) -> None:
    world.go_on.clear()
    world.emulator.inject(Fault(method="POST", path=CREATE, delay_seconds=0.3))
    async with world.process() as app:
        job_id = await app.submit()
        await app.until(job_id, lambda event: isinstance(event, Starting))
        await app.jobs.cancel(job_id)
        job = await app.ended(job_id)

    assert job.state is State.CANCELED
    assert [one["status"] for one in world.emulator.predictions] == ["canceled"]


async def test_stop_during_a_rate_limits_countdown_sends_nothing_more(world: World) -> None:
    world.emulator.inject(
        Fault(method="POST", path=CREATE, status=429, headers={"Retry-After": "4"})
    )
    async with world.process() as app:
        job_id = await app.submit()
        waiting = await app.until(job_id, lambda event: isinstance(event, Waiting))
        await app.jobs.cancel(job_id)
        job = await app.ended(job_id)

    assert isinstance(waiting, Waiting)
    assert waiting.seconds == 4
    assert (job.state, job.charged) == (State.CANCELED, False)
    assert world.creates == 1


async def test_stopping_what_has_ended_changes_nothing(world: World) -> None:
    async with world.process() as app:
        job_id = await app.submit()
        job = await app.ended(job_id)
        await app.jobs.cancel(job_id)

        assert await app.archive.get(job_id) == job


async def test_a_job_that_is_not_there_is_unknown(world: World) -> None:
    async with world.process() as app:
        with pytest.raises(UnknownJob):
            await app.watched("nothing")
        with pytest.raises(UnknownJob):
            await app.jobs.cancel("nothing")


@pytest.mark.parametrize("is_running", [True, False])
async def test_somebody_elses_job_is_unknown_and_goes_on(world: World, is_running: bool) -> None:
    world.go_on.clear()
    async with world.process() as here, world.process() as elsewhere:
        job_id = await here.submit()
        await here.until(job_id, lambda event: isinstance(event, Processing))
        app = here if is_running else elsewhere
        for owner in ("bob", ""):
            with pytest.raises(UnknownJob):
                await anext(app.jobs.watch(job_id, owner=owner))
            with pytest.raises(UnknownJob):
                await app.jobs.cancel(job_id, owner=owner)
        world.go_on.set()
        mine = [event async for event in app.jobs.watch(job_id, owner="ann")]

    assert isinstance(mine[-1], Succeeded)


async def test_an_owner_stops_their_own_job(world: World) -> None:
    world.go_on.clear()
    async with world.process() as app:
        job_id = await app.submit()
        await app.until(job_id, lambda event: isinstance(event, Processing))
        await app.jobs.cancel(job_id, owner="ann")
        job = await app.ended(job_id)

    assert job.state is State.CANCELED


async def test_those_in_the_queue_are_told_their_place_and_go_in_order(world: World) -> None:
    world.go_on.clear()
    async with world.process(max_running=1) as app:
        ids = [await app.submit(prompt=f"number {n}") for n in range(3)]
        await app.until(ids[0], lambda event: isinstance(event, Processing))
        watching = [asyncio.create_task(app.watched(job_id)) for job_id in ids[1:]]
        await asyncio.sleep(0)
        world.go_on.set()
        second, third = await asyncio.gather(*watching)

    assert second[0] == Queued(ids[1], position=1)
    assert third[:2] == [Queued(ids[2], position=2), Queued(ids[2], position=1)]
    made = [one["input"]["prompt"] for one in reversed(world.emulator.predictions)]
    assert made == ["number 0", "number 1", "number 2"]


async def test_who_comes_late_is_told_the_place_in_the_queue_as_it_is_now(world: World) -> None:
    world.go_on.clear()
    async with world.process(max_running=1) as app:
        running, second, third = [await app.submit(prompt=f"number {n}") for n in range(3)]
        before = await app.until(third, lambda _: True)
        await app.jobs.cancel(second)
        await app.watched(second)
        after = await app.until(third, lambda _: True)
        world.go_on.set()
        await app.watched(running)
        await app.watched(third)

    assert before == Queued(third, position=2)
    assert after == Queued(third, position=1)


async def test_who_comes_late_is_told_the_progress_and_the_logs_so_far(world: World) -> None:
    world.go_on.clear()
    async with world.process() as app:
        job_id = await app.submit(seed=7)
        await app.until(job_id, lambda e: isinstance(e, Processing) and e.progress is not None)
        late = await app.until(job_id, lambda _: True)
        world.go_on.set()
        await app.watched(job_id)

    assert isinstance(late, Processing)
    assert late.progress == 0.25
    assert late.logs.startswith("Using seed: 7\n")


async def test_who_asks_for_one_thing_is_not_held_up_by_who_asks_for_many(world: World) -> None:
    world.go_on.clear()
    async with world.process(max_running=1) as app:
        ids = [await app.submit(prompt=f"ann {n}") for n in range(4)]
        ids.append(await app.submit(prompt="bob", owner="bob"))
        ids.append(await app.submit(prompt="a clip for ann", kind="video"))
        ids.append(await app.submit(prompt="a guest", lane="guests"))
        world.go_on.set()
        for job_id in ids:
            await app.watched(job_id)

    made = [one["input"]["prompt"] for one in reversed(world.emulator.predictions)]
    assert made == ["ann 0", "ann 1", "bob", "a clip for ann", "a guest", "ann 2", "ann 3"]


async def test_no_more_than_allowed_run_at_once(world: World) -> None:
    world.go_on.clear()
    async with world.process(max_running=2) as app:
        ids = [await app.submit(prompt=f"number {n}") for n in range(5)]
        await app.until(ids[1], lambda event: isinstance(event, Processing))
        at_once = world.creates
        world.go_on.set()
        ended = [await app.ended(job_id) for job_id in ids]

    assert at_once == 2
    assert [job.state for job in ended] == [State.SUCCEEDED] * 5


async def test_the_seed_is_chosen_here_so_that_a_picture_can_be_made_again(world: World) -> None:
    async with world.process() as app:
        chosen = await app.ended(await app.submit())
        given = await app.ended(await app.submit(seed=7))
        without = await app.ended(await app.submit(WRITER))

    seed = chosen.input["seed"]
    assert isinstance(seed, int)
    assert f"Using seed: {seed}\n" in chosen.logs
    assert given.input["seed"] == 7
    assert "seed" not in without.input


async def test_an_input_file_is_kept_with_the_job_and_sent(world: World, tmp_path: Path) -> None:
    source = tmp_path / "photo.png"
    source.write_bytes(a_png("red"))
    async with world.process() as app:
        job_id = await app.submit(image=source)
        source.unlink()
        job = await app.ended(job_id)
        opened = await app.ended(await app.submit(image=io.BytesIO(a_png("blue"))))

    kept = job.input["image"].removeprefix("media:")
    assert kept == f"ann/{job.created_at:%Y-%m}/{job_id}/input-0.png"
    assert app.media.path(kept).read_bytes() == a_png("red")
    assert app.media.path(job.files[0].key).read_bytes() == a_png("red")
    assert app.media.path(opened.files[0].key).read_bytes() == a_png("blue")


async def test_a_conversation_is_kept_with_the_job_that_answers_it(
    world: World, tmp_path: Path
) -> None:
    photo = tmp_path / "photo.png"
    photo.write_bytes(a_png("red"))
    talk = Conversation("talk", (Turn("user", "What is this?", (photo,)),))
    async with world.process() as app:
        job_id = await app.jobs.submit(
            WRITER, {"prompt": "one two"}, owner="ann", kind="chat", conversation=talk
        )
        await app.ended(job_id)
        [job] = await app.archive.conversation("ann", "talk")

    key = f"ann/{job.created_at:%Y-%m}/{job_id}/input-0.png"
    assert (job.id, job.prompt, job.text) == (job_id, "What is this?", "one two")
    assert job.turns == (Turn("user", "What is this?", (key,)),)
    assert app.media.path(key).read_bytes() == a_png("red")


async def test_a_secret_is_sent_and_never_written_down(world: World) -> None:
    async with world.process() as app:
        job = await app.ended(await app.submit(key="hunter2"))

    assert job.input["key"] == "[hidden]"
    assert world.emulator.predictions[0]["input"]["key"] == "hunter2"
    files = [file for file in world.data_dir.rglob("*") if file.is_file()]
    assert files
    assert not any(b"hunter2" in file.read_bytes() for file in files)


async def test_the_log_tells_a_jobs_way_without_its_words(world: World) -> None:
    with capture_logs() as lines:
        async with world.process() as app:
            job_id = await app.submit(prompt="my secret plan")
            await app.watched(job_id)
            failed = await app.submit(prompt="fail")
            await app.watched(failed)

    mine = [line for line in lines if line.get("job_id") == job_id]
    assert [line["event"] for line in mine] == ["job.submitted", "job.started", "job.succeeded"]
    assert {line["model"] for line in mine} == {PAINTER}
    assert mine[-1]["prediction_id"] == world.emulator.predictions[1]["id"]
    assert mine[-1]["seconds"] > 0
    assert lines[-1]["event"] == "job.failed"
    told = [line for line in lines if line["log_level"] != "debug"]
    assert not any("secret plan" in repr(line) for line in told)


async def test_a_running_job_is_listed_for_its_owner_only(world: World) -> None:
    world.go_on.clear()
    async with world.process() as app:
        job_id = await app.submit()
        mine = await app.jobs.running("ann")
        others = await app.jobs.running("bob")
        world.go_on.set()
        await app.watched(job_id)
        after = await app.jobs.running("ann")

    assert [job.id for job in mine] == [job_id]
    assert (others, after) == ([], [])
