"""Who watches all jobs is told of each, from where it stands to its end, at their own pace."""

import asyncio
from collections import Counter, defaultdict
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from core.history.archive import ArchiveError, UnknownJob
from core.history.records import Job, State
from core.jobs.events import TERMINAL_EVENTS, Event, Processing, Queued, TextDelta, event_of
from core.jobs.following import Following
from tests.core.jobs.test_resuming import NOBODYS_LEASE_SECONDS, write_down
from tests.core.jobs.world import PAINTER, WRITER, World, job_of, kinds


async def next_of(watching: AsyncGenerator[Event]) -> Event:
    async with asyncio.timeout(20):
        return await anext(watching)


async def up_to_ends(watching: AsyncGenerator[Event], count: int) -> dict[str, list[Event]]:
    """Return what is told of each job, up to so many terminal events."""
    told = defaultdict(list)
    while count:
        event = await next_of(watching)
        told[event.job_id].append(event)
        count -= isinstance(event, TERMINAL_EVENTS)
    return told


async def soon(_: float) -> None:
    await asyncio.sleep(0.01)


def other_tasks() -> set[asyncio.Task[object]]:
    return {task for task in asyncio.all_tasks() if task is not asyncio.current_task()}


async def test_the_running_ones_are_told_and_then_those_that_come(world: World) -> None:
    world.go_on.clear()
    async with world.process() as app:
        running = await app.submit()
        await app.until(running, lambda event: isinstance(event, Processing))
        await app.ended(await app.submit("test/counter"))
        watching = app.jobs.watch_all("ann")
        first = await next_of(watching)
        await app.submit(owner="bob")
        coming = await app.submit(WRITER, prompt="one two three")
        world.go_on.set()
        told = await up_to_ends(watching, 2)
        later = await app.submit()
        told |= await up_to_ends(watching, 1)
        await watching.aclose()

    assert isinstance(first, Processing)
    assert first.progress == 0.25
    assert set(told) == {running, coming, later}
    assert all(job_of(events[-1]).state is State.SUCCEEDED for events in told.values())
    text = [event for event in told[coming] if isinstance(event, TextDelta)]
    assert "".join(event.text for event in text) == text[-1].total == "one two three"
    assert kinds(told[later])[-2:] == ["Downloading", "Succeeded"]


async def test_only_jobs_of_the_kinds_that_are_asked_for_are_told(world: World) -> None:
    world.go_on.clear()
    async with world.process() as app:
        await app.submit(kind="image")
        clip = await app.submit(kind="video")
        watching = app.jobs.watch_all("ann", kinds=("video", "chat"))
        first = await next_of(watching)
        await app.submit(kind="image")
        words = await app.submit(WRITER)
        world.go_on.set()
        told = await up_to_ends(watching, 2)
        await watching.aclose()

    assert first.job_id == clip
    assert set(told) == {clip, words}


async def test_those_in_the_queue_are_told_with_their_places_the_oldest_first(world: World) -> None:
    world.go_on.clear()
    async with world.process(max_running=1) as app:
        ids = []
        for _ in range(3):
            ids.append(await app.submit())
            world.pass_time(1)
        await app.until(ids[0], lambda event: isinstance(event, Processing))
        watching = app.jobs.watch_all("ann")
        first = {event.job_id: event for event in [await next_of(watching) for _ in ids]}
        await watching.aclose()

    assert list(first) == ids
    assert [first[job_id] for job_id in ids[1:]] == [
        Queued(ids[1], position=1),
        Queued(ids[2], position=2),
    ]


async def test_another_processs_jobs_are_told_those_that_come_later_too(world: World) -> None:
    world.go_on.clear()
    async with world.process() as elsewhere, world.process(sleep=soon) as here:
        running = await elsewhere.submit()
        watching = here.jobs.watch_all("ann")
        first = await next_of(watching)
        later = await elsewhere.submit()
        while (await next_of(watching)).job_id != later:
            pass
        world.go_on.set()
        told = await up_to_ends(watching, 2)
        await watching.aclose()

    assert first.job_id == running
    assert set(told) == {running, later}


async def test_a_job_that_is_taken_up_is_told_to_its_end(world: World) -> None:
    async with world.process() as app:
        job_id = await write_down(app)
        watching = app.jobs.watch_all("ann")
        first = await next_of(watching)
        world.pass_time(NOBODYS_LEASE_SECONDS + 1)
        await app.jobs.resume()
        told = await up_to_ends(watching, 1)
        await watching.aclose()

    assert first == Queued(job_id, position=1)
    assert isinstance(told[job_id][-1], TERMINAL_EVENTS)


async def test_a_slow_watcher_gets_the_newest_of_each_kind_and_every_end(world: World) -> None:
    world.go_on.clear()
    words = " ".join(str(n) for n in range(300))
    async with world.process() as app:
        running = await app.submit(WRITER, prompt=words)
        watching = app.jobs.watch_all("ann")
        await next_of(watching)
        ids = [running, await app.submit(WRITER, prompt=words), await app.submit(PAINTER)]
        world.go_on.set()
        for job_id in ids:
            await app.watched(job_id)
        told = await up_to_ends(watching, 3)
        await watching.aclose()

    for job_id in ids:
        most = Counter(type(event) for event in told[job_id]).most_common(1)
        assert most[0][1] == 1
        assert isinstance(told[job_id][-1], TERMINAL_EVENTS)
    [text] = [event for event in told[ids[1]] if isinstance(event, TextDelta)]
    assert text.text == text.total == words


async def test_leaving_early_costs_the_jobs_nothing(world: World) -> None:
    world.go_on.clear()
    async with world.process() as app:
        ids = [await app.submit() for _ in range(3)]
        watching = app.jobs.watch_all("ann")
        await next_of(watching)
        await watching.aclose()
        world.go_on.set()
        ended = [await app.ended(job_id) for job_id in ids]

    assert [job.state for job in ended] == [State.SUCCEEDED] * 3
    assert app.jobs._followings == set()


async def test_it_goes_on_when_all_have_ended_and_ends_when_the_app_closes(world: World) -> None:
    async with world.process() as app:
        watching = app.jobs.watch_all("ann")
        waiting = asyncio.ensure_future(anext(watching))
        await asyncio.sleep(0.1)
        is_waiting = not waiting.done()
        job_id = await app.submit()
        await waiting
        await up_to_ends(watching, 1)
        rest = asyncio.create_task(anything_else(watching))
        await asyncio.sleep(0.1)
        still_waiting = not rest.done()
        world.go_on.clear()
        last = await app.submit()
        await app.until(last, lambda event: isinstance(event, Processing))
    events = await rest

    assert (is_waiting, still_waiting) == (True, True)
    assert job_id not in {event.job_id for event in events}
    assert {event.job_id for event in events} == {last}
    assert not any(isinstance(event, TERMINAL_EVENTS) for event in events)
    assert [event async for event in app.jobs.watch_all("ann")] == []
    assert other_tasks() == set()


async def anything_else(watching: AsyncGenerator[Event]) -> list[Event]:
    return [event async for event in watching]


class Script:
    """Jobs that do what a test says."""

    def __init__(self) -> None:
        self.jobs: dict[str, Job] = {}
        self.on_find: Callable[[], Awaitable[None]] = nothing
        self.on_watch: Callable[[], Awaitable[None]] = nothing
        self.watched: list[str] = []
        self._ended: defaultdict[str, asyncio.Event] = defaultdict(asyncio.Event)

    def add(self, job_id: str, state: State = State.PROCESSING) -> Job:
        self.jobs[job_id] = Job(
            id=job_id,
            backend="b",
            owner="ann",
            kind="image",
            model=PAINTER,
            input={},
            created_at=datetime.now(UTC),
            state=state,
        )
        return self.jobs[job_id]

    def end(self, job_id: str) -> None:
        self.jobs[job_id] = replace(self.jobs[job_id], state=State.SUCCEEDED)
        self._ended[job_id].set()

    async def find(self) -> Sequence[Job]:
        found = [job for job in self.jobs.values() if not job.state.is_settled]
        await self.on_find()
        return found

    async def watch(self, job_id: str) -> AsyncGenerator[Event]:
        self.watched.append(job_id)
        await self.on_watch()
        yield event_of(self.jobs[job_id])
        if not self.jobs[job_id].state.is_settled:
            await self._ended[job_id].wait()
            yield event_of(self.jobs[job_id])

    def following(self, pause: Callable[[float], Awaitable[None]] = soon) -> Following:
        return Following(
            wants=lambda _: True,
            watch=self.watch,
            find=self.find,
            pause=pause,
            spawn=lambda work: asyncio.create_task(work),
        )


async def nothing() -> None:
    pass


def times(count: int, error: Exception) -> Callable[[], Awaitable[None]]:
    left = [error] * count

    async def fail() -> None:
        if left:
            raise left.pop()

    return fail


@pytest.mark.parametrize("is_cancelled", [False, True])
async def test_leaving_early_leaves_no_task_behind(is_cancelled: bool) -> None:
    script = Script()
    for job_id in "abc":
        script.add(job_id)
    watching = script.following().events()
    for _ in "abc":
        await next_of(watching)
    during = len(other_tasks())

    if is_cancelled:
        waiting = asyncio.create_task(next_of(watching))
        await asyncio.sleep(0)
        waiting.cancel()
        await asyncio.wait({waiting})
    else:
        await watching.aclose()

    assert during == 4
    assert other_tasks() == set()


async def test_a_job_that_ends_while_the_archive_is_read_is_told_once() -> None:
    script = Script()
    following = script.following()
    watching = following.events()
    looks = 0

    async def look() -> None:
        nonlocal looks
        looks += 1
        if looks == 2:  # this look has found the job already
            script.end("a")
            await asyncio.sleep(0.05)

    script.add("a")
    script.on_find = look
    told = await up_to_ends(watching, 1)
    await asyncio.sleep(0.1)
    following.close()
    rest = await anything_else(watching)

    assert looks > 2
    assert kinds(told["a"]) == ["Processing", "Succeeded"]
    assert (rest, script.watched) == ([], ["a"])


async def test_a_job_that_begins_while_the_archive_is_read_is_watched_once() -> None:
    script = Script()
    following = script.following()
    watching = following.events()

    async def begin() -> None:
        following.note(script.jobs["a"])

    script.add("a")
    script.on_find = begin
    await next_of(watching)
    await asyncio.sleep(0.05)
    await watching.aclose()

    assert script.watched == ["a"]


async def test_jobs_are_looked_for_every_three_seconds() -> None:
    script = Script()
    waits: list[float] = []

    async def pause(seconds: float) -> None:
        waits.append(seconds)
        await (asyncio.Event().wait() if len(waits) > 2 else asyncio.sleep(0))

    script.add("a")
    watching = script.following(pause).events()
    await next_of(watching)
    await asyncio.sleep(0.01)
    await watching.aclose()

    assert waits == [3, 3, 3]


async def test_a_locked_database_holds_the_news_up_and_loses_none() -> None:
    script = Script()
    script.add("a")
    script.on_find = times(3, ArchiveError("The database is locked."))
    script.on_watch = times(3, ArchiveError("The database is locked."))
    watching = script.following().events()

    first = await next_of(watching)
    script.end("a")
    told = await up_to_ends(watching, 1)
    await watching.aclose()

    assert isinstance(first, Processing)
    assert kinds(told["a"]) == ["Succeeded"]


async def test_a_job_that_ends_while_the_database_is_locked_is_told_of() -> None:
    script = Script()
    script.add("a")

    async def end() -> None:
        if script.watched == ["a"]:
            script.end("a")
            raise ArchiveError("The database is locked.")

    script.on_watch = end
    watching = script.following().events()
    told = await up_to_ends(watching, 1)
    await watching.aclose()

    assert kinds(told["a"]) == ["Succeeded"]


async def test_a_job_that_is_deleted_leaves_the_others_watched() -> None:
    script = Script()
    script.add("a")
    script.on_watch = times(1, UnknownJob("a"))
    following = script.following()
    watching = following.events()
    following.note(script.jobs.pop("a"))
    script.add("b", State.SUCCEEDED)
    following.note(script.jobs["b"])

    told = await up_to_ends(watching, 1)
    await watching.aclose()

    assert kinds(told["b"]) == ["Succeeded"]
    assert "a" not in told


@pytest.mark.parametrize("where", ["on_find", "on_watch"])
async def test_a_mistake_of_our_own_is_not_waited_out(where: str) -> None:
    script = Script()
    script.add("a")
    setattr(script, where, times(1, ZeroDivisionError("oops")))

    with pytest.raises(ZeroDivisionError):
        async with asyncio.timeout(5):
            await anext(script.following().events())
