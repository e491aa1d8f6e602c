"""Rate limits are one for all requests: who would exceed them waits in line and is told so."""

import asyncio
import math
from collections.abc import Callable
from typing import Any

import pytest

from core.client.pace import Sent
from core.client.ratelimits import CREATES_A_MINUTE, OTHERS_A_MINUTE, RateLimit, RateLimits
from core.errors import RateLimited
from tests import virtualtime
from tests.core.parts import FakeTime

REASON = "Replicate's rate limit is used up."


@pytest.fixture
def time() -> FakeTime:
    return FakeTime()


@pytest.fixture
def creates(time: FakeTime) -> RateLimit:
    limit = RateLimits(clock=time.value).of("create")
    assert limit is not None
    return limit


async def go(limit: RateLimit, **options: Any) -> Sent:
    sent = await limit.turn(**options)
    assert sent is not None
    return sent


async def take(limit: RateLimit, count: int, **headers: str) -> list[tuple[str, float]]:
    """Take turns, each answered before the next one, and return the waits that were told."""
    told: list[tuple[str, float]] = []
    for _ in range(count):
        sent = await go(limit, on_wait=lambda *wait: told.append(wait))
        limit.note_answer(sent, {name.replace("_", "-"): value for name, value in headers.items()})
    return told


# What is documented


@pytest.mark.parametrize(
    ("kind", "a_minute"), [("create", CREATES_A_MINUTE), ("other", OTHERS_A_MINUTE)]
)
async def test_the_documented_limit_holds_though_no_answer_tells_it(
    time: FakeTime, kind: Any, a_minute: int
) -> None:
    limit = RateLimits(clock=time.value).of(kind)
    assert limit is not None

    assert await take(limit, a_minute) == []

    assert await take(limit, 1) == [(REASON, pytest.approx(60 / a_minute))]
    time.now += 30
    assert await take(limit, a_minute // 2) == []
    assert len(await take(limit, 1)) == 1


async def test_each_kind_has_its_own_limit_and_cancels_have_none(time: FakeTime) -> None:
    limits = RateLimits(clock=time.value)
    creates = limits.of("create")
    assert creates is not None
    creates.note_refusal(await go(creates), 60)

    other = limits.of("other")
    assert other is not None
    assert await take(other, 100) == []
    assert limits.of("cancel") is None


# What answers tell


async def test_what_an_answer_tells_of_the_limit_counts(creates: RateLimit) -> None:
    await take(creates, 1, ratelimit_remaining="2", ratelimit_reset="7")

    assert [await creates.turn() is not None for _ in range(2)] == [True, True]
    assert [seconds for _, seconds in await take(creates, 1)] == [7.0]


async def test_those_on_their_way_count_before_their_answers(creates: RateLimit) -> None:
    await take(creates, 10)
    sent = [await go(creates) for _ in range(3)]

    for one, remaining in zip(sent, ("2", "1", "0"), strict=True):
        creates.note_answer(one, {"ratelimit-remaining": remaining, "ratelimit-reset": "7"})
    overtaken = {"ratelimit-remaining": "2", "ratelimit-reset": "7"}
    creates.note_answer(sent[0], overtaken)

    assert [seconds for _, seconds in await take(creates, 1)] == [7.0]


def test_after_a_reset_no_more_go_than_there_ever_were() -> None:
    """The documented 600 may be one, in ten seconds: whoever waits would all be refused but one."""
    went: list[float] = []

    async def one(limit: RateLimit) -> None:
        sent = await go(limit)
        went.append(virtualtime.now())
        await asyncio.sleep(0.1)
        limit.note_answer(sent, {"ratelimit-remaining": "0", "ratelimit-reset": "10"})

    async def main() -> None:
        limit = RateLimit(600, clock=virtualtime.CLOCK)
        await one(limit)
        await asyncio.gather(*(one(limit) for _ in range(5)))

    virtualtime.run(main())

    assert went == pytest.approx([0, 10.1, 20.2, 30.3, 40.4, 50.5])


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"ratelimit_remaining": "0"},
        {"ratelimit_remaining": "x", "ratelimit_reset": "-1"},
        {"ratelimit_remaining": "9" * 20, "ratelimit_reset": "9" * 20},
    ],
)
async def test_headers_that_say_nothing_change_nothing(
    creates: RateLimit, headers: dict[str, str]
) -> None:
    assert await take(creates, 50, **headers) == []


# What refusals teach


@pytest.mark.parametrize(("asked", "waited"), [(5.0, 5.0), (0.0, 0.1), (None, 0.25)])
async def test_a_refusal_holds_everybody_up(
    creates: RateLimit, asked: float | None, waited: float
) -> None:
    creates.note_refusal(await go(creates), asked)

    assert await take(creates, 1) == [(REASON, pytest.approx(waited))]


async def test_one_that_asks_for_hours_holds_nobody_up(creates: RateLimit) -> None:
    """Nobody waits for so long: each is sent, and told for itself."""
    creates.note_refusal(await go(creates), 3_600)

    assert await take(creates, 1) == []


async def test_of_many_that_are_refused_together_the_limit_is_learned_once(
    creates: RateLimit, time: FakeTime
) -> None:
    await take(creates, 40)
    time.now += 1
    sent = [await go(creates) for _ in range(10)]
    creates.note_answer(sent[0], {})
    for one in sent[1:]:
        creates.note_refusal(one, 5.0)

    waits = [seconds for _, seconds in await take(creates, 4)]

    assert waits[0] == pytest.approx(5.0)
    assert waits == sorted(waits, reverse=True), "each that is let through brings it nearer"


async def test_a_server_that_refuses_for_ever_is_asked_ever_less_often(
    creates: RateLimit, time: FakeTime
) -> None:
    waits: list[float] = []
    for _ in range(1_100):
        before = time.now
        creates.note_refusal(await go(creates), None)
        waits.append(time.now - before)

    assert waits == sorted(waits)
    assert waits[-1] == 120


async def test_what_was_learned_is_forgotten_after_a_pause(
    creates: RateLimit, time: FakeTime
) -> None:
    """Who has bought credit meanwhile has a higher limit."""
    await take(creates, 1)
    for _ in range(3):
        creates.note_refusal(await go(creates), 10)
    time.now += 121

    assert await take(creates, 100) == []


# The line


def in_virtual_time(test: Callable[[RateLimit], Any]) -> Callable[[], None]:
    """Run a test of a limit that has just refused a create for ten seconds."""

    async def main() -> None:
        limit = RateLimits(clock=virtualtime.CLOCK).of("create")
        assert limit is not None
        limit.note_answer(await go(limit), {})
        limit.note_refusal(await go(limit), 10)
        await test(limit)

    def run() -> None:
        virtualtime.run(main())

    run.__name__, run.__doc__ = test.__name__, test.__doc__
    return run


@in_virtual_time
async def test_they_go_in_the_order_of_asking(limit: RateLimit) -> None:
    went: list[int] = []

    async def one(number: int) -> None:
        limit.note_answer(await go(limit), {})
        went.append(number)

    await asyncio.gather(*(one(number) for number in range(20)))

    assert went == list(range(20))


@in_virtual_time
async def test_one_that_was_refused_and_comes_again_has_not_lost_its_place(
    limit: RateLimit,
) -> None:
    ticket = limit.ticket()
    later = [asyncio.create_task(go(limit)) for _ in range(3)]
    await asyncio.sleep(1)

    sent = await go(limit, ticket=ticket)

    assert sent.number == 3
    assert not any(one.done() for one in later)
    await asyncio.gather(*later)


@in_virtual_time
async def test_who_comes_later_waits_although_it_would_be_open(limit: RateLimit) -> None:
    went: list[str] = []

    async def one(name: str, after: float) -> None:
        await asyncio.sleep(after)
        limit.note_answer(await go(limit), {})
        went.append(name)

    await asyncio.gather(one("first", 0), one("second", 0), one("third", 10))

    assert went == ["first", "second", "third"]


@in_virtual_time
async def test_nobody_waits_longer_than_it_is_patient_not_behind_others_either(
    limit: RateLimit,
) -> None:
    patient = [asyncio.create_task(go(limit)) for _ in range(3)]
    await asyncio.sleep(1)
    began = virtualtime.now()

    with pytest.raises(RateLimited) as hopeless:
        await go(limit, until=began + 5)
    at_once = virtualtime.now() - began
    with pytest.raises(RateLimited):
        await go(limit, until=began + 15)

    assert (at_once, hopeless.value.retry_after_seconds) == (0, pytest.approx(9))
    assert virtualtime.now() - began <= 15
    await asyncio.gather(*patient)


@in_virtual_time
async def test_a_further_refusal_sends_away_who_cannot_wait_for_that(limit: RateLimit) -> None:
    first = asyncio.create_task(go(limit))
    waiting = asyncio.create_task(go(limit, until=virtualtime.now() + 30))
    limit.note_refusal(await first, 100)
    refused_at = virtualtime.now()

    with pytest.raises(RateLimited):
        await waiting

    assert virtualtime.now() == refused_at


@pytest.mark.parametrize("ahead", [0, 3])
def test_a_wait_in_line_that_is_stopped_ends_at_once_and_sends_nothing(ahead: int) -> None:
    @in_virtual_time
    async def stopping(limit: RateLimit) -> None:
        others = [asyncio.create_task(go(limit)) for _ in range(ahead)]
        await asyncio.sleep(0)
        stop = asyncio.Event()
        waiting = asyncio.create_task(limit.turn(stop=stop))
        behind = asyncio.create_task(limit.turn())
        await asyncio.sleep(2)
        before = virtualtime.now()

        stop.set()
        result = await waiting

        assert (result, virtualtime.now()) == (None, before)
        sent = [await one for one in [*others, behind]]
        assert [one.number for one in sent] == list(range(3, 3 + ahead + 1))

    stopping()


@in_virtual_time
async def test_what_is_stopped_beforehand_takes_nobodys_turn(limit: RateLimit) -> None:
    stop = asyncio.Event()
    stop.set()

    assert await limit.turn(stop=stop) is None

    assert (await go(limit)).number == 3


@in_virtual_time
async def test_a_task_that_is_cancelled_in_line_lets_the_next_one_through(
    limit: RateLimit,
) -> None:
    first, second = (asyncio.create_task(go(limit)) for _ in range(2))
    await asyncio.sleep(1)

    first.cancel()

    with pytest.raises(asyncio.CancelledError):
        await first
    assert (await second).number == 3
    assert virtualtime.now() == pytest.approx(10)


async def test_a_clock_that_raises_ends_the_wait() -> None:
    class Stopped(Exception):
        pass

    async def stop(seconds: float) -> None:
        raise Stopped

    limit = RateLimit(600, clock=virtualtime.Clock(sleep=stop))
    limit.note_refusal(await go(limit), 10)

    with pytest.raises(Stopped):
        await limit.turn()


# What is told of the wait


@in_virtual_time
async def test_who_waits_is_told_for_how_long_by_its_place_in_line(limit: RateLimit) -> None:
    told: list[float] = []
    waiting = [
        asyncio.create_task(go(limit, on_wait=lambda _, seconds: told.append(seconds)))
        for _ in range(4)
    ]
    await asyncio.sleep(0)

    assert told == pytest.approx([10, 20, 30, 40])
    for one in waiting:
        one.cancel()


@in_virtual_time
async def test_who_waits_is_told_again_when_it_takes_longer(limit: RateLimit) -> None:
    told: list[float] = []
    first = asyncio.create_task(go(limit))
    second = asyncio.create_task(go(limit, on_wait=lambda _, seconds: told.append(seconds)))

    limit.note_refusal(await first, 60)
    await asyncio.sleep(0)
    await second

    assert told[:2] == [pytest.approx(20), pytest.approx(60)]
    assert virtualtime.now() == pytest.approx(70)


def test_where_there_is_no_wait_nothing_is_told() -> None:
    async def main() -> list[Any]:
        limit = RateLimit(600, clock=virtualtime.CLOCK)
        told: list[Any] = []
        await limit.turn(until=-math.inf, on_wait=lambda *wait: told.append(wait))
        return told

    assert virtualtime.run(main()) == []
