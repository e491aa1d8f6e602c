"""Every watcher is told what counts, at its own pace, and none is ever waited for."""

import asyncio
from collections.abc import AsyncGenerator
from datetime import UTC, datetime

from core.history.records import Job
from core.jobs.broadcast import Broadcast, Watcher
from core.jobs.events import Canceled, Event, Processing, Queued, Starting, TextDelta, Waiting

JOB = "job1"


def a_job() -> Job:
    return Job(
        id=JOB,
        backend="b",
        owner="ann",
        kind="chat",
        model="test/writer",
        input={},
        created_at=datetime.now(UTC),
    )


def text(total: str) -> TextDelta:
    return TextDelta(JOB, text="", total=total)


async def rest(watching: AsyncGenerator[Event]) -> list[Event]:
    return [event async for event in watching]


async def test_who_comes_late_is_told_the_text_so_far_and_where_the_job_stands() -> None:
    broadcast = Broadcast(Queued(JOB, 1))
    broadcast.tell(text("one"))
    broadcast.tell(text("one two"))
    broadcast.tell(Waiting(JOB, "The line is dead.", 1))

    broadcast.close()

    assert await rest(broadcast.watch()) == [
        TextDelta(JOB, text="one two", total="one two"),
        Waiting(JOB, "The line is dead.", 1),
    ]


async def test_who_comes_late_is_told_the_progress_and_the_logs_whatever_came_after() -> None:
    broadcast = Broadcast(Starting(JOB))
    for n in range(3):
        broadcast.tell(Processing(JOB, n / 4, f"step {n}"))
    broadcast.tell(text("one two"))
    broadcast.tell(Waiting(JOB, "The line is dead.", 1))

    broadcast.close()

    assert await rest(broadcast.watch()) == [
        Processing(JOB, 0.5, "step 2"),
        TextDelta(JOB, text="one two", total="one two"),
        Waiting(JOB, "The line is dead.", 1),
    ]


async def test_a_slow_watcher_gets_one_piece_with_all_since_its_last() -> None:
    broadcast = Broadcast(Starting(JOB))
    slow = broadcast.watch()
    first = await anext(slow)
    totals = ["".join(str(n % 10) for n in range(length)) for length in range(1, 1000)]

    broadcast.tell(text(totals[0]))
    second = await anext(slow)
    for total in totals[1:]:
        broadcast.tell(text(total))
    broadcast.close()

    assert (first, second) == (Starting(JOB), TextDelta(JOB, text="0", total="0"))
    assert await rest(slow) == [TextDelta(JOB, text=totals[-1][1:], total=totals[-1])]


async def test_a_slow_watcher_holds_one_event_of_a_kind_in_the_order_of_the_newest() -> None:
    broadcast = Broadcast(Starting(JOB))
    slow = broadcast.watch()
    await anext(slow)
    for n in range(100):
        broadcast.tell(Processing(JOB, n / 100, ""))
        broadcast.tell(text("x" * n))
    broadcast.tell(Waiting(JOB, "busy", 1))
    broadcast.tell(Processing(JOB, 1.0, ""))
    broadcast.close()

    events = await rest(slow)

    assert [type(event) for event in events] == [TextDelta, Waiting, Processing]
    assert events[-1] == Processing(JOB, 1.0, "")


async def test_a_replaced_text_comes_as_a_total_that_does_not_go_on() -> None:
    broadcast = Broadcast(Starting(JOB))
    watching = broadcast.watch()
    broadcast.tell(text("one tow"))
    before = await anext(watching)

    broadcast.tell(text("one two three"))
    broadcast.close()

    assert before == TextDelta(JOB, text="one tow", total="one tow")
    assert await rest(watching) == [TextDelta(JOB, text="", total="one two three")]


async def test_the_same_news_twice_is_told_once() -> None:
    broadcast = Broadcast(Queued(JOB, 1))
    watching = broadcast.watch()
    first = await anext(watching)
    broadcast.tell(Starting(JOB))
    second = await anext(watching)

    broadcast.tell(Starting(JOB))
    broadcast.close()

    assert [first, second, *await rest(watching)] == [Queued(JOB, 1), Starting(JOB)]


async def test_a_watcher_that_leaves_is_forgotten() -> None:
    broadcast = Broadcast(Starting(JOB))
    watching = broadcast.watch()
    await anext(watching)
    waiting = asyncio.ensure_future(anext(watching))
    await asyncio.sleep(0)

    waiting.cancel()
    await asyncio.wait({waiting})

    assert broadcast._watchers == set()


def test_one_who_watches_several_jobs_is_told_of_each_by_itself() -> None:
    watcher = Watcher()
    told = []
    for total in ("one", "one two"):
        watcher.note(TextDelta("a", text="", total=total))
        watcher.note(TextDelta("b", text="", total=total.upper()))
        watcher.note(Starting("b"))
        told += [watcher.next(), watcher.next(), watcher.next()]

    assert told[:3] == [TextDelta("a", "one", "one"), TextDelta("b", "ONE", "ONE"), Starting("b")]
    assert told[3:5] == [TextDelta("a", " two", "one two"), TextDelta("b", " TWO", "ONE TWO")]
    assert watcher.next() is None


def test_of_a_job_that_has_ended_nothing_stays_behind() -> None:
    watcher = Watcher()
    watcher.note(text("one"))
    watcher.note(Canceled(JOB, a_job()))

    while watcher.next() is not None:
        pass

    assert (watcher._given, watcher._waiting) == ({}, {})
