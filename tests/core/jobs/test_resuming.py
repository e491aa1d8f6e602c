"""What a process leaves unfinished, the next one finishes, once."""

import asyncio
from pathlib import Path
from typing import Any

from core.emulator import Fault
from core.history.records import Job, State
from core.jobs.events import Processing, Starting, TextDelta
from tests.core.jobs.world import BACKEND, CREATE, PAINTER, WRITER, Process, World, a_png, soon

NOBODYS_LEASE_SECONDS = 60


async def write_down(app: Process, **changes: Any) -> str:
    """Leave a job as a killed process leaves it: leased for a while to nobody."""
    values: dict[str, Any] = {
        "id": "left",
        "backend": BACKEND,
        "owner": "ann",
        "kind": "image",
        "model": PAINTER,
        "input": {"prompt": "a fox", "seed": 7},
        "created_at": app.world.now,
    }
    job = Job(**(values | changes))
    await app.archive.add(job, holder="killed", lease_seconds=NOBODYS_LEASE_SECONDS)
    return job.id


async def test_a_job_goes_on_after_the_app_was_closed_and_opened(world: World) -> None:
    world.go_on.clear()
    async with world.process() as app:
        job_id = await app.submit()
        await app.until(job_id, lambda event: isinstance(event, Processing))

    world.go_on.set()
    async with world.process() as app:
        await app.jobs.resume()
        job = await app.ended(job_id)

    assert (job.state, len(job.files)) == (State.SUCCEEDED, 1)
    assert len(world.emulator.predictions) == 1


async def test_closing_ends_the_watchers_and_cancels_nothing(world: World) -> None:
    world.go_on.clear()
    async with world.process(max_running=1) as app:
        ids = [await app.submit(), await app.submit(WRITER)]
        watching = [asyncio.create_task(app.watched(job_id)) for job_id in ids]
        await app.until(ids[0], lambda event: isinstance(event, Processing))
    seen = await asyncio.gather(*watching)

    assert [type(events[-1]).__name__ for events in seen] == ["Processing", "Queued"]
    assert [one["status"] for one in world.emulator.predictions] == ["processing"]
    assert not [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]


async def test_a_text_goes_on_and_is_whole(world: World) -> None:
    world.go_on.clear()
    async with world.process() as app:
        job_id = await app.submit(WRITER, prompt="one two three four")
        await app.until(job_id, lambda event: isinstance(event, TextDelta))

    world.go_on.set()
    async with world.process() as app:
        await app.jobs.resume()
        job = await app.ended(job_id)

    assert (job.state, job.text) == (State.SUCCEEDED, "one two three four")


async def test_what_was_only_written_down_is_sent_now_with_its_files(
    world: World, tmp_path: Path
) -> None:
    world.go_on.clear()
    source = tmp_path / "photo.png"
    source.write_bytes(a_png("red"))
    async with world.process(max_running=1) as app:
        running = await app.submit()
        queued = await app.submit(image=source)
        await app.until(running, lambda event: isinstance(event, Processing))
    source.unlink()

    world.go_on.set()
    async with world.process(max_running=1) as app:
        await app.jobs.resume()
        job = await app.ended(queued)
        await app.watched(running)

    assert job.state is State.SUCCEEDED
    assert app.media.path(job.files[0].key).read_bytes() == a_png("red")
    assert len(world.emulator.predictions) == 2


async def test_what_waited_waits_again_in_its_owners_lane(world: World) -> None:
    async with world.process() as killed:
        for n, owner in enumerate(("ann", "ann", "ann", "bob")):
            prompt = {"prompt": f"{owner} {n}"}
            await write_down(killed, id=f"left{n}", owner=owner, input=prompt)

    world.pass_time(NOBODYS_LEASE_SECONDS + 1)
    async with world.process(max_running=1) as app:
        await app.jobs.resume()
        for n in range(4):
            await app.watched(f"left{n}")

    made = [one["input"]["prompt"] for one in reversed(world.emulator.predictions)]
    assert made == ["ann 0", "ann 1", "bob 3", "ann 2"]


async def test_a_killed_processs_create_is_found_and_adopted(world: World) -> None:
    async with world.process() as killed:
        sent = await killed.client.create_prediction(PAINTER, {"prompt": "a fox", "seed": 7})
        job_id = await write_down(killed, state=State.SENDING)

    world.pass_time(NOBODYS_LEASE_SECONDS + 1)
    async with world.process() as app:
        await app.jobs.resume()
        job = await app.ended(job_id)

    assert (job.state, job.prediction_id) == (State.SUCCEEDED, sent.id)
    assert world.creates == 1


async def test_a_killed_processs_create_is_found_by_its_files_and_without_its_secrets(
    world: World,
) -> None:
    folder = f"ann/{world.now:%Y-%m}/left"
    async with world.process() as killed:
        image = killed.media.path(f"{folder}/input-0.png")
        image.parent.mkdir(parents=True)
        image.write_bytes(a_png())
        sent = await killed.client.create_prediction(
            PAINTER, {"prompt": "a fox", "image": image, "key": "hunter2"}
        )
        archived = {"prompt": "a fox", "image": f"media:{folder}/input-0.png", "key": "[hidden]"}
        job_id = await write_down(killed, state=State.SENDING, input=archived)

    world.pass_time(NOBODYS_LEASE_SECONDS + 1)
    async with world.process() as app:
        await app.jobs.resume()
        job = await app.ended(job_id)

    assert (job.state, job.prediction_id) == (State.SUCCEEDED, sent.id)


async def test_a_prediction_of_another_job_is_never_adopted(world: World) -> None:
    async with world.process() as app:
        other = await app.ended(await app.submit(seed=7))
        job_id = await write_down(app, state=State.SENDING)

    world.pass_time(NOBODYS_LEASE_SECONDS + 1)
    async with world.process() as app:
        await app.jobs.resume()
        job = await app.ended(job_id)

    assert other.input == job.input
    assert (job.state, job.prediction_id) == (State.UNCERTAIN, None)
    assert world.creates == 1


async def test_of_equal_predictions_the_one_that_no_job_has_is_adopted(world: World) -> None:
    async with world.process() as killed:
        other = await killed.ended(await killed.submit(seed=7))
        sent = await killed.client.create_prediction(PAINTER, {"prompt": "a fox", "seed": 7})
        job_id = await write_down(killed, state=State.SENDING)

    world.pass_time(NOBODYS_LEASE_SECONDS + 1)
    async with world.process() as app:
        await app.jobs.resume()
        job = await app.ended(job_id)

    assert (job.state, job.prediction_id) == (State.SUCCEEDED, sent.id)
    assert other.prediction_id != sent.id


async def test_a_job_that_needs_a_secret_again_says_so(world: World) -> None:
    async with world.process() as app:
        job_id = await write_down(app, input={"prompt": "a fox", "key": "[hidden]"})
        world.pass_time(NOBODYS_LEASE_SECONDS + 1)
        await app.jobs.resume()
        job = await app.ended(job_id)

    assert (job.state, job.charged) == (State.FAILED, False)
    assert (job.error or "").startswith("key is secret")
    assert world.creates == 0


async def test_a_result_is_fetched_that_came_while_nobody_was_there(world: World) -> None:
    async with world.process() as app:
        prediction = await app.client.create_prediction(PAINTER, {"prompt": "a fox"})
        await app.client.wait_for_prediction(prediction)
        job_id = await write_down(app, state=State.DOWNLOADING, prediction_id=prediction.id)
        world.pass_time(NOBODYS_LEASE_SECONDS + 1)
        await app.jobs.resume()
        job = await app.ended(job_id)

    assert (job.state, len(job.files)) == (State.SUCCEEDED, 1)


async def test_a_result_that_replicate_has_deleted_keeps_what_was_recorded(world: World) -> None:
    output = [f"{world.emulator.url}/outputs/gone/out-0.png"]
    async with world.process() as app:
        prediction = await app.client.create_prediction(PAINTER, {"prompt": "a fox"})
        await app.client.wait_for_prediction(prediction)
        job_id = await write_down(
            app,
            state=State.DOWNLOADING,
            prediction_id=prediction.id,
            output=output,
            logs="Using seed: 7",
        )
        world.emulator.advance(3700)
        world.pass_time(3700)
        await app.jobs.resume()
        job = await app.ended(job_id)

    assert (job.state, job.charged) == (State.EXPIRED, True)
    assert (job.output, job.logs) == (output, "Using seed: 7")


async def test_jobs_that_somebody_works_on_are_left_alone_until_their_lease_runs_out(
    world: World,
) -> None:
    async with world.process(sleep=soon) as app:
        job_id = await write_down(app)
        await app.jobs.resume()
        await asyncio.sleep(0.1)
        before = (await app.archive.get(job_id)).state
        watching = asyncio.create_task(app.watched(job_id))
        world.pass_time(NOBODYS_LEASE_SECONDS + 1)
        events = await watching

    assert before is State.QUEUED
    assert type(events[-1]).__name__ == "Succeeded"
    assert world.creates == 1


async def test_another_backends_jobs_are_left_alone(world: World) -> None:
    async with world.process() as app:
        job_id = await write_down(app, backend="https://api.replicate.com#bob")
        world.pass_time(NOBODYS_LEASE_SECONDS + 1)
        await app.jobs.resume()

        assert (await app.archive.get(job_id)).state is State.QUEUED
    assert world.creates == 0


async def test_the_demos_jobs_die_with_it_and_say_so(world: World) -> None:
    world.go_on.clear()
    async with world.process(backend_is_embedded=True) as app:
        job_id = await app.submit()
        await app.until(job_id, lambda event: isinstance(event, Processing))

    async with world.process(backend_is_embedded=True) as app:
        await app.jobs.resume()
        job = await app.ended(job_id)

    assert (job.state, job.charged) == (State.FAILED, False)
    assert "demo was closed" in (job.error or "")
    assert world.creates == 1


async def test_of_two_copies_of_the_app_one_runs_a_job_and_both_can_watch_and_stop_it(
    world: World,
) -> None:
    world.go_on.clear()
    async with world.process() as one, world.process(sleep=soon) as two:
        job_id = await one.submit()
        await one.until(job_id, lambda event: isinstance(event, Processing))
        await two.jobs.resume()
        watching = asyncio.create_task(two.watched(job_id))
        await two.until(job_id, lambda event: isinstance(event, Processing))
        await two.jobs.cancel(job_id)
        ends = [(await one.watched(job_id))[-1], (await watching)[-1]]

    assert [type(end).__name__ for end in ends] == ["Canceled", "Canceled"]
    assert world.creates == 1


async def test_a_job_in_another_copys_queue_is_stopped_before_it_is_sent(world: World) -> None:
    world.go_on.clear()
    async with world.process(max_running=1) as one, world.process() as two:
        first = await one.submit()
        queued = await one.submit(prompt="never mind")
        await two.jobs.cancel(queued)
        world.go_on.set()
        await one.watched(first)
        end = (await one.watched(queued))[-1]

    assert type(end).__name__ == "Canceled"
    assert world.creates == 1


async def test_a_job_that_another_copy_took_over_is_not_sent_twice(world: World) -> None:
    world.go_on.clear()
    async with world.process(max_running=1) as asleep, world.process(sleep=soon) as awake:
        first = await asleep.submit()
        await asleep.until(first, lambda event: isinstance(event, Processing))
        queued = await asleep.submit(prompt="once")
        world.pass_time(NOBODYS_LEASE_SECONDS)
        # So that the one is still sending when the other's turn comes.
        world.emulator.inject(Fault(method="POST", path=CREATE, delay_seconds=0.6))
        await awake.jobs.resume()
        await awake.until(queued, lambda event: isinstance(event, Starting))
        world.go_on.set()
        ends = [await copy.ended(queued) for copy in (awake, asleep)]
        await asleep.watched(first)

    assert [end.state for end in ends] == [State.SUCCEEDED] * 2
    made = [one["input"]["prompt"] for one in world.emulator.predictions]
    assert made.count("once") == 1


async def test_a_lookup_waits_for_an_api_that_answers(world: World) -> None:
    waits: list[float] = []

    async def sleep(seconds: float) -> None:
        waits.append(seconds)
        await asyncio.sleep(0.01)

    async with world.process() as killed:
        sent = await killed.client.create_prediction(PAINTER, {"prompt": "a fox", "seed": 7})
        job_id = await write_down(killed, state=State.SENDING)

    world.pass_time(NOBODYS_LEASE_SECONDS + 1)
    world.emulator.inject(Fault(method="GET", path="/v1/predictions", status=503))
    async with world.process(sleep=sleep, max_retries=1) as app:
        await app.jobs.resume()
        job = await app.ended(job_id)

    assert (job.state, job.prediction_id) == (State.SUCCEEDED, sent.id)
    assert any(1.5 <= wait <= 2.5 for wait in waits)
