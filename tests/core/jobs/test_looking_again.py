"""What a create has made whose answer was lost is looked for until Replicate has really answered,
and again whenever somebody asks."""

import asyncio
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from core import InvalidInput
from core.emulator import Fault
from core.history.archive import UnknownJob
from core.history.records import State
from core.jobs.errors import JobsClosed, NotUncertain
from core.jobs.events import Event, Processing, Uncertain, Waiting
from core.models.chat import Conversation, Turn
from tests.core.jobs.world import BACKEND, CREATE, PAINTER, WRITER, Process, World, a_png, kinds
from tests.core.waiting import doubled, until
from tests.logs import capture_logs

LOST = Fault(method="POST", path=CREATE, drop=True, processed=True)
"""It is carried out, and nobody is told."""

NEVER_CAME = Fault(method="POST", path=CREATE, drop=True)

LIST: Mapping[str, Any] = {"method": "GET", "path": "/v1/predictions"}
UNLISTED = Fault(**LIST, body='{"results": [], "next": null, "previous": null}', times=3)
"""For as long as it is looked up by itself."""


class Time:
    """Time that passes when somebody sleeps, but for the leases."""

    def __init__(self, world: World) -> None:
        self._world = world
        self.seconds = 0.0
        self.waits: list[float] = []

    async def sleep(self, seconds: float) -> None:
        if seconds == 5:
            await asyncio.Event().wait()
        self.waits.append(seconds)
        self.seconds += seconds
        self._world.pass_time(seconds)
        await asyncio.sleep(0)

    def clock(self) -> float:
        return self.seconds


async def lost(app: Process, *faults: Fault, **model_input: Any) -> str:
    """Submit a job whose prediction isn't found."""
    app.world.emulator.inject(*(faults or (LOST, UNLISTED)))
    job_id = await app.submit(**model_input)
    assert (await app.ended(job_id)).state is State.UNCERTAIN
    return job_id


async def test_a_prediction_that_shows_up_later_is_adopted_with_its_outputs(world: World) -> None:
    world.go_on.clear()
    async with world.process() as app:
        job_id = await lost(app)
        await app.jobs.look_again(job_id, owner="ann")
        await app.until(job_id, lambda event: isinstance(event, Processing))
        listed = [job.id for job in await app.jobs.running("ann")]
        world.go_on.set()
        job = await app.ended(job_id)

    assert listed == [job_id]
    assert (job.state, job.charged, job.error) == (State.SUCCEEDED, True, None)
    assert job.prediction_id == world.emulator.predictions[0]["id"]
    assert app.media.path(job.files[0].key).read_bytes() == a_png()
    assert world.creates == 1


async def test_the_watchers_are_told_that_it_is_looked_for(world: World) -> None:
    async with world.process() as app:
        job_id = await lost(app)
        world.emulator.inject(Fault(**LIST, delay_seconds=0.1))
        await app.jobs.look_again(job_id)
        events = await app.watched(job_id)

    assert kinds(events)[0] == "Waiting"
    assert isinstance(events[0], Waiting)
    assert events[0].reason == "Looking whether it was started."
    assert kinds(events)[-1] == "Succeeded"


async def test_when_there_is_none_it_is_uncertain_again_and_later(world: World) -> None:
    async with world.process() as app:
        job_id = await lost(app, NEVER_CAME)
        first = await app.archive.get(job_id)
        world.pass_time(60)
        await app.jobs.look_again(job_id)
        events = await app.watched(job_id)
        second = await app.archive.get(job_id)

    assert isinstance(events[-1], Uncertain)
    assert events[-1].error.endswith("and Replicate lists no prediction for it.")
    assert first.completed_at is not None
    assert second.completed_at is not None
    assert (second.completed_at - first.completed_at).total_seconds() == 60
    assert (second.state, second.charged) == (State.UNCERTAIN, None)
    assert world.creates == 1


async def test_after_an_hour_it_says_that_nobody_can_tell(world: World) -> None:
    async with world.process() as app:
        job_id = await lost(app)
        world.pass_time(3700)
        world.emulator.advance(3700)
        await app.jobs.look_again(job_id)
        job = await app.ended(job_id)

    assert (job.state, job.charged) == (State.UNCERTAIN, None)
    assert (job.error or "").endswith("after an hour Replicate no longer tells what was run.")


async def test_two_copies_that_are_asked_at_once_look_once(world: World) -> None:
    async with world.process() as one, world.process() as two:
        job_id = await lost(one)
        world.emulator.inject(Fault(**LIST, delay_seconds=0.2))
        with capture_logs() as lines:
            await asyncio.gather(
                *(app.jobs.look_again(job_id) for app in (one, two, one, two)),
            )
            await two.jobs.look_again(job_id)
            ends = [await app.ended(job_id) for app in (one, two)]

    assert [line["event"] for line in lines].count("job.looked_for_again") == 1
    assert {end.state for end in ends} == {State.SUCCEEDED}
    assert len(world.emulator.predictions) == 1


async def test_what_is_not_uncertain_is_not_looked_for(world: World) -> None:
    world.go_on.clear()
    async with world.process() as app:
        running = await app.submit()
        await app.until(running, lambda event: isinstance(event, Processing))
        with pytest.raises(NotUncertain, match="nothing uncertain"):
            await app.jobs.look_again(running)
        world.go_on.set()
        job = await app.ended(running)
        with pytest.raises(NotUncertain, match="nothing uncertain"):
            await app.jobs.look_again(running)

        assert await app.archive.get(running) == job


async def test_somebody_elses_job_and_another_accounts_are_not_looked_for(world: World) -> None:
    async with world.process() as app, world.process(backend=f"{BACKEND}2") as stranger:
        job_id = await lost(app)
        with pytest.raises(UnknownJob):
            await app.jobs.look_again(job_id, owner="bob")
        with pytest.raises(UnknownJob):
            await app.jobs.look_again("nothing")
        with pytest.raises(NotUncertain, match="another account"):
            await stranger.jobs.look_again(job_id)

        assert (await app.archive.get(job_id)).state is State.UNCERTAIN
        await app.jobs.__aexit__(None, None, None)
        with pytest.raises(JobsClosed):
            await app.jobs.look_again(job_id)


async def test_a_look_that_a_process_leaves_unfinished_the_next_one_finishes(world: World) -> None:
    async with world.process() as killed:
        job_id = await lost(killed)
        world.emulator.inject(Fault(**LIST, hang=True))
        asked = len(world.emulator.requests)
        await killed.jobs.look_again(job_id)
        await until(lambda: len(world.emulator.requests) > asked)

    async with world.process() as app:
        await app.jobs.resume()
        job = await app.ended(job_id)

    assert job.state is State.SUCCEEDED
    assert world.creates == 1


# --- by itself


async def test_while_replicate_cant_be_asked_nothing_is_said_and_it_is_looked_for_on(
    world: World,
) -> None:
    """Here for a minute: three look-ups of the create, and six tries after them."""
    time = Time(world)
    world.emulator.inject(LOST, Fault(**LIST, drop=True, times=9))
    async with world.process(sleep=time.sleep, clock=time.clock, max_retries=1) as app:
        events = await app.watched(await app.submit())

    assert time.waits == doubled(2, 4, 8, 16, 20, 20)
    assert "Uncertain" not in kinds(events)
    assert kinds(events)[-1] == "Succeeded"
    assert any(_waits(event, "Whether it was started isn't known yet.") for event in events)
    assert len(world.emulator.predictions) == world.creates == 1


async def test_an_api_that_falls_silent_again_while_it_is_asked_has_not_answered(
    world: World,
) -> None:
    time = Time(world)
    world.emulator.inject(LOST, Fault(**LIST, drop=True, times=3))
    world.emulator.inject(Fault(**LIST, after=1, status=503, times=3))
    async with world.process(sleep=time.sleep, clock=time.clock, max_retries=1) as app:
        job = await app.ended(await app.submit())

    assert job.state is State.SUCCEEDED
    assert time.waits == doubled(2)


async def test_after_an_hour_without_an_answer_it_is_uncertain_and_says_why(world: World) -> None:
    time = Time(world)
    world.emulator.inject(LOST, Fault(**LIST, status=503, times=None))
    async with world.process(sleep=time.sleep, clock=time.clock, max_retries=1) as app:
        job = await app.ended(await app.submit())

    assert (job.state, job.charged) == (State.UNCERTAIN, None)
    assert "Replicate can't be asked whether it was started." in (job.error or "")
    assert "has a problem of its own" in (job.error or "")
    assert 3600 <= time.seconds < 3800


async def test_a_token_that_is_refused_meanwhile_leaves_it_uncertain_and_not_uncharged(
    world: World,
) -> None:
    world.emulator.inject(LOST, Fault(**LIST, status=401, times=None))
    async with world.process() as app:
        job = await app.ended(await app.submit())

    assert (job.state, job.charged) == (State.UNCERTAIN, None)
    assert "REPLICATE_API_TOKEN" in (job.error or "")


async def test_the_next_start_looks_once_more_for_what_was_lost_lately(world: World) -> None:
    async with world.process() as app:
        job_id = await lost(app)

    world.pass_time(3000)
    async with world.process() as app:
        await app.jobs.resume()
        job = await app.ended(job_id)

    assert job.state is State.SUCCEEDED
    assert world.creates == 1


@pytest.mark.parametrize("reason", ["an hour ago", "thrown away"])
async def test_a_start_leaves_alone_what_is_lost_for_good_or_thrown_away(
    world: World, reason: str
) -> None:
    async with world.process() as app:
        job_id = await lost(app)
        if reason == "thrown away":
            await app.archive.delete([job_id], owner="ann")
        else:
            world.pass_time(3601)

    asked = len(world.emulator.requests)
    async with world.process() as app:
        await app.jobs.resume()
        job = await app.archive.get(job_id)

    assert job.state is State.UNCERTAIN
    assert len(world.emulator.requests) == asked


async def test_an_equal_prediction_made_elsewhere_while_it_waited_in_the_queue_is_not_its_own(
    world: World,
) -> None:
    world.go_on.clear()
    async with world.process(max_running=1) as app, world.process() as elsewhere:
        running = await app.submit()
        await app.until(running, lambda event: isinstance(event, Processing))
        queued = await app.submit(seed=7)
        strangers = await elsewhere.client.create_prediction(
            PAINTER, {"prompt": "a fox", "seed": 7}
        )
        # It is made long before its answer is lost, by either clock.
        world.pass_time(600)
        world.emulator.advance(600)
        world.emulator.inject(NEVER_CAME, Fault(**LIST, status=401, times=3))
        world.go_on.set()
        job = await app.ended(queued)
        await app.watched(running)

    assert (job.state, job.prediction_id) == (State.UNCERTAIN, None)
    assert strangers.id in {one["id"] for one in world.emulator.predictions}


# --- on purpose


async def test_it_can_be_run_again_with_the_same_seed_and_files(
    world: World, tmp_path: Path
) -> None:
    source = tmp_path / "photo.png"
    source.write_bytes(a_png("red"))
    async with world.process() as app:
        job_id = await lost(app, NEVER_CAME, image=source, kind="image")
        again = await app.ended(await app.jobs.run_again(job_id, owner="ann"))
        first = await app.archive.get(job_id)

    assert again.id != job_id
    assert (again.state, again.kind) == (State.SUCCEEDED, "image")
    assert again.input["seed"] == first.input["seed"]
    assert app.media.path(again.files[0].key).read_bytes() == a_png("red")
    assert first.state is State.UNCERTAIN
    assert world.creates == 2


async def test_an_answer_is_asked_for_again_in_its_conversation(
    world: World, tmp_path: Path
) -> None:
    photo = tmp_path / "photo.png"
    photo.write_bytes(a_png())
    talk = Conversation("talk", (Turn("user", "What is this?", (photo,)),))
    async with world.process() as app:
        world.emulator.inject(NEVER_CAME)
        job_id = await app.jobs.submit(
            WRITER, {"prompt": "one two"}, owner="ann", kind="chat", conversation=talk
        )
        await app.ended(job_id)
        world.pass_time(1)
        again = await app.ended(await app.jobs.run_again(job_id, owner="ann"))
        jobs = await app.archive.conversation("ann", "talk")

    assert [job.id for job in jobs] == [job_id, again.id]
    assert (again.text, again.prompt) == ("one two", "What is this?")
    [key] = again.turns[0].images
    assert str(key).startswith(f"ann/{again.created_at:%Y-%m}/{again.id}/")


async def test_a_secret_has_to_be_given_anew_and_nothing_is_sent_without(world: World) -> None:
    async with world.process() as app:
        job_id = await lost(app, NEVER_CAME, key="hunter2")
        with pytest.raises(InvalidInput, match="key is secret"):
            await app.jobs.run_again(job_id, owner="ann")
        with pytest.raises(UnknownJob):
            await app.jobs.run_again(job_id, owner="bob")

    assert world.creates == 1


def _waits(event: Event, words: str) -> bool:
    return isinstance(event, Waiting) and event.reason.startswith(words)
