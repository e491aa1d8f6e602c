"""What is under way, as who only asks now and then is told."""

from typing import cast

from core.history.archive import Archive
from core.history.records import Job, State
from core.jobs.events import Processing, Queued, TextDelta, Waiting
from core.jobs.ledger import Ledger
from tests.core.jobs.world import BACKEND, WRITER, World
from tests.core.parts import FakeTime


async def test_each_comes_with_what_happened_to_it_last_the_newest_first(world: World) -> None:
    """What was told, and not only what is recorded: a place in the queue, progress, words."""
    world.go_on.clear()
    async with world.process(max_running=2) as app:
        painting = await app.submit()
        world.pass_time(1)
        writing = await app.submit(WRITER, prompt="one two three four")
        await app.until(painting, lambda e: isinstance(e, Processing) and e.progress == 0.25)
        await app.until(writing, lambda e: isinstance(e, TextDelta) and e.total == "one two")
        world.pass_time(1)
        first = await app.submit(prompt="a cat")
        world.pass_time(1)
        second = await app.submit(prompt="a dog")
        await app.until(second, lambda e: isinstance(e, Queued) and e.position == 2)
        found = await app.jobs.under_way("ann")
        world.go_on.set()
        for job_id in (painting, writing, first, second):
            await app.watched(job_id)
        left = await app.jobs.under_way("ann")

    assert [job.id for job, _ in found] == [second, first, writing, painting]
    told = {job.id: event for job, event in found}
    assert told[second] == Queued(second, position=2)
    assert told[first] == Queued(first, position=1)
    assert isinstance(told[writing], TextDelta)
    assert told[writing].total == "one two"
    assert isinstance(told[painting], Processing)
    assert told[painting].progress == 0.25
    assert left == []


async def test_of_another_processs_jobs_the_recorded_step_is_told(world: World) -> None:
    world.go_on.clear()
    async with world.process() as app, world.process() as other:
        job_id = await app.submit()
        await app.until(job_id, lambda e: isinstance(e, Processing) and e.progress == 0.25)
        [(job, event)] = await other.jobs.under_way("ann")
        world.go_on.set()
        await app.watched(job_id)

    assert (job.id, job.backend, job.state) == (job_id, BACKEND, State.PROCESSING)
    assert event == Processing(job_id, progress=None, logs=job.logs)


async def test_only_the_kind_that_is_asked_for_is_told(world: World) -> None:
    world.go_on.clear()
    async with world.process() as app:
        picture = await app.submit(kind="image")
        world.pass_time(1)
        clip = await app.submit(kind="video")
        world.pass_time(1)
        words = await app.submit(WRITER)
        found = {
            kind: [job.id for job, _ in await app.jobs.under_way("ann", kind=kind)]
            for kind in ("image", "video", "chat", "audio", None)
        }

    assert found == {
        "image": [picture],
        "video": [clip],
        "chat": [words],
        "audio": [],
        None: [words, clip, picture],
    }


async def test_other_owners_jobs_are_not_told(world: World) -> None:
    world.go_on.clear()
    async with world.process() as app:
        mine = await app.submit(owner="ann")
        theirs = await app.submit(owner="bob")
        found = [
            [job.id for job, _ in await app.jobs.under_way(owner)]
            for owner in ("ann", "bob", "eve")
        ]

    assert found == [[mine], [theirs], []]


def test_a_wait_is_told_with_what_is_left_of_it(world: World) -> None:
    """A page that asks each second counts it down."""
    job = Job(
        id="j",
        backend=BACKEND,
        owner="ann",
        kind="image",
        model="a/b",
        input={},
        created_at=world.now,
    )
    time = FakeTime()
    nowhere = cast(Archive, None)
    ledger = Ledger(
        job, nowhere, holder="x", sleep=time.sleep, clock=time.clock, now=lambda: world.now
    )

    ledger.tell_wait("Busy.", 30)
    at_once = ledger.latest
    time.now += 12.5
    later = ledger.latest
    time.now += 60
    too_late = ledger.latest

    assert [at_once, later, too_late] == [Waiting("j", "Busy.", left) for left in (30, 17.5, 0)]
